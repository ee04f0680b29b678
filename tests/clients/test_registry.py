import mlflow
import pytest
from mlflow.exceptions import MlflowException, RestException


@pytest.fixture
def model(client, name):
    client.create_registered_model(name)
    return name


@pytest.fixture
def source(client, run):
    """A source that every version of MLflow takes: a folder of the run."""
    return f"{client.get_run(run).info.artifact_uri}/model", run


@pytest.fixture
def versions(client, model, source):
    """Three versions of the model."""
    return [client.create_model_version(model, *source).version for _ in range(3)]


def code_of(call, *args, **kwargs):
    with pytest.raises(MlflowException) as raised:
        call(*args, **kwargs)
    return raised.value.error_code


def test_a_model_is_created_and_read(client, name):
    created = client.create_registered_model(name, tags={"a": "1", "empty": ""}, description="what it is")
    model = client.get_registered_model(name)
    assert model.name == created.name == name
    assert model.description == "what it is" and model.tags == {"a": "1", "empty": ""}
    assert model.creation_timestamp == model.last_updated_timestamp > 1_600_000_000_000
    assert model.latest_versions == [] and model.aliases == {}


def test_a_name_is_taken_once(client, model):
    with pytest.raises(RestException, match="already exists") as raised:
        client.create_registered_model(model)
    assert raised.value.error_code == "RESOURCE_ALREADY_EXISTS"


@pytest.mark.newer
@pytest.mark.parametrize("bad", ["", " ", "a/b", "a:b", ".", "..", "..x"])
def test_bad_model_names(rest, bad):
    answer = rest.post("registered-models/create", name=bad)
    assert answer.status_code == 400 and answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("odd", ["ünïcode 名前", "with 'quote'", 'with "double"', "100%", "a.b-c_d"])
def test_odd_model_names(client, name, odd):
    client.create_registered_model(odd + name)
    assert client.get_registered_model(odd + name).name == odd + name


def test_versions_count_up_and_are_never_used_again(client, model, source):
    uri, run = source
    first = client.create_model_version(model, uri, run, tags={"t": "v"}, description="one")
    assert str(first.version) == "1"
    version = client.get_model_version(model, "1")
    assert version.name == model and version.source == uri and version.run_id == run
    assert version.status == "READY" and version.current_stage == "None"
    assert version.tags == {"t": "v"} and version.description == "one"
    assert str(client.create_model_version(model, uri, run).version) == "2"
    client.delete_model_version(model, "2")
    assert str(client.create_model_version(model, uri, run).version) == "3"
    assert code_of(client.get_model_version, model, "2") == "RESOURCE_DOES_NOT_EXIST"
    assert client.get_model_version_download_uri(model, "1") == uri


def test_models_and_versions_are_updated(client, model, versions):
    client.update_registered_model(model, "new words")
    assert client.get_registered_model(model).description == "new words"
    client.update_model_version(model, "2", "second")
    assert client.get_model_version(model, "2").description == "second"


def test_tags_are_set_replaced_and_deleted(client, model, versions):
    client.set_registered_model_tag(model, "online", "True")
    client.set_registered_model_tag(model, "online", "False")
    client.set_registered_model_tag(model, "a b/c.d", "ü")
    client.delete_registered_model_tag(model, "a b/c.d")
    client.delete_registered_model_tag(model, "never there")
    assert client.get_registered_model(model).tags == {"online": "False"}
    client.set_model_version_tag(model, "2", "last_evaluation_ts", "2026-01-01T00:00:00Z")
    client.set_model_version_tag(model, "2", "gone", "x")
    client.delete_model_version_tag(model, "2", "gone")
    assert client.get_model_version(model, "2").tags == {"last_evaluation_ts": "2026-01-01T00:00:00Z"}
    assert client.get_model_version(model, "1").tags == {}


def test_aliases_point_and_move(client, model, versions):
    client.set_registered_model_alias(model, "champion", "1")
    client.set_registered_model_alias(model, "champion", "3")
    client.set_registered_model_alias(model, "candidate", "3")
    assert str(client.get_model_version_by_alias(model, "champion").version) == "3"
    assert sorted(client.get_model_version(model, "3").aliases) == ["candidate", "champion"]
    assert {a: str(v) for a, v in client.get_registered_model(model).aliases.items()} == {"champion": "3", "candidate": "3"}
    client.delete_registered_model_alias(model, "champion")
    client.delete_registered_model_alias(model, "champion")
    assert code_of(client.get_model_version_by_alias, model, "champion") == "INVALID_PARAMETER_VALUE"
    assert code_of(client.set_registered_model_alias, model, "x", "99") == "RESOURCE_DOES_NOT_EXIST"
    for bad in ("latest", "v1", "V22", "a b", "a/b", "x" * 256):
        assert code_of(client.set_registered_model_alias, model, bad, "1") == "INVALID_PARAMETER_VALUE", bad


