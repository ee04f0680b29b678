import math

import mlflow
import pytest
from conftest import IS_V3
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException, RestException


def test_a_run_lives_from_start_to_finish(client, experiment):
    with mlflow.start_run(run_name="first") as active:
        run = client.get_run(active.info.run_id)
        assert run.info.status == "RUNNING" and run.info.end_time is None
    run = client.get_run(active.info.run_id)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "first" and run.data.tags["mlflow.runName"] == "first"
    assert run.info.end_time >= run.info.start_time > 1_600_000_000_000
    assert run.info.experiment_id == experiment
    assert run.info.artifact_uri == f"mlflow-artifacts:/{experiment}/{run.info.run_id}/artifacts"
    assert len(run.info.run_id) == 32 and run.info.lifecycle_stage == "active"


def test_a_run_that_raises_has_failed(client, experiment):
    with pytest.raises(ValueError):
        with mlflow.start_run() as active:
            raise ValueError
    assert client.get_run(active.info.run_id).info.status == "FAILED"


def test_a_run_without_a_name_gets_one(client, experiment):
    run = client.create_run(experiment)
    assert run.info.run_name and client.get_run(run.info.run_id).data.tags["mlflow.runName"] == run.info.run_name


def test_a_run_is_resumed(client, experiment):
    with mlflow.start_run() as first:
        mlflow.log_param("a", 1)
    with mlflow.start_run(run_id=first.info.run_id):
        assert client.get_run(first.info.run_id).info.status == "RUNNING"
        mlflow.log_param("b", 2)
    run = client.get_run(first.info.run_id)
    assert run.data.params == {"a": "1", "b": "2"} and run.info.status == "FINISHED"


def test_params_metrics_and_tags_are_kept(client, experiment):
    with mlflow.start_run() as active:
        mlflow.log_param("lr", 0.01)
        mlflow.log_params({"depth": 3, "name": "büro", "empty": "", "a/b.c-d e:f": "x"})
        mlflow.log_metric("rmse", 0.5)
        mlflow.log_metrics({"mae": 0.25, "r2": -1e-300, "big": 1.5e300}, step=3)
        mlflow.set_tag("stage", "dev")
        mlflow.set_tags({"x": 1, "y.z": "ü"})
        mlflow.set_tag("gone", "soon")
        mlflow.delete_tag("gone")
    run = client.get_run(active.info.run_id)
    assert run.data.params == {"lr": "0.01", "depth": "3", "name": "büro", "empty": "", "a/b.c-d e:f": "x"}
    assert run.data.metrics == {"rmse": 0.5, "mae": 0.25, "r2": -1e-300, "big": 1.5e300}
    assert {k: v for k, v in run.data.tags.items() if not k.startswith("mlflow.")} == {"stage": "dev", "x": "1", "y.z": "ü"}


def test_a_batch_larger_than_one_request_is_split_and_kept(client, experiment):
    with mlflow.start_run() as active:
        mlflow.log_metrics({f"m{i}": float(i) for i in range(1_100)})
        mlflow.log_params({f"p{i}": i for i in range(150)})
        mlflow.set_tags({f"t{i}": i for i in range(150)})
    data = client.get_run(active.info.run_id).data
    assert len(data.metrics) == 1_100 and data.metrics["m1099"] == 1099.0
    assert len(data.params) == 150 and data.params["p149"] == "149"
    assert data.tags["t149"] == "149"


def test_log_batch_takes_all_three_kinds(client, run):
    client.log_batch(run, metrics=[Metric("m", 1.0, 10, 0), Metric("m", 2.0, 20, 1)], params=[Param("p", "v")],
                     tags=[RunTag("t", "v")])
    data = client.get_run(run).data
    assert data.metrics == {"m": 2.0} and data.params == {"p": "v"} and data.tags["t"] == "v"


def test_asynchronous_logging_arrives_whole(client, experiment):
    with mlflow.start_run() as active:
        waiting = [mlflow.log_metric("loss", 1.0 / (i + 1), step=i, synchronous=False) for i in range(50)]
        waiting.append(mlflow.log_params({"a": 1, "b": 2}, synchronous=False))
        waiting.append(mlflow.set_tag("k", "v", synchronous=False))
        for operation in waiting:
            operation.wait()
    history = client.get_metric_history(active.info.run_id, "loss")
    assert sorted(m.step for m in history) == list(range(50))
    run = client.get_run(active.info.run_id)
    assert run.data.params == {"a": "1", "b": "2"} and run.data.tags["k"] == "v"
    assert run.data.metrics["loss"] == 1.0 / 50


def test_nan_and_infinities_survive(client, run):
    for key, value in (("nan", math.nan), ("inf", math.inf), ("neg", -math.inf)):
        client.log_metric(run, key, value)
    metrics = client.get_run(run).data.metrics
    assert math.isnan(metrics["nan"])
    # MLflow keeps infinities as the largest doubles.
    assert metrics["inf"] >= 1.7976931348623157e308 and metrics["neg"] <= -1.7976931348623157e308
    assert math.isnan(client.get_metric_history(run, "nan")[0].value)


