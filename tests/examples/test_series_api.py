"""What examples/series_api shows, the fit and predict API: asked everything, also what it must refuse."""

import concurrent.futures
import contextlib
import json
import math
import os
import pathlib
import struct
import subprocess
import time
import urllib.error
import urllib.request
import zlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("WAKEFUL_BINARY", str(ROOT / "build/ci/wakeful"))

RISING = {"timestamps": [1, 2, 3], "values": [1, 2, 3]}


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("series")
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(
            [BINARY, "server", "--port", "0"], cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True
        )
    yield process.stdout.readline().split()[-1]
    process.terminate()
    assert process.wait(20) == 0


def ask(url, body=None):
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def told(url, body=None):
    status, text = ask(url, body)
    return status, json.loads(text)


def test_the_limit_is_mean_and_three_population_deviations(url):
    assert told(f"{url}/fit/limit", {"timestamps": [0, "1", 2], "values": [10, 10.5, 11]}) == (
        200,
        {"series_id": "limit", "version": "v1", "points_used": 3},
    )
    limit = 10.5 + 3 * math.sqrt(0.5 / 3)
    for value, anomaly in [(limit - 1e-9, False), (limit + 1e-9, True), (-1e9, False)]:
        answer = told(f"{url}/predict/limit", {"timestamp": "7", "value": value})
        assert answer == (200, {"anomaly": anomaly, "model_version": "v1"})


def test_zero_is_a_value_and_a_time_like_any_other(url):
    assert told(f"{url}/fit/zero", {"timestamps": [0, 1, 2], "values": [0, 0.0, 1]})[0] == 200
    assert told(f"{url}/predict/zero", {"timestamp": 0, "value": 0})[1]["anomaly"] is False


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "JSON"),
        ({}, "same non-zero length"),
        ({"timestamps": [1, 2], "values": [1, 2, 3]}, "same non-zero length"),
        ({"timestamps": [1, 2], "values": [1, 2]}, "Insufficient or constant data"),
        ({"timestamps": [1, 2, 3], "values": [4, 4, 4]}, "Insufficient or constant data"),
        ({"timestamps": [1, 3, 3], "values": [1, 2, 3]}, "timestamps[2]"),
        ({"timestamps": [-1, 2, 3], "values": [1, 2, 3]}, "timestamps[0]"),
        ({"timestamps": [1, 2.5, 3], "values": [1, 2, 3]}, "timestamps[1]"),
        ({"timestamps": [1, True, 3], "values": [1, 2, 3]}, "timestamps[1]"),
        ({"timestamps": [1, 2, 3], "values": [1, "2", 3]}, "values[1]"),
        ({"timestamps": [1, 2, 3], "values": [1, None, 3]}, "values[1]"),
        (b'{"timestamps": [1, 2, 3], "values": [1, 1e999, 3]}', ""),
        ({"timestamps": 1, "values": [1, 2, 3]}, "timestamps"),
    ],
)
def test_a_fit_that_cannot_be_is_refused_and_says_why(url, body, said):
    status, answer = told(f"{url}/fit/refused", body)
    assert status == 400 and said in answer["detail"], answer
    assert told(f"{url}/predict/refused", {"timestamp": 1, "value": 1})[0] == 404  # nothing is half there


def test_a_fit_is_bounded(url):
    many = 1_000_001
    status, answer = told(f"{url}/fit/many", {"timestamps": list(range(many)), "values": [i % 7 for i in range(many)]})
    assert status == 400 and "at most 1000000" in answer["detail"], answer
    assert told(f"{url}/predict/many", {"timestamp": 1, "value": 1})[0] == 404


@pytest.mark.parametrize("series", ["a..b", "a%2Fb", "%2e%2e", "a%20b", "a" * 129, "%C3%A4"])
def test_a_series_has_a_plain_name(url, series):
    assert ask(f"{url}/fit/{series}", RISING)[0] in (400, 404)