@pytest.mark.differs("MLflow leaves an alias that points at a deleted version")
def test_an_alias_goes_with_its_version(client, model, versions):
    client.set_registered_model_alias(model, "champion", "3")
    client.delete_model_version(model, "3")
    assert client.get_registered_model(model).aliases == {}


def test_stages(client, model, versions):
    client.transition_model_version_stage(model, "1", "production")
    client.transition_model_version_stage(model, "2", "Staging")
    assert client.get_model_version(model, "1").current_stage == "Production"
    client.transition_model_version_stage(model, "3", "Production", archive_existing_versions=True)
    assert [client.get_model_version(model, v).current_stage for v in ("1", "2", "3")] == ["Archived", "Staging", "Production"]
    assert {v.current_stage: str(v.version) for v in client.get_latest_versions(model)} == {"Archived": "1", "Staging": "2", "Production": "3"}
    assert [str(v.version) for v in client.get_latest_versions(model, ["Production"])] == ["3"]
    assert code_of(client.transition_model_version_stage, model, "1", "nonsense") == "INVALID_PARAMETER_VALUE"
    assert code_of(client.get_latest_versions, model, ["nonsense"]) == "INVALID_PARAMETER_VALUE"


def test_the_latest_version_is_the_highest_of_each_stage(client, model, versions):
    assert [str(v.version) for v in client.get_registered_model(model).latest_versions] == ["3"]
    client.set_model_version_tag(model, "3", "last_evaluation_ts", "t3")
    latest = client.get_registered_model(model).latest_versions[0]
    assert latest.tags == {"last_evaluation_ts": "t3"}
    client.delete_model_version(model, "3")
    assert [str(v.version) for v in client.get_latest_versions(model)] == ["2"]


def test_a_model_is_renamed_with_all_that_is_its_own(client, model, versions, name):
    client.set_registered_model_tag(model, "t", "v")
    client.set_registered_model_alias(model, "champion", "2")
    client.set_model_version_tag(model, "1", "t", "v")
    renamed = name + "-new"
    client.rename_registered_model(model, renamed)
    assert code_of(client.get_registered_model, model) == "RESOURCE_DOES_NOT_EXIST"
    assert client.get_registered_model(renamed).tags == {"t": "v"}
    assert str(client.get_model_version_by_alias(renamed, "champion").version) == "2"
    assert client.get_model_version(renamed, "1").tags == {"t": "v"}
    other = client.create_registered_model(model).name
    assert code_of(client.rename_registered_model, other, renamed) == "RESOURCE_ALREADY_EXISTS"


def test_a_model_is_deleted_with_all_that_is_its_own(client, model, versions, source):
    client.set_registered_model_alias(model, "champion", "2")
    client.delete_registered_model(model)
    assert code_of(client.get_registered_model, model) == "RESOURCE_DOES_NOT_EXIST"
    assert code_of(client.get_model_version, model, "1") == "RESOURCE_DOES_NOT_EXIST"
    client.create_registered_model(model)
    assert str(client.create_model_version(model, *source).version) == "1"
    assert client.get_registered_model(model).aliases == {} and client.get_registered_model(model).tags == {}


def test_a_version_is_copied(client, model, versions, name):
    client.set_model_version_tag(model, "2", "t", "v")
    copied = client.copy_model_version(f"models:/{model}/2", name + "-copy")
    assert str(copied.version) == "1" and copied.name == name + "-copy"
    version = client.get_model_version(name + "-copy", "1")
    assert version.source == f"models:/{model}/2" and version.tags == {"t": "v"}
    assert version.run_id == client.get_model_version(model, "2").run_id
    assert client.get_model_version_download_uri(name + "-copy", "1") == client.get_model_version(model, "2").source
    again = client.copy_model_version(f"models:/{name}-copy/1", name + "-copy2")
    assert client.get_model_version_download_uri(name + "-copy2", again.version) == client.get_model_version(model, "2").source


