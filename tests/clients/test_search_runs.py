import mlflow
import pytest
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException


@pytest.fixture
def runs(client, experiment):
    """Four runs: 'a' and 'b' with everything, 'c' without metrics and params, 'd' deleted."""
    made = {}
    for i, letter in enumerate("abcd"):
        run = client.create_run(experiment, run_name=f"run-{letter}", start_time=1_000 + i, tags={"letter": letter.upper()})
        made[letter] = run.info.run_id
    for letter, acc, loss, model in (("a", 0.9, 0.1, "Forest"), ("b", 0.5, 0.7, "forest-2")):
        client.log_metric(made[letter], "acc", acc)
        client.log_metric(made[letter], "m/x y", loss)
        client.log_param(made[letter], "model", model)
        client.set_tag(made[letter], "team", "core")
    client.log_metric(made["b"], "only b", 1)
    client.set_terminated(made["a"])
    client.set_terminated(made["b"], "FAILED")
    client.delete_run(made["d"])
    return made


@pytest.fixture
def search(client, experiment, runs):
    letters = {run_id: letter for letter, run_id in runs.items()}

    def found(text="", order=("attributes.start_time ASC",), view=ViewType.ACTIVE_ONLY):
        return "".join(letters[r.info.run_id] for r in client.search_runs([experiment], text, view, order_by=list(order)))

    return found


@pytest.mark.parametrize("text, expected", [
    ("", "abc"),
    ("metrics.acc > 0.5", "a"), ("metrics.acc >= 0.5", "ab"), ("metrics.acc = 0.9", "a"), ("metrics.acc != 0.9", "b"),
    ("metric.acc < 9e-1", "b"), ("metrics.acc > -1", "ab"), ("metrics.none != 1", ""),
    ("metrics.`m/x y` < 0.5", "a"), ('metrics."m/x y" > 0.5', "b"),
    ("params.model = 'Forest'", "a"), ("params.model != 'Forest'", "b"), ("params.model LIKE '%orest%'", "ab"),
    ("param.model LIKE 'forest%'", "b"), ("parameters.model ILIKE 'FOREST%'", "ab"), ("params.model ilike 'forest'", "a"),
    *(pytest.param(*case, marks=pytest.mark.newer) for case in (
        ("params.model IS NULL", "c"), ("params.model IS NOT NULL", "ab"), ("tags.team is null", "c"))),
    ("tags.letter = 'A'", "a"), ("tags.letter = 'a'", ""), ("tag.letter != 'A'", "bc"),
    ("tags.team = 'core' and tags.letter = 'B'", "b"), ("tags.team = 'core' AND tags.letter LIKE '_'", "ab"),
    ("tags.`letter` = \"C\"", "c"), ("tags.none != 'x'", ""),
    ("attributes.status = 'FINISHED'", "a"), ("status = 'FAILED'", "b"), ("attr.status != 'RUNNING'", "ab"), ("status = 'finished'", ""),
    ("run_name = 'run-c'", "c"), ("attributes.run_name LIKE 'run-%'", "abc"), ("attributes.`run name` = 'run-a'", "a"),
    ("start_time > 1000", "bc"), ("attributes.created <= 1001", "ab"), ("end_time > 0", "ab"),
    ("metrics.acc > 0.4 and params.model LIKE '%2' and status = 'FAILED'", "b"),
    ("metrics.acc>0.4 and\n\tmetrics.acc<0.6", "b"),
])
def test_filters(search, text, expected):
    assert search(text) == expected


def test_run_ids_in_a_list(search, runs):
    assert search(f"run_id IN ('{runs['a']}', '{runs['c']}')") == "ac"
    assert search(f"attributes.run_id NOT IN ('{runs['a']}')") == "bc"
    assert search(f"run_id = '{runs['b']}'") == "b"


def test_views(search):
    assert search(view=ViewType.DELETED_ONLY) == "d"
    assert search(view=ViewType.ALL) == "abcd"
    assert search("tags.letter = 'D'") == ""


@pytest.mark.parametrize("order, expected", [
    ((), "cba"), (("attributes.start_time DESC",), "cba"), (("start_time",), "abc"),
    (("metrics.acc ASC",), "bac"), (("metrics.acc DESC",), "abc"), (("metrics.`m/x y` desc",), "bac"),
    (("params.model ASC",), "abc"), (("params.model DESC",), "bac"), (("tags.letter DESC",), "cba"),
    (("tags.team ASC", "metrics.acc ASC"), "bac"), (("attributes.run_name ASC",), "abc"), (("status ASC",), "bac"),
])
def test_orders_put_missing_values_last(search, order, expected):
    assert search(order=order) == expected


def test_equal_keys_fall_back_to_the_run_id(client, experiment):
    made = sorted(client.create_run(experiment, start_time=5).info.run_id for _ in range(6))
    assert [r.info.run_id for r in client.search_runs([experiment])] == made


