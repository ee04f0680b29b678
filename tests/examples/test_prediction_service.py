"""examples/prediction_service as a reader would run it; the model server asked everything; Prometheus beside it."""

import concurrent.futures
import contextlib
import http.server
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/prediction_service"
sys.path.append(str(ROOT / "tests/support"))
from model_server import BINARY, ask, running, told, train, wakeful, write_csv  # noqa: E402

ODD = [30.0, 25.0]


@pytest.fixture(scope="module")
def tracking(tmp_path_factory):
    with running(["server", "--port", "0"], tmp_path_factory.mktemp("tracking")) as url:
        yield url


@pytest.fixture(scope="module")
def service(tracking, tmp_path_factory):
    folder = tmp_path_factory.mktemp("service")
    train(tracking, write_csv(folder / "train.csv"), "vectors", "--alias", "champion")
    words = ["models", "serve", "-m", "models:/vectors@champion", "--port", "0", "--tracking-uri", tracking]
    with running([*words, "--reload", "100ms"], folder) as url:
        yield url


def test_judges_a_vector_and_says_its_score_if_asked(service):
    assert told(f"{service}/") == (200, {"message": "Hello World"})
    status, normal = told(f"{service}/prediction?score=true", [0.1, 0.1])
    assert status == 200 and normal["is_inliner"] == 1 and -0.5 < normal["anomaly_score"] < 0
    status, odd = told(f"{service}/prediction?score=true", ODD)
    assert status == 200 and odd["is_inliner"] == -1 and odd["anomaly_score"] < normal["anomaly_score"]
    assert "anomaly_score" not in told(f"{service}/prediction", ODD)[1]
    status, about = told(f"{service}/model_information")
    assert status == 200 and about["detectors"][0]["parameters"]["contamination"] == 0.001
    forest = {"bootstrap": False, "contamination": 0.001, "max_features": 1.0, "max_samples": 256, "n_estimators": 100,
              "n_jobs": None, "random_state": 0, "verbose": 0, "warm_start": False}  # fmt: skip
    assert {name: about[name] for name in forest} == forest


@pytest.mark.parametrize("body", [b"[]", b"[1]", b"[1, 2, 3]", b"{}", b'["a", 1]', b"[null, 1]", b"[true, 1]", b"nonsense", b"",
                                  b"[[1, 2]]", b"[1e999, 1]", b"\xff\xfe"])  # fmt: skip
def test_refuses_what_is_no_vector(service, body):
    status, answer = told(f"{service}/prediction", body)
    assert status == 422 and answer["detail"]
    assert told(f"{service}/prediction?score=perhaps", [0, 0])[0] == 422


def test_counts_what_never_falls(service):
    def metrics():
        lines = ask(f"{service}/metrics")[1].splitlines()
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")}

    before = metrics()
    for _ in range(5):
        told(f"{service}/prediction?score=true", ODD)
    after = metrics()
    assert after["prediction_count_total"] == before["prediction_count_total"] + 5
    assert after['prediction_output_total{class="anomaly"}'] == before['prediction_output_total{class="anomaly"}'] + 5
    assert after["prediction_score_sum"] > before["prediction_score_sum"]  # the original's fell with every anomaly
    assert after["prediction_latency_count"] == before["prediction_latency_count"] + 5
    assert after["process_resident_memory_bytes"] > 1e6


