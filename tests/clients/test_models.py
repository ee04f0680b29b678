import json
import pathlib

import mlflow
import numpy
import pytest
from conftest import IS_V3
from mlflow.exceptions import MlflowException
from sklearn.linear_model import LinearRegression

X = numpy.array([[0.0], [1.0], [2.0], [3.0]])
Y = numpy.array([1.0, 3.0, 5.0, 7.0])
# Named here, or each log_model would start an interpreter to find them out.
REQUIREMENTS = ["scikit-learn"]


def log_model(name="model", **kwargs):
    model = LinearRegression().fit(X, Y)
    named = {"name": name} if IS_V3 else {"artifact_path": name}
    return mlflow.sklearn.log_model(model, pip_requirements=REQUIREMENTS, **named, **kwargs)


def predicts(model):
    return numpy.allclose(model.predict(numpy.array([[10.0]])), [21.0])


def test_a_model_is_logged_and_loaded_by_run(client, experiment):
    with mlflow.start_run() as active:
        info = log_model()
    uri = f"runs:/{active.info.run_id}/model"
    assert predicts(mlflow.sklearn.load_model(uri))
    assert predicts(mlflow.pyfunc.load_model(uri))
    assert predicts(mlflow.pyfunc.load_model(info.model_uri))


def test_a_model_is_registered_while_logged_and_loaded_by_alias_version_and_latest(client, experiment, name):
    with mlflow.start_run() as active:
        mlflow.log_params({"a": 1})
        mlflow.log_metric("rmse", 0.5)
        mlflow.log_metric("nothing", float("nan"))
        log_model(registered_model_name=name, input_example=X[:1])
    version = client.get_model_version(name, "1")
    assert version.run_id == active.info.run_id and version.status == "READY"
    client.set_registered_model_alias(name, "champion", "1")
    for uri in (f"models:/{name}@champion", f"models:/{name}/1", f"models:/{name}/latest"):
        assert predicts(mlflow.pyfunc.load_model(uri)), uri
    assert predicts(mlflow.sklearn.load_model(f"models:/{name}@champion"))


def test_a_second_version_moves_the_alias(client, experiment, name):
    for intercept in (1.0, 100.0):
        with mlflow.start_run():
            model = LinearRegression().fit(X, Y + intercept)
            named = {"name": "model"} if IS_V3 else {"artifact_path": "model"}
            mlflow.sklearn.log_model(model, registered_model_name=name, pip_requirements=REQUIREMENTS, **named)
    client.set_registered_model_alias(name, "champion", "1")
    first = mlflow.pyfunc.load_model(f"models:/{name}@champion").predict(X[:1])
    client.set_registered_model_alias(name, "champion", "2")
    second = mlflow.pyfunc.load_model(f"models:/{name}@champion").predict(X[:1])
    assert numpy.allclose(second - first, [99.0])
    client.transition_model_version_stage(name, "1", "Production")
    assert numpy.allclose(mlflow.pyfunc.load_model(f"models:/{name}/Production").predict(X[:1]), first)


def test_a_logged_model_is_registered_afterwards(client, experiment, name):
    with mlflow.start_run() as active:
        info = log_model()
    version = mlflow.register_model(f"runs:/{active.info.run_id}/model", name, tags={"t": "v"})
    assert str(version.version) == "1" and client.get_model_version(name, "1").tags["t"] == "v"
    assert str(mlflow.register_model(info.model_uri, name).version) == "2"
    if IS_V3:  # the server and the client both write it
        named = json.loads(mlflow.get_logged_model(info.model_id).tags["mlflow.modelVersions"])
        assert {(v["name"], int(v["version"])) for v in named} == {(name, 1), (name, 2)}
    assert predicts(mlflow.pyfunc.load_model(f"models:/{name}/1")) and predicts(mlflow.pyfunc.load_model(f"models:/{name}/2"))


def test_a_copied_version_loads(client, experiment, name):
    with mlflow.start_run():
        log_model(registered_model_name=name)
    client.copy_model_version(f"models:/{name}/1", name + "-prod")
    assert predicts(mlflow.pyfunc.load_model(f"models:/{name}-prod/1"))


def test_a_signature_is_kept(experiment, name):
    from mlflow.models import infer_signature

    with mlflow.start_run():
        log_model(registered_model_name=name, signature=infer_signature(X, Y))
    signature = mlflow.models.get_model_info(f"models:/{name}/1").signature
    assert signature.inputs.input_types() == [numpy.dtype("float64")]