def test_the_latest_metric_is_the_one_of_the_greatest_step_then_time_then_value(client, run):
    seen = []
    for value, timestamp, step in [(1, 10, 0), (5, 5, 1), (9, 99, 0), (4, 5, 1), (6, 5, 1), (6, 4, 1), (-1, 6, 1)]:
        client.log_metric(run, "m", value, timestamp=timestamp, step=step)
        seen.append(client.get_run(run).data.metrics["m"])
    assert seen == [1, 5, 5, 5, 6, 6, -1]


def test_metric_history_is_whole_ordered_and_without_duplicates(client, run):
    points = [(0, 5, 1.0), (1, 4, 2.0), (-3, 6, 3.0), (1, 4, 2.5), (0, 5, 1.0)]
    for step, timestamp, value in points:
        client.log_metric(run, "m", value, timestamp=timestamp, step=step)
    history = [(m.timestamp, m.step, m.value) for m in client.get_metric_history(run, "m")]
    assert history == sorted({(t, s, v) for s, t, v in points})
    assert client.get_metric_history(run, "none") == []


def test_metric_history_pages(client, run, rest):
    client.log_batch(run, metrics=[Metric("m", float(i), i, i) for i in range(25)])
    seen, token = [], None
    while True:
        params = {"run_id": run, "metric_key": "m", "max_results": 10, **({"page_token": token} if token else {})}
        page = rest.get("metrics/get-history", **params).json()
        seen += [m["step"] for m in page.get("metrics", [])]
        token = page.get("next_page_token")
        if not token:
            break
    assert seen == list(range(25))


def test_a_long_history_comes_back_whole(client, run):
    for first in range(0, 3_000, 1_000):
        client.log_batch(run, metrics=[Metric("m", float(i), 1_000 + i, i) for i in range(first, first + 1_000)])
    history = client.get_metric_history(run, "m")
    assert [m.value for m in history] == [float(i) for i in range(3_000)]


def test_nested_runs_name_their_parent(client, experiment):
    with mlflow.start_run() as parent:
        with mlflow.start_run(nested=True) as child:
            mlflow.log_param("a", 1)
    assert client.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert client.get_parent_run(child.info.run_id).info.run_id == parent.info.run_id
    found = client.search_runs([experiment], f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
    assert [r.info.run_id for r in found] == [child.info.run_id]


def test_log_input_keeps_the_data_set_and_its_context(client, experiment):
    import pandas

    frame = pandas.DataFrame({"a": [1, 2], "b": [0.5, 1.5]})
    dataset = mlflow.data.from_pandas(frame, source="https://example.org/data.csv", name="training-set")
    with mlflow.start_run() as active:
        mlflow.log_input(dataset, context="training")
        mlflow.log_input(dataset, context="training")
    inputs = client.get_run(active.info.run_id).inputs.dataset_inputs
    assert [(i.dataset.name, i.dataset.digest) for i in inputs] == [("training-set", dataset.digest)]
    assert inputs[0].dataset.schema and inputs[0].dataset.profile
    assert {t.key: t.value for t in inputs[0].tags} == {"mlflow.data.context": "training"}
    found = client.search_runs([experiment], "datasets.name = 'training-set' and dataset.context = 'training'")
    assert [r.info.run_id for r in found] == [active.info.run_id]


def test_update_and_terminate(client, run):
    client.update_run(run, status="SCHEDULED", name="renamed")
    assert client.get_run(run).info.status == "SCHEDULED" and client.get_run(run).info.run_name == "renamed"
    assert client.get_run(run).data.tags["mlflow.runName"] == "renamed"
    client.set_terminated(run, "KILLED", end_time=1234567890123)
    info = client.get_run(run).info
    assert info.status == "KILLED" and info.end_time == 1234567890123
    client.set_tag(run, "mlflow.runName", "by tag")
    assert client.get_run(run).info.run_name == "by tag"


def test_delete_and_restore(client, experiment, run):
    client.delete_run(run)
    client.delete_run(run)
    assert client.get_run(run).info.lifecycle_stage == "deleted"
    assert client.search_runs([experiment]) == []
    assert [r.info.run_id for r in client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)] == [run]
    for write in (lambda: client.log_metric(run, "m", 1), lambda: client.log_param(run, "p", 1), lambda: client.set_tag(run, "t", 1)):
        with pytest.raises(MlflowException, match="must be in the 'active' state"):
            write()
    client.restore_run(run)
    client.log_metric(run, "m", 1)
    assert client.get_run(run).data.metrics == {"m": 1.0}


def test_a_param_is_written_once(client, run):
    client.log_param(run, "p", "a")
    client.log_param(run, "p", "a")
    with pytest.raises(MlflowException) as raised:
        client.log_param(run, "p", "b")
    assert raised.value.error_code == "INVALID_PARAMETER_VALUE"
    with pytest.raises(MlflowException):
        client.log_batch(run, params=[Param("q", "1"), Param("p", "c")])
    assert client.get_run(run).data.params == {"p": "a"}