def test_what_is_unknown_is_404(client, name, model, versions):
    missing = "RESOURCE_DOES_NOT_EXIST"
    assert code_of(client.get_registered_model, name + "x") == missing
    assert code_of(client.delete_registered_model, name + "x") == missing
    assert code_of(client.update_registered_model, name + "x", "d") == missing
    assert code_of(client.set_registered_model_tag, name + "x", "k", "v") == missing
    assert code_of(client.create_model_version, name + "x", "s3://b/x", None) == missing
    assert code_of(client.get_latest_versions, name + "x") == missing
    for call in (client.get_model_version, client.delete_model_version, client.get_model_version_download_uri):
        assert code_of(call, model, "99") == missing
    assert code_of(client.set_model_version_tag, model, "99", "k", "v") == missing
    assert code_of(client.transition_model_version_stage, model, "99", "Staging") == missing


@pytest.mark.parametrize("version", ["abc", "1.5", "-1", "0x1"])
def test_a_version_is_a_number(rest, model, versions, version):
    answer = rest.get("model-versions/get", name=model, version=version)
    assert answer.status_code in (400, 404) and answer.json()["error_code"] in ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST")


@pytest.mark.parametrize("bad", [
    "/etc", "etc", "file:///etc", "FILE:///etc", "../x", "s3://bucket/../x", "mlflow-artifacts:/../x", "s3://bucket/%2e%2e/x",
    "s3://bucket", "mlflow-artifacts:", "dbfs:/path/to/a%3f/../../../etc", "s3://b/x%00",
])
def test_bad_sources_are_refused(rest, model, bad):
    answer = rest.post("model-versions/create", name=model, source=bad)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("key", ["", "..", "../k", "/a", "a//b", "a/", "k@x", "x" * 251])
def test_bad_tag_keys(rest, model, key):
    answer = rest.post("registered-models/set-tag", name=model, key=key, value="v")
    assert answer.status_code == 400 and answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


def test_missing_values_name_their_field(rest, model):
    for path, body, field in (
        ("registered-models/create", {}, "name"),
        ("registered-models/set-tag", {"name": model, "value": "v"}, "key"),
        ("registered-models/rename", {"name": model}, "new_name"),
        ("model-versions/create", {"name": model}, "source"),
        ("model-versions/transition-stage", {"name": model, "version": "1"}, "stage"),
    ):
        answer = rest.post(path, **body)
        assert answer.status_code == 400, path
        assert field in answer.json()["message"], path


# --- search ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def fleet(client, name, source):
    """Models as a watch over series registers them, found by `tags.fleet`."""
    made = []
    for i, (online, detector, mode) in enumerate([("True", "checkout", "prod"), ("True", "checkout", "test"), ("False", "checkout", "prod"),
                                                  ("True", "search", "prod")]):
        model = f"{name}-{i}"
        client.create_registered_model(model, tags={"online": online, "detector": detector, "deployment_mode": mode, "fleet": name})
        made.append(model)
    client.create_model_version(made[0], *source, tags={"last_evaluation_ts": "2026-01-01T00:00:00Z"})
    client.create_model_version(made[0], *source, tags={"last_evaluation_ts": "2026-01-02T00:00:00Z"})
    return made


def found(client, text, **kwargs):
    return [m.name for m in client.search_registered_models(text, **kwargs)]


def test_the_query_of_a_watch_finds_its_model_and_the_newest_version(client, fleet):
    text = f"tags.online = 'True' and tags.detector = 'checkout' and tags.deployment_mode = 'prod' and tags.fleet = '{fleet[0][:-2]}'"
    models = client.search_registered_models(text)
    assert [m.name for m in models] == [fleet[0]]
    latest = models[0].latest_versions
    assert [str(v.version) for v in latest] == ["2"]
    assert latest[0].tags == {"last_evaluation_ts": "2026-01-02T00:00:00Z"}
    assert models[0].tags["detector"] == "checkout"


@pytest.mark.parametrize("text, expected", [
    ("tags.online = 'True'", "013"), ("tags.online != 'True'", "2"), ("tags.online = 'true'", ""), ("tags.none != 'x'", ""),
    ("tag.detector LIKE 'check%'", "012"), ("tags.detector ILIKE 'CHECK%'", "012"), ("tags.detector like 'Check%'", ""),
    ("tags.`deployment_mode` = \"prod\"", "023"), ("tags.online = 'True' AND tags.online != 'False' and tags.detector = 'search'", "3"),
])
def test_models_are_found_by_tags(client, fleet, text, expected):
    fleet_tag = f"tags.fleet = '{fleet[0][:-2]}'"
    assert found(client, f"{fleet_tag} and {text}") == [fleet[int(i)] for i in expected]