@pytest.mark.parametrize("order", [[], ["metrics.acc DESC"], ["params.p ASC"], ["tags.t DESC", "metrics.acc"]])
def test_pages_hold_every_run_once(client, experiment, order):
    made = []
    for i in range(11):
        run = client.create_run(experiment, start_time=100 + i % 3).info.run_id
        made.append(run)
        if i % 2:
            client.log_metric(run, "acc", i % 4)
            client.log_param(run, "p", str(i % 4))
        if i % 3:
            client.set_tag(run, "t", str(i % 2))
    whole = [r.info.run_id for r in client.search_runs([experiment], order_by=order)]
    seen, token = [], None
    while True:
        page = client.search_runs([experiment], order_by=order, max_results=4, page_token=token)
        seen += [r.info.run_id for r in page]
        token = page.token
        if not token:
            break
    assert seen == whole and sorted(seen) == sorted(made)


@pytest.mark.newer
def test_a_page_that_is_the_last_has_no_token(client, experiment):
    for _ in range(3):
        client.create_run(experiment)
    assert not client.search_runs([experiment], max_results=3).token
    assert client.search_runs([experiment], max_results=2).token


def test_several_experiments_at_once(client, name):
    first, second = client.create_experiment(name + "1"), client.create_experiment(name + "2")
    made = {client.create_run(e).info.run_id for e in (first, second)}
    assert {r.info.run_id for r in client.search_runs([first, second])} == made
    assert client.search_runs([]) == []


def test_the_data_frame_has_a_column_for_everything(experiment, runs):
    frame = mlflow.search_runs([experiment], order_by=["metrics.acc DESC"])
    assert list(frame["run_id"]) == [runs["a"], runs["b"], runs["c"]]
    assert list(frame["metrics.acc"][:2]) == [0.9, 0.5] and frame["metrics.acc"].isna()[2]
    assert frame["params.model"][0] == "Forest" and frame["tags.letter"][2] == "C"


@pytest.mark.parametrize("text", [
    "metrics.acc > 'x'", "metrics.acc LIKE 'x'", "params.a > 'x'", "params.a = 5", "tags.a = x", "foo.bar = 1", "unknown_attr = 'x'",
    "metrics.acc", "metrics.acc > ", "metrics.acc > 1 or metrics.acc < 0", "(metrics.acc > 1)", "metrics.acc == 1", "metrics.a-b > 0",
    "0.5 < metrics.acc", "tags.a = 'x';", "tags.a = 'x'; tags.b = 'y'", "status IN ('RUNNING')", "run_id IN ()", "run_id IN ('a', 5)",
    "metrics.acc IS NULL", "experiment_id = '1'", "tags.a = 'open", "metrics.acc > 0x10", "tags.a BETWEEN 'a' AND 'b'", "start_time > '5'",
])
def test_bad_filters_are_the_callers_mistake(client, experiment, text):
    with pytest.raises(MlflowException) as raised:
        client.search_runs([experiment], text)
    assert raised.value.error_code == "INVALID_PARAMETER_VALUE"


@pytest.mark.differs("MLflow's messages have no position")
def test_the_error_points_at_the_token(client, experiment):
    with pytest.raises(MlflowException) as raised:
        client.search_runs([experiment], "metrics.acc > 0.5 or params.a = 'x'")
    lines = raised.value.message.splitlines()
    assert lines[1].index("or") == lines[2].index("^")


@pytest.mark.parametrize("order", [
    "metrics.acc, metrics.b", "metrics.acc down", "foo.bar", "unknown", "datasets.name ASC", "metrics.acc DESC NULLS LAST",
])
def test_bad_orders_are_the_callers_mistake(client, experiment, order):
    with pytest.raises(MlflowException) as raised:
        client.search_runs([experiment], order_by=[order])
    assert raised.value.error_code == "INVALID_PARAMETER_VALUE"


def test_bad_pages_are_the_callers_mistake(rest, experiment):
    for body in ({"max_results": 50_001}, {"page_token": "not a token"}, {"max_results": 123_456_789}):
        answer = rest.post("runs/search", experiment_ids=[experiment], **body)
        assert answer.status_code == 400, body
        assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    assert rest.get("runs/search").status_code == 405


@pytest.mark.differs("MLflow's tokens are offsets and fit any query")
def test_a_token_of_another_query_is_refused(client, rest, experiment):
    for _ in range(3):
        client.create_run(experiment)
    token = client.search_runs([experiment], max_results=1).token
    answer = rest.post("runs/search", experiment_ids=[experiment], max_results=1, page_token=token, filter="status = 'RUNNING'")
    assert answer.status_code == 400 and "token" in answer.json()["message"]