def test_long_values(client, run, rest):
    client.log_param(run, "p", "x" * 6_000)
    client.set_tag(run, "t", "ü" * 8_000)
    data = client.get_run(run).data
    assert data.params["p"] == "x" * 6_000 and data.tags["t"] == "ü" * 8_000


def test_unknown_runs_are_404(client):
    for call in (client.get_run, client.delete_run, client.restore_run, lambda r: client.log_metric(r, "m", 1)):
        with pytest.raises(MlflowException, match="Run .+ not found") as raised:
            call("0" * 32)
        assert raised.value.error_code == "RESOURCE_DOES_NOT_EXIST"


@pytest.mark.parametrize("key", ["", "..", "../a", "/a", "a//b", "a/", "a*b", "a\tb", "x" * 251])
def test_bad_keys_are_refused_everywhere(rest, run, key):
    for path, body in (
        ("runs/log-metric", {"value": 1, "timestamp": 0}),
        ("runs/log-parameter", {"value": "v"}),
        ("runs/set-tag", {"value": "v"}),
    ):
        answer = rest.post(path, run_id=run, key=key, **body)
        assert answer.status_code == 400, (path, key, answer.text)
        assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    assert rest.post("runs/log-batch", run_id=run, metrics=[{"key": key, "value": 1, "timestamp": 0}]).status_code == 400


def test_a_bad_batch_writes_nothing(client, rest, run):
    good = {"key": "m", "value": 1, "timestamp": 0, "step": 0}
    for bad in (
        {"metrics": [good, {"key": "n", "value": 1}]},
        {"metrics": [good, {"value": 1, "timestamp": 0}]},
        {"metrics": [good], "params": [{"value": "v"}]},
        {"metrics": [good], "tags": [{"value": "v"}]},
        {"metrics": [good, {"key": "n", "value": 1, "timestamp": -1}]},
        {"metrics": [good] * 1_001},
        {"metrics": [good], "params": [{"key": f"p{i}", "value": "v"} for i in range(101)]},
        {"metrics": [good], "params": [{"key": "p", "value": "a"}, {"key": "p", "value": "b"}]},
    ):
        answer = rest.post("runs/log-batch", run_id=run, **bad)
        assert answer.status_code == 400, bad
        assert answer.json()["message"]
    data = client.get_run(run).data
    assert data.metrics == {} and data.params == {}


def test_missing_values_name_their_field(rest, run):
    for path, body, field in (
        ("runs/log-metric", {"run_id": run, "value": 1, "timestamp": 0}, "key"),
        ("runs/log-metric", {"run_id": run, "key": "m", "timestamp": 0}, "value"),
        ("runs/log-metric", {"run_id": run, "key": "m", "value": 1}, "timestamp"),
        ("runs/log-metric", {"key": "m", "value": 1, "timestamp": 0}, "run_id"),
        ("runs/log-parameter", {"run_id": run, "value": "v"}, "key"),
        ("runs/set-tag", {"run_id": run, "value": "v"}, "key"),
        ("runs/log-batch", {"run_id": run, "metrics": [{"value": 1, "timestamp": 0}]}, "metrics[0].key"),
        ("runs/delete", {}, "run_id"),
    ):
        answer = rest.post(path, **body)
        assert answer.status_code == 400, path
        assert f"Missing value for required parameter '{field}'" in answer.json()["message"]


def test_the_old_name_of_run_id_is_taken(rest, run):
    assert rest.post("runs/log-metric", run_uuid=run, key="m", value=1, timestamp=0).status_code == 200
    assert rest.get("runs/get", run_uuid=run).json()["run"]["info"]["run_uuid"] == run


@pytest.mark.skipif(not IS_V3, reason="new in MLflow 3")
def test_a_run_links_its_models(client, experiment):
    with mlflow.start_run() as active:
        model = mlflow.initialize_logged_model(name="m", params={"a": "1"}, tags={"t": "v"})
        mlflow.log_metric("acc", 0.5, step=1, model_id=model.model_id)
        mlflow.finalize_logged_model(model.model_id, "READY")
        mlflow.log_outputs(models=[mlflow.entities.LoggedModelOutput(model.model_id, step=1)])
    found = mlflow.get_logged_model(model.model_id)
    assert found.name == "m" and found.params == {"a": "1"} and found.tags["t"] == "v"
    assert found.status == mlflow.entities.LoggedModelStatus.READY
    assert found.source_run_id == active.info.run_id
    assert [(m.key, m.value) for m in found.metrics] == [("acc", 0.5)]
    assert [m.model_id for m in mlflow.search_logged_models([experiment], "name = 'm'", output_format="list")] == [model.model_id]
    assert [m.model_id for m in client.get_run(active.info.run_id).outputs.model_outputs] == [model.model_id]
    mlflow.set_logged_model_tags(model.model_id, {"t": "w", "u": "x"})
    mlflow.delete_logged_model_tag(model.model_id, "u")
    assert mlflow.get_logged_model(model.model_id).tags["t"] == "w"
    client.delete_logged_model(model.model_id)
    with pytest.raises(MlflowException):
        mlflow.get_logged_model(model.model_id)