FORMS = {
    "dataframe_split": {"dataframe_split": {"columns": ["sd", "mean"], "data": [[0.25, 0.5], [25.0, 30.0]]}},
    "dataframe_records": {"dataframe_records": [{"mean": 0.5, "sd": 0.25}, {"sd": 25.0, "mean": 30.0, "more": 1}]},
    "instances": {"instances": [[0.5, 0.25], ODD]},
    "instances of records": {"instances": [{"mean": 0.5, "sd": 0.25}, {"mean": 30, "sd": 25}]},
    "inputs": {"inputs": [[0.5, 0.25], ODD]},
    "inputs by name": {"inputs": {"mean": [0.5, 30], "sd": [0.25, 25]}, "params": {"anything": 1}},
    "csv": b"mean,sd\n0.5,0.25\n30,25\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_scores_every_form_as_pyfunc_does(service, tracking, form, monkeypatch):
    monkeypatch.setenv("WAKEFUL_DETECTORS_LIBRARY", str(pathlib.Path(BINARY).parent / "libwakeful_detectors.so"))
    if "asan" in subprocess.run(["ldd", BINARY], capture_output=True, text=True).stdout:
        expected = None  # a sanitized library does not load into a plain Python: test_python_model has that comparison
    else:
        mlflow.set_tracking_uri(tracking)
        source = mlflow.MlflowClient().get_model_version_by_alias("vectors", "champion").source
        frame = pd.DataFrame({"mean": [0.5, 30], "sd": [0.25, 25]})
        expected = list(mlflow.pyfunc.load_model(source).predict(frame)["score"])
    kind = "text/csv; charset=utf-8" if form == "csv" else "application/json"
    status, answer = told(f"{service}/invocations", FORMS[form], kind=kind)
    assert status == 200, answer
    assert [row["is_anomaly"] for row in answer["predictions"]] == [False, True]
    assert [row["algorithm"] for row in answer["predictions"]] == ["isolation_forest"] * 2
    if expected:
        assert [row["score"] for row in answer["predictions"]] == expected
    normal, odd = answer["predictions"]  # what each column contributes to a verdict on both
    assert (normal["contribution_mean"], normal["contribution_sd"]) == (0, 0)
    assert odd["contribution_mean"] > 0 and odd["contribution_mean"] + odd["contribution_sd"] == pytest.approx(odd["score"])
    first = told(f"{service}/invocations", FORMS["instances"])[1]["predictions"]
    assert [row["score"] for row in answer["predictions"]] == [row["score"] for row in first]


@pytest.mark.parametrize("body, names", [
    ({}, "one of"), ({"instances": [[1, 2]], "inputs": [[1, 2]]}, "both"), ({"instances": []}, "instances"),
    ({"instances": [[1, 2, 3]]}, "2"), ({"instances": [[1, 2], [1]]}, "instances[1]"), ({"instances": [["a", 1]]}, "instances[0][0]"),
    ({"dataframe_split": {"columns": ["mean"], "data": [[1]]}}, "sd"),
    ({"dataframe_split": {"columns": ["mean", "sd"], "data": [[1]]}}, "data[0]"),
    ({"dataframe_split": {"columns": ["mean", "mean"], "data": [[1, 1]]}}, "twice"),
    ({"dataframe_records": [{"mean": "x", "sd": 1}]}, "dataframe_records[0].mean"), ({"dataframe_records": 3}, "dataframe_records"),
    ({"inputs": {"mean": [1, 2], "sd": [1]}}, "inputs.sd"), ({"instance": [[1, 2]]}, "instances"), (b"x", "JSON"), (b"", "JSON"),
])  # fmt: skip
def test_refuses_what_cannot_be_scored(service, body, names):
    status, answer = told(f"{service}/invocations", body)
    assert status == 400 and answer["error_code"] and names in answer["message"], answer


def test_speaks_the_scoring_protocol(service):
    for path in ("/ping", "/health"):
        assert ask(service + path) == (200, "\n")
    assert ask(f"{service}/version")[1].startswith("3.")
    for kind in ("text/plain", "application/json; charset=latin-1", "application/json; odd=1", "application/x-parquet"):
        assert ask(f"{service}/invocations", b"x", kind=kind)[0] == 415
    assert ask(f"{service}/invocations", b"mean,sd\n1,x\n", kind="text/csv")[0] == 400
    assert ask(f"{service}/nothing")[0] == 404
    assert ask(f"{service}/invocations")[0] == 405


def test_moves_with_the_alias_and_drops_no_question(service, tracking, tmp_path):
    stop = threading.Event()

    def questions():
        seen = []
        while not stop.is_set():
            status, answer = told(f"{service}/prediction", [0.1, 0.1])
            seen.append((status, answer.get("model_version")))
        return seen

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        askers = [pool.submit(questions) for _ in range(4)]
        version = 0
        for seed in (6, 7, 8):
            text = train(tracking, write_csv(tmp_path / "next.csv", seed=seed), "vectors", "--alias", "champion")
            version = int(text.split("version ")[1].split(",")[0])
            until = time.time() + 10
            while told(f"{service}/prediction", [0.1, 0.1])[1]["model_version"] != version:
                assert time.time() < until
        stop.set()
        seen = [one for asker in askers for one in asker.result()]
    assert {status for status, _ in seen} == {200}
    versions = [v for _, v in seen]
    assert version in versions and len(set(versions)) >= 2


def test_serves_on_while_its_model_is_gone(tracking, tmp_path):
    train(tracking, write_csv(tmp_path / "train.csv"), "passing", "--alias", "here")
    words = ["models", "serve", "-m", "models:/passing@here", "--port", "0", "--reload", "50ms", "--tracking-uri", tracking]
    with running(words, tmp_path) as url:
        mlflow.MlflowClient(tracking).delete_registered_model_alias("passing", "here")
        time.sleep(0.5)
        assert told(f"{url}/prediction", [0, 0])[0] == 200
        assert "model_not_looked_up" in (tmp_path / "log").read_text()


def test_serves_a_series_of_the_fit_and_predict_api(tracking, tmp_path):
    assert ask(f"{tracking}/fit/boiler", {"timestamps": [1, 2, 3], "values": [10, 10.5, 11]})[0] == 200
    with running(["models", "serve", "-m", "models:/series__boiler", "--port", "0", "--tracking-uri", tracking], tmp_path) as url:
        assert told(f"{url}/prediction", [10.5])[1]["is_inliner"] == 1
        assert told(f"{url}/prediction", [22.5])[1]["is_inliner"] == -1
        rows = told(f"{url}/invocations", {"instances": [10.5, 22.5]})[1]["predictions"]
        assert [row["is_anomaly"] for row in rows] == [False, True] and rows[0]["upper"] == pytest.approx(11.724745)


def test_asks_for_a_password(tracking, service, tmp_path):
    (tmp_path / "users").write_text("# who may ask\nanna:p:w\nböse:ü\n")
    words = ["models", "serve", "-m", "models:/vectors/1", "--port", "0", "--tracking-uri", tracking]
    with running([*words, "--basic-auth-file", "users"], tmp_path) as url:
        def as_user(user):
            import base64
            return {"Authorization": "Basic " + base64.b64encode(user.encode()).decode()}

        assert ask(f"{url}/ping")[0] == 200
        for path in ("/prediction", "/metrics", "/model_information"):
            assert ask(url + path, b"[0, 0]" if path == "/prediction" else None)[0] == 401
        for wrong in ("anna:p", "anna:", ":p:w", "anna:p:w ", "annb:p:w"):
            assert ask(f"{url}/prediction", [0, 0], headers=as_user(wrong))[0] == 401
        assert ask(f"{url}/prediction", [0, 0], headers={"Authorization": "Basic !!!"})[0] == 401
        assert ask(f"{url}/prediction", [0, 0], headers=as_user("anna:p:w"))[0] == 200
        assert ask(f"{url}/metrics", headers=as_user("böse:ü"))[0] == 200


@pytest.mark.parametrize("words, code, names", [
    (["-m", "vectors"], 2, "models:/"), (["-m", "models:/vectors/0"], 2, "models:/"), (["-m", "models:/vectors@"], 2, "models:/"),
    (["-m", "models:/absent"], 4, "absent"), (["-m", "models:/vectors@absent"], 4, "absent"), (["-m", "models:/vectors/99"], 4, "99"),
    (["-m", "models:/vectors", "--port", "70000"], 2, "port"), (["-m", "models:/vectors", "--reload", "soon"], 2, "soon"),
    (["-m", "models:/vectors", "--basic-auth-file", "/absent"], 4, "/absent"),
])  # fmt: skip
def test_says_what_it_cannot_serve(service, tracking, words, code, names):
    got, text = wakeful("models", "serve", *words, "--tracking-uri", tracking)
    assert (got, names in text) == (code, True), text


@pytest.mark.parametrize("words, names", [
    (["--algorithm", "isolation_forst"], "isolation_forest"), (["--algorithm", "z_score", "--set", "threshhold=3"], "threshold"),
    (["--algorithm", "z_score", "--ignore", "absent"], "absent"),
])  # fmt: skip
def test_train_refuses_before_anything_is_logged(tracking, tmp_path, words, names):
    path = write_csv(tmp_path / "train.csv")
    code, text = wakeful("train", str(path), *words, "--register", "never", "--tracking-uri", tracking)
    assert code == 2 and names in text, text
    assert mlflow.MlflowClient(tracking).search_registered_models("name = 'never'") == []
    assert wakeful("train", "/absent.csv", "--algorithm", "z_score", "--register", "never", "--tracking-uri", tracking)[0] == 4


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [s.getsockname()[1] for s in sockets]


@contextlib.contextmanager
def process(command, ready, folder, name):
    with open(folder / f"{name}.log", "w") as log:
        started = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        for _ in range(300):
            with contextlib.suppress(OSError):
                if ask(ready)[0] == 200:
                    break
            assert started.poll() is None, (folder / f"{name}.log").read_text()
            time.sleep(0.1)
        yield
    finally:
        started.terminate()
        started.wait(20)


class Hook(http.server.BaseHTTPRequestHandler):
    heard = []

    def do_POST(self):
        self.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_prometheus_scrapes_it_alerts_and_fills_the_dashboard(tracking, tmp_path):
    train(tracking, write_csv(tmp_path / "train.csv"), "watched", "--alias", "here")
    prometheus, alertmanager = free_ports(2)
    hook = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    words = ["models", "serve", "-m", "models:/watched@here", "--port", "0", "--reload", "200ms", "--tracking-uri", tracking]
    with running(words, tmp_path) as url, contextlib.ExitStack() as stack:
        shutil.copy(ROOT / "deploy/prometheus/rules.yml", tmp_path)
        config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{alertmanager}"]
        jobs = {job["job_name"]: job for job in config["scrape_configs"]}
        jobs["wakeful"]["static_configs"][0]["targets"] = [tracking.split("//")[1]]
        jobs["wakeful-models"].update(scrape_interval="1s", static_configs=[{"targets": [url.split("//")[1]]}])
        (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
        route = {"receiver": "hook", "group_wait": "1s", "group_interval": "1s"}
        receivers = [{"name": "hook", "webhook_configs": [{"url": f"http://127.0.0.1:{hook.server_port}/"}]}]
        (tmp_path / "alertmanager.yml").write_text(yaml.safe_dump({"route": route, "receivers": receivers}))
        done = subprocess.run(["promtool", "check", "config", "prometheus.yml"], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0 and "5 rules found" in done.stdout, done.stdout + done.stderr
        stack.enter_context(process(
            ["prometheus-alertmanager", "--config.file=alertmanager.yml", "--storage.path=alerts", "--cluster.listen-address=",
             f"--web.listen-address=127.0.0.1:{alertmanager}"],
            f"http://127.0.0.1:{alertmanager}/-/ready", tmp_path, "alertmanager"))  # fmt: skip
        stack.enter_context(process(
            ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data", f"--web.listen-address=127.0.0.1:{prometheus}"],
            f"http://127.0.0.1:{prometheus}/-/ready", tmp_path, "prometheus"))  # fmt: skip

        def found(query):
            status, answer = told(f"http://127.0.0.1:{prometheus}/api/v1/query?" + urllib.parse.urlencode({"query": query}))
            assert status == 200, answer
            return [float(series["value"][1]) for series in answer["data"]["result"]]

        dashboard = json.loads((ROOT / "deploy/grafana/models.json").read_text())
        queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        assert len(queries) >= 10
        empty, until = queries, time.time() + 40
        while empty and time.time() < until:
            for vector in ([0, 0], ODD):
                told(f"{url}/prediction?score=true", vector)
            time.sleep(0.2)
            empty = [query for query in empty if not found(query) or np.isnan(found(query)).any()]
        assert empty == []
        assert found('up{job="wakeful"}') == [1]
        mlflow.MlflowClient(tracking).delete_registered_model_alias("watched", "here")
        until = time.time() + 40
        while not Hook.heard and time.time() < until:
            time.sleep(0.2)
        alerts = {alert["labels"]["alertname"] for heard in Hook.heard for alert in heard["alerts"]}
        assert alerts == {"ModelNotLookedUp"}
    hook.shutdown()


def test_grafana_and_alertmanager_are_told_of_what_is_there():
    deploy = ROOT / "deploy"
    done = subprocess.run(["amtool", "check-config", deploy / "alertmanager/alertmanager.yml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    provisioning = deploy / "grafana/provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text())["datasources"]
    assert source["type"] == json.loads((deploy / "grafana/models.json").read_text())["templating"]["list"][0]["query"]
    (provider,) = yaml.safe_load((provisioning / "dashboards/wakeful.yml").read_text())["providers"]
    assert provider["options"]["path"] in (deploy / "README.md").read_text()


def test_each_alert_rule_fires_when_it_should_and_none_on_healthy_series():
    folder = ROOT / "deploy/prometheus"
    done = subprocess.run(["promtool", "test", "rules", "rules.test.yml"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0 and "SUCCESS" in done.stdout, done.stdout + done.stderr
    names = set(re.findall(r"alert: (\w+)", (folder / "rules.yml").read_text()))
    tested = yaml.safe_load((folder / "rules.test.yml").read_text())["tests"]
    fired = {t["alertname"] for test in tested for t in test["alert_rule_test"] if t.get("exp_alerts")}
    assert fired == names


def test_a_model_server_tells_the_tracking_server_how_busy_it_is(tracking, service):
    for _ in range(5):
        assert told(f"{service}/prediction", [0.1, 0.1])[0] == 200
    until = time.time() + 20
    while time.time() < until:
        found = [s for s in told(f"{tracking}/api/v1/model-servers")[1]["model_servers"] if s["address"] == service]
        if found and found[0]["last_minute"] >= 5:
            break
        time.sleep(0.2)
    (server,) = found
    assert server["model"] == "vectors" and server["version"] >= 1 and server["last_minute"] >= 5
    assert 0 < server["average_ms"] and 0 < server["p95_ms"] < 1_000


def test_records_that_each_bring_a_new_name_are_refused_before_they_take_the_memory(service):
    records = [{f"c{i}": 1.0} for i in range(6_000)]  # 36 million cells, were they a table
    status, answer = ask(f"{service}/invocations", json.dumps({"dataframe_records": records}).encode())
    assert status == 400 and "rows times columns" in answer
    assert told(f"{service}/prediction", [0.1, 0.1])[0] == 200
