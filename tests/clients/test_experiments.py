import mlflow
import pytest
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException, RestException


def names(experiments):
    return [e.name for e in experiments]


def test_the_default_experiment_exists(client):
    assert client.get_experiment("0").name == "Default"
    assert client.get_experiment_by_name("Default").experiment_id == "0"


def test_an_experiment_is_created_and_read(client, name):
    created = client.create_experiment(name, tags={"team": "a", "empty": ""})
    experiment = client.get_experiment(created)
    assert experiment.name == name
    assert experiment.experiment_id == created and int(created) > 0
    assert experiment.lifecycle_stage == "active"
    assert experiment.artifact_location == f"mlflow-artifacts:/{created}"
    assert experiment.tags == {"team": "a", "empty": ""}
    assert experiment.creation_time == experiment.last_update_time > 1_600_000_000_000
    assert client.get_experiment_by_name(name).experiment_id == created


def test_set_experiment_creates_once_and_finds_afterwards(name):
    assert mlflow.set_experiment(name).experiment_id == mlflow.set_experiment(name).experiment_id


def test_an_artifact_location_is_kept(client, name, tmp_path):
    created = client.create_experiment(name, artifact_location=f"file://{tmp_path}/files")
    assert client.get_experiment(created).artifact_location == f"file://{tmp_path}/files"
    run = client.create_run(created)
    assert run.info.artifact_uri == f"file://{tmp_path}/files/{run.info.run_id}/artifacts"


def test_an_unknown_name_is_none(client, name):
    assert client.get_experiment_by_name(name) is None


def test_a_name_is_taken_once(client, name):
    created = client.create_experiment(name)
    with pytest.raises(RestException, match="already exists") as raised:
        client.create_experiment(name)
    assert raised.value.error_code == "RESOURCE_ALREADY_EXISTS"
    client.delete_experiment(created)
    with pytest.raises(RestException, match="already exists"):
        client.create_experiment(name)


@pytest.mark.parametrize("odd", ["ünïcode 名前 🚀", "with 'quotes' and \"more\"", "a/b:c%20d", "  blanks  "])
def test_odd_names_round_trip(client, name, odd):
    created = client.create_experiment(odd + name)
    assert client.get_experiment(created).name == odd + name
    assert client.get_experiment_by_name(odd + name).experiment_id == created


def test_rename_moves_the_update_time(client, experiment, name):
    before = client.get_experiment(experiment)
    client.rename_experiment(experiment, name + "-new")
    after = client.get_experiment(experiment)
    assert after.name == name + "-new"
    assert after.last_update_time >= before.last_update_time
    assert client.get_experiment_by_name(name) is None


def test_delete_takes_the_runs_along_and_restore_brings_them_back(client, experiment, run):
    client.delete_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "deleted"
    assert client.get_run(run).info.lifecycle_stage == "deleted"
    with pytest.raises(MlflowException):
        client.create_run(experiment)
    client.restore_experiment(experiment)
    assert client.get_experiment(experiment).lifecycle_stage == "active"
    assert client.get_run(run).info.lifecycle_stage == "active"


def test_tags_are_set_and_replaced(client, experiment):
    client.set_experiment_tag(experiment, "a", "1")
    client.set_experiment_tag(experiment, "a", "2")
    client.set_experiment_tag(experiment, "mlflow.note.content", "# note\nüber")
    assert client.get_experiment(experiment).tags == {"a": "2", "mlflow.note.content": "# note\nüber"}


def test_search_filters_orders_and_views(client, name):
    ids = {}
    for i, letter in enumerate("abc"):
        ids[letter] = client.create_experiment(f"{name}-{letter}", tags={"order": str(i), "suite": name})
    client.delete_experiment(ids["c"])

    def search(text, view=ViewType.ACTIVE_ONLY, order=("name ASC",)):
        return names(client.search_experiments(view, filter_string=text, order_by=list(order)))

    mine = f"tags.suite = '{name}'"
    assert search(mine) == [f"{name}-a", f"{name}-b"]
    assert search(mine, ViewType.DELETED_ONLY) == [f"{name}-c"]
    assert search(mine, ViewType.ALL, ("name DESC",)) == [f"{name}-c", f"{name}-b", f"{name}-a"]
    assert search(f"{mine} AND tags.order = '1'") == [f"{name}-b"]
    assert search(f"{mine} and tags.order != '1'") == [f"{name}-a"]
    assert search(f"{mine} AND name LIKE '%-a'") == [f"{name}-a"]
    assert search(f"{mine} AND name ILIKE '%-A'") == [f"{name}-a"]
    assert search(f"attribute.name = '{name}-a'") == [f"{name}-a"]
    assert search(f"{mine} AND creation_time > 0 AND last_update_time < 9999999999999") == [f"{name}-a", f"{name}-b"]
    assert search(f"{mine} AND tags.none = 'x'") == []
    assert search(f"{mine} AND tags.order != 'x' AND tags.none != 'x'") == []


def test_search_pages_through_all_and_sorts_the_newest_first(client, name):
    made = [client.create_experiment(f"{name}-{i}", tags={"suite": name}) for i in range(7)]
    seen, token = [], None
    while True:
        page = client.search_experiments(filter_string=f"tags.suite = '{name}'", max_results=3, page_token=token)
        seen += [e.experiment_id for e in page]
        token = page.token
        if not token:
            break
        assert len(page) == 3
    assert sorted(seen) == sorted(made)
    times = [client.get_experiment(e).creation_time for e in seen]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("text", [
    "name > 'a'", "tags.a > 'b'", "foo.bar = 'x'", "name = 5", "name =", "name = 'a' or name = 'b'", "lifecycle_stage = 'active'",
])
def test_bad_filters_are_the_callers_mistake(client, text):
    with pytest.raises(RestException) as raised:
        client.search_experiments(filter_string=text)
    assert raised.value.error_code == "INVALID_PARAMETER_VALUE"


def test_unknown_experiments_are_404(client, rest):
    for call in (client.get_experiment, client.delete_experiment, client.restore_experiment):
        with pytest.raises(RestException) as raised:
            call("987654321987")
        assert raised.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert rest.get("experiments/get", experiment_id="987654321987").status_code == 404


@pytest.mark.newer
def test_bad_input_is_400_and_names_the_field(rest, name):
    for body in ({}, {"name": ""}, {"name": None}, {"name": 123}, {"name": "x" * 501 + name}):
        answer = rest.post("experiments/create", **body)
        assert answer.status_code == 400, body
        assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
        assert "name" in answer.json()["message"]
    answer = rest.get("experiments/get", experiment_id="abc")
    assert answer.status_code == 400 and "abc" in answer.json()["message"]
    assert rest.get("experiments/get").status_code == 400
    assert rest.post("experiments/search", max_results=50001).status_code == 400
    assert rest.post("experiments/search", max_results=10, page_token="%%%").status_code == 400