def test_names_that_look_alike_are_different_series(url):
    for series in ["sensor_1", "sensor_10", "sensor_1_v3", "sensor.1"]:
        assert told(f"{url}/fit/{series}", RISING) == (200, {"series_id": series, "version": "v1", "points_used": 3})
    assert told(f"{url}/predict/sensor", {"timestamp": 1, "value": 1}) == (404, {"detail": "Model not found"})


def test_a_prediction_names_its_version_or_takes_the_latest(url):
    for _ in range(2):
        told(f"{url}/fit/versions", RISING)
    asked = {"timestamp": 1, "value": 1}
    for query, version in [("", "v2"), ("?version=0", "v2"), ("?version=v1", "v1"), ("?version=V1", "v1"), ("?version=1", "v1")]:
        assert told(f"{url}/predict/versions{query}", asked) == (200, {"anomaly": False, "model_version": version})
    assert told(f"{url}/predict/versions?version=v3", asked)[0] == 404
    for query in ["v", "-1", "v1x", "1.0", "99999999999999999999"]:
        assert told(f"{url}/predict/versions?version={query}", asked)[0] == 400


@pytest.mark.parametrize(
    "body", [b"", b"[]", {"value": 1}, {"timestamp": 1}, {"timestamp": -1, "value": 1}, {"timestamp": 1, "value": "1"}, {"timestamp": 1, "value": True}]
)
def test_a_prediction_that_cannot_be_is_refused(url, body):
    told(f"{url}/fit/asked", RISING)
    status, answer = told(f"{url}/predict/asked", body)
    assert status == 400 and answer["detail"]


def test_fits_at_the_same_time_get_versions_of_their_own(url):
    def fit(i):
        return told(f"{url}/fit/raced", {"timestamps": [1, 2, 3], "values": [1, 2, i]})[1]["version"]

    with concurrent.futures.ThreadPoolExecutor(64) as pool:
        versions = list(pool.map(fit, range(3, 67)))
    assert sorted(versions) == sorted(f"v{i}" for i in range(1, 65))


def test_a_series_is_a_registered_model_with_a_run(url):
    told(f"{url}/fit/seen", RISING)
    model = told(f"{url}/api/2.0/mlflow/registered-models/get?name=series__seen")[1]["registered_model"]
    version = model["latest_versions"][0]
    assert version["version"] == "1" and {"key": "series", "value": "seen"} in model["tags"]
    run = told(f"{url}/api/2.0/mlflow/runs/get?run_id={version['run_id']}")[1]["run"]
    assert run["info"]["status"] == "FINISHED"
    assert {m["key"]: m["value"] for m in run["data"]["metrics"]}["mean.value"] == 2


def test_a_version_that_is_deleted_predicts_no_more(url):
    for values in ([1, 2, 3], [10, 20, 30]):
        told(f"{url}/fit/deleted", {"timestamps": [1, 2, 3], "values": values})
    asked = {"timestamp": 1, "value": 25}
    assert told(f"{url}/predict/deleted", asked)[1] == {"anomaly": False, "model_version": "v2"}
    body = json.dumps({"name": "series__deleted", "version": "2"}).encode()
    request = urllib.request.Request(
        f"{url}/api/2.0/mlflow/model-versions/delete", body, {"Content-Type": "application/json"}, method="DELETE"
    )
    urllib.request.urlopen(request, timeout=30).close()
    assert told(f"{url}/predict/deleted", asked)[1] == {"anomaly": True, "model_version": "v1"}


def test_draws_what_a_version_was_trained_on(url):
    told(f"{url}/fit/drawn", RISING)
    status, png = ask(f"{url}/plot?series_id=drawn&version=v1")
    assert status == 200 and png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", png[16:24]) == (800, 400)
    for query in ["", "?series_id=drawn", "?version=v1", "?series_id=drawn&version=v2", "?series_id=none&version=v1"]:
        answer = told(f"{url}/plot{query}")
        assert answer == (404, {"detail": "No training data found for given series_id and version."})


