"""A model that the C++ trainer logged, loaded and asked in Python by mlflow.pyfunc, without a server."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request

import mlflow
import numpy as np
import pandas as pd
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/support"))
import in_python as python_process  # noqa: E402

BINARY = pathlib.Path(os.environ.get("WAKEFUL_BINARY", str(ROOT / "build/ci/wakeful")))
START = pd.Timestamp("2026-03-01", tz="UTC")
TRAINED, ALL = 300, 340
MODEL = "watch__load__host_online"
DETECTOR = {
    "name": "watch", "schedule": "manual", "time_spec": {"granularity": "5m", "end": "0s"},
    "metrics": [{"name": "load", "source": {"observations": "hosts"}, "dimension_groupings": ["host"]}],
    "algorithms": {"univariate_baseline": {"model": "MiniProphetForecaster"}, "ar_ridge": {},
                   "isolation_forest": {"trees": 20}},
}


def table():
    chance = np.random.default_rng(3)
    times = START + pd.to_timedelta(np.arange(ALL) * 5, unit="min")
    wave = 10 * np.sin(np.arange(ALL) / 20)
    frame = pd.DataFrame({"a": 50 + wave + chance.normal(size=ALL), "b": 5 + chance.normal(size=ALL)}, index=times)
    frame.iloc[320, 0] = 200
    return frame


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """What the server says of rows [TRAINED, ALL), and the folder and URL that the model was stored under."""
    folder = tmp_path_factory.mktemp("server")
    words = ["server", "--port", "0", "--backend-store-uri", f"sqlite:///{folder}/s.db"]
    server = subprocess.Popen([BINARY, *words, "--artifacts-destination", folder / "artifacts"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    url = server.stdout.readline().split()[-1]

    def ask(method, path, body=None, kind="application/json"):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(url + path, data=data, method=method, headers={"Content-Type": kind})
        with urllib.request.urlopen(request, timeout=100) as answer:
            return json.load(answer)

    def turn(kind, row):
        until = (START + pd.Timedelta(minutes=5 * row)).isoformat().replace("+00:00", "Z")
        job = ask("POST", "/api/v1/detectors/watch/run?wait=60", {"kind": kind, "until": until})["job"]
        assert job["state"] == "succeeded", job

    try:
        rows = table()
        lines = [json.dumps({"ts": t.isoformat(), "host": host, "load": float(v)})
                 for host in rows for t, v in rows[host].items()]
        ask("POST", "/api/v1/ingest/hosts", "\n".join(lines).encode(), "application/x-ndjson")
        ask("PUT", "/api/v1/detectors/watch", DETECTOR)
        turn("train", TRAINED)
        mlflow.set_tracking_uri(url)
        client = mlflow.MlflowClient(url, url)
        first = client.get_registered_model(MODEL).latest_versions[0]
        local = tmp_path_factory.mktemp("model")
        copy = mlflow.artifacts.download_artifacts(artifact_uri=first.source, dst_path=str(local))
        turn("evaluate", ALL)
        query = urllib.parse.urlencode({"model": MODEL, "max_results": 10000})
        scores = ask("GET", f"/api/v1/scores?{query}")["scores"]
        yield {"url": url, "source": first.source, "folder": pathlib.Path(copy), "scores": scores,
               "latest": client.get_registered_model(MODEL).latest_versions[0].source}
    finally:
        server.terminate()
        server.wait(timeout=30)
        server.stdout.close()


PREDICT = """
import json, sys, warnings
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model(sys.argv[1])
frame = pd.read_csv(sys.stdin, index_col=0, parse_dates=True, float_precision="round_trip")
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    found = model.predict(frame)
found["score"] = found["score"].map(lambda v: None if v != v else float(v).hex())
found["timestamp"] = found["timestamp"].astype(str)
print(json.dumps({"rows": json.loads(found.to_json(orient="records")), "said": [str(w.message) for w in said]}))
"""


def in_python(source, frame, tracking=None):
    done = python_process.run(PREDICT, source, given=frame.to_csv(), tracking=tracking)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else done.stderr


def test_predictions_are_the_servers_scores_to_the_last_bit(served):
    found = in_python(served["folder"], table().iloc[TRAINED:])
    assert not isinstance(found, str), found
    mine = {(r["timestamp"][:19].replace("T", " "), r["entity"], r["algorithm"]): r["score"] for r in found["rows"]}
    assert len(served["scores"]) == len(mine) == (ALL - TRAINED) * 5
    for score in served["scores"]:
        key = (score["timestamp"][:19].replace("T", " "), score["entity"], score["algorithm"])
        assert mine[key] == float(score["score"]).hex(), key
    spike = (START + pd.Timedelta(minutes=5 * 320)).strftime("%Y-%m-%d %H:%M:%S")
    found_there = {r["algorithm"] for r in found["rows"] if r["timestamp"].startswith(spike) and r["is_anomaly"]}
    assert {"ar_ridge", "univariate_baseline"} <= found_there


def test_a_method_that_judges_columns_together_says_what_each_contributes(served):
    found = in_python(served["folder"], table().iloc[TRAINED:])
    assert not isinstance(found, str), found
    for row in found["rows"]:
        parts = [row["contribution_a"], row["contribution_b"]]
        if row["algorithm"] != "isolation_forest":
            assert parts == [None, None]
        elif row["is_anomaly"]:
            assert sum(parts) == pytest.approx(float.fromhex(row["score"]))
        else:
            assert parts == [0, 0]


def test_every_version_is_loaded_by_its_source(served):
    frame = table().iloc[TRAINED:TRAINED + 3]
    for source in (served["source"], served["latest"]):
        found = in_python(source, frame, tracking=served["url"])
        assert not isinstance(found, str), found
        assert len(found["rows"]) == 15


def test_a_missing_column_is_warned_about_and_never_anomalous(served):
    frame = table().iloc[TRAINED:].drop(columns="a").assign(c=1.0)
    found = in_python(served["folder"], frame)
    assert any("missing for ar_ridge: a" in text for text in found["said"])
    assert any("unknown to ar_ridge: c" in text for text in found["said"])
    assert not any(r["is_anomaly"] for r in found["rows"] if r["entity"] == "a")
    assert all(r["score"] is None for r in found["rows"] if r["entity"] == "a")


def test_rows_that_go_back_in_time_are_warned_about(served):
    frame = table().iloc[TRAINED : TRAINED + 10]
    for odd in (frame.iloc[::-1], frame.iloc[[0, 1, 1, 2]]):
        found = in_python(served["folder"], odd)
        assert any("times do not rise" in text for text in found["said"]), found
    assert in_python(served["folder"], frame)["said"] == []


def test_a_column_without_numbers_is_refused_by_name(served):
    frame = table().iloc[TRAINED : TRAINED + 3]
    said = in_python(served["folder"], frame.assign(b="x"))
    assert isinstance(said, str) and "WakefulError: column 'b' holds no numbers" in said


def test_a_file_that_is_cut_is_refused_with_a_reason(served, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(served["folder"], folder)
    file = folder / "detectors.model"
    file.write_bytes(file.read_bytes()[:-100])
    said = in_python(folder, table().iloc[TRAINED:])
    assert isinstance(said, str) and "WakefulError" in said and "model file" in said


def test_a_library_that_is_not_there_is_told_by_name(served, monkeypatch):
    monkeypatch.setattr(python_process, "LIBRARY", pathlib.Path("/nowhere/libwakeful_detectors.so"))
    monkeypatch.setattr(subprocess, "run", _without_ldd(subprocess.run))
    said = in_python(served["folder"], table().iloc[TRAINED:])
    assert isinstance(said, str) and "WAKEFUL_DETECTORS_LIBRARY" in said


def _without_ldd(run):
    def wrapped(words, **options):
        return subprocess.CompletedProcess(words, 0, "", "") if words[0] == "ldd" else run(words, **options)
    return wrapped