def test_a_model_of_python_code(client, experiment):
    class Adder(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return model_input + 1

    named = {"name": "adder"} if IS_V3 else {"artifact_path": "adder"}
    with mlflow.start_run():
        info = mlflow.pyfunc.log_model(python_model=Adder(), pip_requirements=["mlflow"], **named)
    assert mlflow.pyfunc.load_model(info.model_uri).predict(41) == 42


def test_the_files_of_a_version_are_downloaded(client, rest, experiment, name, tmp_path):
    with mlflow.start_run():
        log_model(registered_model_name=name)
    fetched = pathlib.Path(mlflow.artifacts.download_artifacts(f"models:/{name}/1", dst_path=str(tmp_path / "m")))
    assert "MLmodel" in {p.name for p in fetched.iterdir()}
    answer = rest.get("/model-versions/get-artifact", name=name, version="1", path="MLmodel")
    assert answer.status_code == 200 and "sklearn" in answer.text
    assert rest.get("/model-versions/get-artifact", name=name, version="9", path="MLmodel").status_code == 404
    assert rest.get("/model-versions/get-artifact", name=name, version="1").status_code in (400, 500)


def test_autologging_logs_params_metrics_and_model(client, experiment):
    mlflow.sklearn.autolog(log_datasets=True, silent=True)
    try:
        with mlflow.start_run() as active:
            LinearRegression().fit(X, Y)
    finally:
        mlflow.sklearn.autolog(disable=True)
    run = client.get_run(active.info.run_id)
    assert run.data.params["fit_intercept"] == "True"
    assert run.data.metrics["training_r2_score"] == pytest.approx(1.0)
    assert predicts(mlflow.sklearn.load_model(f"runs:/{active.info.run_id}/model"))


def test_a_model_that_is_not_there(experiment, name):
    for uri in (f"models:/{name}/1", f"models:/{name}@champion", f"models:/{name}/latest"):
        with pytest.raises(MlflowException):
            mlflow.pyfunc.load_model(uri)


@pytest.mark.skipif(not IS_V3, reason="new in MLflow 3")
def test_a_logged_model_holds_params_and_metrics_of_its_run(client, experiment):
    with mlflow.start_run() as active:
        mlflow.log_params({f"p{i}": i for i in range(120)})
        mlflow.log_metric("rmse", 0.5)
        info = log_model(tags={"kind": "linear"})
        mlflow.log_metric("late", 1.5, model_id=info.model_id)
    model = mlflow.get_logged_model(info.model_id)
    assert model.params["p119"] == "119" and model.tags["kind"] == "linear"
    assert {m.key: m.value for m in model.metrics} == {"rmse": 0.5, "late": 1.5}
    assert model.artifact_location == f"mlflow-artifacts:/{experiment}/models/{info.model_id}/artifacts"
    assert [o.model_id for o in client.get_run(active.info.run_id).outputs.model_outputs] == [info.model_id]


@pytest.mark.skipif(not IS_V3, reason="new in MLflow 3")
def test_logged_models_are_searched(client, experiment):
    made = {}
    for letter, rmse in (("a", 0.5), ("b", 0.1), ("c", None)):
        model = mlflow.create_external_model(name=letter, params={"letter": letter}, tags={"team": "core"}, model_type="linear")
        made[model.model_id] = letter
        if rmse is not None:
            with mlflow.start_run():
                mlflow.log_metric("rmse", rmse, model_id=model.model_id)

    def search(text=None, order=None, **kwargs):
        models = client.search_logged_models([experiment], text, order_by=order, **kwargs)
        return "".join(made[m.model_id] for m in models)

    assert search() == "cba"
    assert search("name = 'a'") == "a"
    assert search("params.letter = 'b'") == "b" and search("tags.team = 'core'") == "cba"
    assert search("metrics.rmse < 0.3") == "b" and search("metrics.rmse > 0") == "ba"
    assert search("attributes.model_type = 'linear' AND name != 'a'") == "cb"
    assert search(None, [{"field_name": "metrics.rmse", "ascending": True}]) == "bac"
    assert search(None, [{"field_name": "metrics.rmse", "ascending": False}]) == "abc"
    assert search(None, [{"field_name": "creation_timestamp", "ascending": True}]) == "abc"
    page = client.search_logged_models([experiment], max_results=2)
    assert len(page) == 2 and page.token
    assert "".join(made[m.model_id] for m in client.search_logged_models([experiment], max_results=2, page_token=page.token)) == "a"
    with pytest.raises(MlflowException):
        search("foo.bar = 'x'")