def test_models_are_found_by_name_and_ordered(client, fleet):
    prefix = fleet[0][:-1]
    assert found(client, f"name = '{fleet[1]}'") == [fleet[1]]
    assert found(client, f"name LIKE '{prefix}%'") == fleet
    assert found(client, f"name ILIKE '{prefix.upper()}%'", order_by=["name DESC"]) == fleet[::-1]
    assert found(client, f"name LIKE '{prefix}%' and name != '{fleet[0]}'") == fleet[1:]
    assert found(client, f"name LIKE '{prefix}%'", order_by=["last_updated_timestamp DESC"])[0] == fleet[0]


def test_pages_hold_every_model_once(client, name):
    made = [client.create_registered_model(f"{name}-{i:02}").name for i in range(11)]
    seen, token = [], None
    while True:
        page = client.search_registered_models(f"name LIKE '{name}-%'", max_results=4, page_token=token)
        seen += [m.name for m in page]
        token = page.token
        if not token:
            break
    assert seen == made


def test_versions_are_searched(client, model, versions, run):
    client.set_model_version_tag(model, "2", "t", "v")

    def numbers(text, **kwargs):
        return [int(v.version) for v in client.search_model_versions(text, **kwargs)]

    assert numbers(f"name = '{model}'") == [3, 2, 1] or sorted(numbers(f"name = '{model}'")) == [1, 2, 3]
    assert numbers(f"name = '{model}'", order_by=["version_number ASC"]) == [1, 2, 3]
    assert numbers(f"name = '{model}' and tags.t = 'v'") == [2]
    assert numbers(f"name = '{model}' and tags.t != 'v'") == []
    assert numbers(f"run_id = '{run}'", order_by=["version_number DESC"]) == [3, 2, 1]
    assert numbers(f"name = '{model}' and run_id IN ('{run}', 'x')", order_by=["version_number ASC"]) == [1, 2, 3]
    assert numbers(f"name = '{model}' and version_number > 1", order_by=["version_number ASC"]) == [2, 3]
    assert numbers(f"name = '{model}' and source_path LIKE '%/model'", order_by=["version_number ASC"]) == [1, 2, 3]
    client.delete_model_version(model, "3")
    assert numbers(f"name = '{model}'", order_by=["version_number ASC"]) == [1, 2]
    page = client.search_model_versions(f"name = '{model}'", order_by=["version_number ASC"], max_results=1)
    assert len(page) == 1 and page.token
    assert [int(v.version) for v in client.search_model_versions(f"name = '{model}'", order_by=["version_number ASC"], max_results=1, page_token=page.token)] == [2]


@pytest.mark.parametrize("text", [
    "tags.a > 'x'", "tags.a = x", "tags.a = 5", "tags.a = 'x' or tags.b = 'y'", "(tags.a = 'x')", "foo.bar = 'x'", "version = '1'", "Name = 'x'",
    "name == 'x'", "name = 'x';", "name = 'x'; name = 'y'", "name NOT LIKE 'x'", "'x' = name", "1=1", "name = 'open",
])
def test_bad_filters_are_the_callers_mistake(client, text):
    assert code_of(client.search_registered_models, text) == "INVALID_PARAMETER_VALUE"
    assert code_of(client.search_model_versions, text) == "INVALID_PARAMETER_VALUE"


def test_bad_pages_are_the_callers_mistake(rest):
    for params in ({"max_results": 1_001}, {"page_token": "%%%"}, {"order_by": "creation_timestamp"}, {"order_by": "name; drop"}):
        assert rest.get("registered-models/search", **params).status_code == 400, params
    for params in ({"max_results": 200_001}, {"max_results": 0}, {"page_token": "x"}, {"order_by": "tags.x"}):
        assert rest.get("model-versions/search", **params).status_code == 400, params


def test_prompts_stay_out_of_the_models(client, rest, name):
    tags = [{"key": "mlflow.prompt.is_prompt", "value": "true"}, {"key": "suite", "value": name}]
    assert rest.post("registered-models/create", name=name + "-p", tags=tags).status_code == 200
    client.create_registered_model(name + "-m", tags={"suite": name})
    assert found(client, f"tags.suite = '{name}'") == [name + "-m"]
    assert found(client, f"tags.suite = '{name}' and tags.`mlflow.prompt.is_prompt` = 'true'") == [name + "-p"]
