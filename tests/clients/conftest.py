"""The real MLflow clients against the real binary.

WAKEFUL_BINARY names the program; each session starts one server on a free port with a fresh store and ends it by its pid.
WAKEFUL_CLIENTS_STORE is the URI of an empty store, instead of a file of SQLite.
With WAKEFUL_CLIENTS_AGAINST=mlflow the same tests run against the `mlflow server` of the environment instead: a test that
fails there is wrong, unless it is marked `differs`, which says what Wakeful does otherwise and why.
"""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import uuid

# Before mlflow is imported: a failing request fails at once, and nothing is sent to anybody else.
os.environ.update(
    MLFLOW_HTTP_REQUEST_MAX_RETRIES="0",
    MLFLOW_DISABLE_TELEMETRY="true",
    DO_NOT_TRACK="true",
    GIT_PYTHON_REFRESH="quiet",
    MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false",
    MPLBACKEND="Agg",
)

import mlflow  # noqa: E402
import pytest  # noqa: E402
import requests  # noqa: E402
from mlflow.tracking import MlflowClient  # noqa: E402

IS_V3 = int(mlflow.__version__.split(".")[0]) >= 3
AGAINST_MLFLOW = os.environ.get("WAKEFUL_CLIENTS_AGAINST") == "mlflow"
START_SECONDS = 60
STOP_SECONDS = 20
REST_SECONDS = 60  # a build with sanitizers, on a busy machine


def pytest_configure(config):
    config.addinivalue_line("markers", "differs(reason): Wakeful differs from MLflow here, deliberately")
    config.addinivalue_line("markers", "newer: MLflow's own server did this only in version 3")


def pytest_collection_modifyitems(items):
    for item in items:
        marker = item.get_closest_marker("differs")
        if marker and AGAINST_MLFLOW:
            item.add_marker(pytest.mark.skip(reason="differs: " + marker.args[0]))
        if item.get_closest_marker("newer") and AGAINST_MLFLOW and not IS_V3:
            item.add_marker(pytest.mark.skip(reason="newer than MLflow 2"))


def _start_wakeful(folder, log):
    binary = os.environ.get("WAKEFUL_BINARY")
    if not binary:
        pytest.exit("WAKEFUL_BINARY must name the program to test", returncode=2)
    process = subprocess.Popen(
        [
            binary, "server", "--host", "127.0.0.1", "--port", "0",
            "--backend-store-uri", os.environ.get("WAKEFUL_CLIENTS_STORE") or f"sqlite:///{folder}/wakeful.db",
            "--artifacts-destination", str(folder / "artifacts"),
        ],
        stdout=subprocess.PIPE, stderr=log, text=True, cwd=folder,
    )
    for line in process.stdout:
        if line.startswith("listening on "):
            return process, line.split()[-1]
    process.wait()
    raise RuntimeError(f"the server ended with {process.returncode} before it listened")


def _start_mlflow(folder, log):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
            "--backend-store-uri", f"sqlite:///{folder}/mlflow.db",
            "--artifacts-destination", str(folder / "artifacts"),
        ],
        stdout=log, stderr=log, cwd=folder, start_new_session=True,
        env={**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
    )
    uri = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(uri + "/health", timeout=5).ok:
                return process, uri
        except requests.ConnectionError:
            time.sleep(0.2)
    raise RuntimeError("mlflow server did not start")


def _stop(process):
    if process.poll() is None and AGAINST_MLFLOW:
        os.killpg(process.pid, signal.SIGTERM)
    elif process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The address of a running server."""
    folder = tmp_path_factory.mktemp("server")
    with open(folder / "log", "w") as log:
        process, uri = (_start_mlflow if AGAINST_MLFLOW else _start_wakeful)(folder, log)
        try:
            yield uri
            assert process.poll() is None, f"the server died: {(folder / 'log').read_text()[-4000:]}"
        finally:
            _stop(process)
    # A sanitizer that found a leak says so here.
    assert AGAINST_MLFLOW or process.returncode == 0, f"it ended with {process.returncode}: {(folder / 'log').read_text()[-4000:]}"


@pytest.fixture(autouse=True)
def tracking(server, tmp_path, monkeypatch):
    """Every test begins with this server, no active run, and a folder of its own as working directory."""
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(server)
    mlflow.set_registry_uri(server)
    yield
    while mlflow.active_run():
        mlflow.end_run()


@pytest.fixture
def client():
    return MlflowClient()


@pytest.fixture
def name():
    """A name that no other test uses."""
    return "t-" + uuid.uuid4().hex[:12]


@pytest.fixture
def experiment(name):
    """The id of a fresh experiment, which is also the active one."""
    return mlflow.set_experiment(name).experiment_id


@pytest.fixture
def run(client, experiment):
    """The id of a fresh run of that experiment."""
    return client.create_run(experiment).info.run_id


class Rest:
    """The API without a client, for what clients would not send."""

    def __init__(self, uri):
        self.uri = uri

    def send(self, method, path, /, **kwargs):
        base = self.uri if path.startswith("/") else self.uri + "/api/2.0/mlflow/"
        return requests.request(method, base + path, timeout=REST_SECONDS, **kwargs)

    def get(self, path, /, **params):
        return self.send("GET", path, params=params)

    def post(self, path, /, **body):
        return self.send("POST", path, json=body)


@pytest.fixture
def rest(server):
    return Rest(server)


def write(path: pathlib.Path, text: str) -> pathlib.Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