def pixels(png):
    """{(x, y): colour} of what is not white; 8-bit RGB, rows without a filter, as the server writes them."""
    at, packed = 8, b""
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        packed += png[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += size + 12
    lines = zlib.decompress(packed)
    found = {}
    for y in range(400):
        row = lines[y * 2401 : (y + 1) * 2401]
        assert row[0] == 0
        found.update({(x, y): row[1 + 3 * x : 4 + 3 * x].hex() for x in range(800) if row[1 + 3 * x : 4 + 3 * x] != b"\xff" * 3})
    return found


def test_draws_an_anomaly_of_the_training_in_another_colour(url):
    calm = [20 + i % 5 for i in range(30)]
    odd = [*calm[:15], 90, *calm[16:]]
    seen = []
    for values in (calm, odd):
        told(f"{url}/fit/outlying", {"timestamps": list(range(30)), "values": values})
        png = ask(f"{url}/plot?series_id=outlying&version=v{len(seen) + 1}")[1]
        seen.append({at for at, colour in pixels(png).items() if colour == "d62839" and at[1] > 32})  # below the legend
    assert not seen[0]
    columns, rows = zip(*seen[1])
    # The 16th of 30 points between the axes at 90 and 780; the largest value is at the top, 40.
    assert round((min(columns) + max(columns)) / 2) == round(90 + 690 * 15 / 29)
    assert (min(rows) + max(rows)) / 2 == 40 and len(rows) > 30


def test_health_tells_what_was_done(url):
    before = told(f"{url}/healthcheck")[1]
    told(f"{url}/fit/healthy", RISING)
    for _ in range(3):
        told(f"{url}/predict/healthy", {"timestamp": 1, "value": 1})
    after = told(f"{url}/healthcheck")[1]
    assert after["series_trained"] == before["series_trained"] + 1
    assert after["model_usage"]["healthy"] == "3"
    per_minute = [health["throughput"]["predictor"]["avg_per_minute"] for health in (before, after)]
    assert per_minute[1] >= 3
    for name in ("inference_latency_ms", "training_latency_ms"):
        assert 0 < after[name]["avg"] and 0 < after[name]["p95"]
    for role in ("trainer", "predictor"):
        assert len(after["system_metrics"][role]["load_avg"]) == 3


@pytest.mark.skipif("WAKEFUL_TEST_POSTGRES" not in os.environ, reason="no PostgreSQL (see scripts/pg)")
def test_a_fit_on_one_server_is_seen_on_the_other_within_a_second(tmp_path):
    """Two servers on one PostgreSQL and one folder of files."""
    store = os.environ["WAKEFUL_TEST_POSTGRES"]
    words = ["server", "--port", "0", "--backend-store-uri", store, "--artifacts-destination", str(tmp_path / "files"), "--no-runner"]
    with contextlib.ExitStack() as stack:
        urls = []
        for _ in range(2):
            process = subprocess.Popen([BINARY, *words], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            stack.callback(lambda process=process: (process.terminate(), process.wait(20)))
            urls.append(process.stdout.readline().split()[-1])
        here, there = urls
        series = f"shared_{os.getpid()}"
        asked = {"timestamp": 1, "value": 25}
        assert told(f"{here}/fit/{series}", RISING)[1]["version"] == "v1"
        assert told(f"{there}/predict/{series}", asked) == (200, {"anomaly": True, "model_version": "v1"})
        assert told(f"{here}/fit/{series}", {"timestamps": [1, 2, 3], "values": [10, 20, 30]})[1]["version"] == "v2"
        assert told(f"{here}/predict/{series}", asked)[1]["model_version"] == "v2"  # at once where it was fitted
        time.sleep(1.1)
        assert told(f"{there}/predict/{series}", asked) == (200, {"anomaly": False, "model_version": "v2"})

        def fit(i):
            return told(f"{urls[i % 2]}/fit/{series}", {"timestamps": [1, 2, 3], "values": [1, 2, i + 3]})[1]["version"]

        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            assert sorted(pool.map(fit, range(64))) == sorted(f"v{i}" for i in range(3, 67))
