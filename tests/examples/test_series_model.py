"""A series that was fitted over HTTP is a model like all others: for mlflow.pyfunc, for `wakeful models serve`."""

import math
import pathlib
import sys
import urllib.request

import pandas as pd
import pytest
from test_python_model import in_python

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/support"))
from model_server import ask, running, told  # noqa: E402

POINTS = {"timestamps": [1, 2, 3], "values": [10, 10.5, 11]}
LIMIT = 10.5 + 3 * math.sqrt(0.5 / 3)
ASKED = [-1e9, 10.5, LIMIT - 1e-9, LIMIT + 1e-9, 22.5, 1e300]


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with running(["server", "--port", "0"], tmp_path_factory.mktemp("series")) as url:
        yield url


def fit(url, series, values=POINTS["values"]):
    status, answer = told(f"{url}/fit/{series}", {"timestamps": list(range(len(values))), "values": values})
    assert status == 200, answer
    return answer["version"]


def verdicts(url, series, query=""):
    return [told(f"{url}/predict/{series}{query}", {"timestamp": 1, "value": value})[1]["anomaly"] for value in ASKED]


def test_pyfunc_says_what_predict_says(url):
    fit(url, "loaded")
    fit(url, "loaded", [20, 21, 22, 23])
    frame = pd.DataFrame({"value": ASKED}, index=pd.date_range("2026-03-01", periods=len(ASKED), freq="min"))
    for name, query in (("latest", ""), ("1", "?version=1")):
        found = in_python(f"models:/series__loaded/{name}", frame, tracking=url)
        assert not isinstance(found, str), found
        assert [row["is_anomaly"] for row in found["rows"]] == verdicts(url, "loaded", query), name
    assert verdicts(url, "loaded") != verdicts(url, "loaded", "?version=1")
    assert {row["entity"] for row in found["rows"]} == {"value"} and not found["said"]
    assert [row["expected"] for row in found["rows"]] == pytest.approx([10.5] * len(ASKED))
    assert [row["upper"] for row in found["rows"]] == pytest.approx([LIMIT] * len(ASKED))


def test_a_model_server_says_what_predict_says(url, tmp_path):
    fit(url, "served")
    with running(["models", "serve", "-m", "models:/series__served/1", "--port", "0", "--tracking-uri", url], tmp_path) as service:
        rows = told(f"{service}/invocations", {"dataframe_split": {"columns": ["value"], "data": [[v] for v in ASKED]}})[1]
    assert [row["is_anomaly"] for row in rows["predictions"]] == verdicts(url, "served")


def test_a_version_of_before_models_were_folders_is_read_as_it_was(url):
    """Its source is a file, series.model, with the same content."""
    fit(url, "old")
    version = told(f"{url}/api/2.0/mlflow/model-versions/get?name=series__old&version=1")[1]["model_version"]
    artifacts = f"{url}/api/2.0/mlflow-artifacts/artifacts/"
    with urllib.request.urlopen(artifacts + version["source"].removeprefix("mlflow-artifacts:/") + "/detectors.model") as answer:
        model = answer.read()
    bare = version["source"].rsplit("/", 1)[0] + "/model/series.model"
    upload = urllib.request.Request(artifacts + bare.removeprefix("mlflow-artifacts:/"), model, method="PUT")
    urllib.request.urlopen(upload, timeout=60).close()
    words = {"name": "series__old", "source": bare, "run_id": version["run_id"]}
    assert told(f"{url}/api/2.0/mlflow/model-versions/create", words)[1]["model_version"]["version"] == "2"
    assert told(f"{url}/predict/old", {"timestamp": 1, "value": 22.5}) == (200, {"anomaly": True, "model_version": "v2"})
    pictures = []
    for number in (1, 2):
        with urllib.request.urlopen(f"{url}/plot?series_id=old&version=v{number}") as answer:
            pictures.append(answer.read())
    assert pictures[1].startswith(b"\x89PNG") and len(pictures[1]) == pytest.approx(len(pictures[0]), rel=0.05)


def test_the_folder_holds_what_mlflow_needs(url):
    fit(url, "folder")
    version = told(f"{url}/api/2.0/mlflow/model-versions/get?name=series__folder&version=1")[1]["model_version"]
    files = told(f"{url}/api/2.0/mlflow/artifacts/list?run_id={version['run_id']}&path={version['source'].rpartition('/')[2]}")[1]
    assert {pathlib.Path(file["path"]).name for file in files["files"]} == {"MLmodel", "code", "detectors.model"}
    status, text = ask(f"{url}/model-versions/get-artifact?name=series__folder&version=1&path=MLmodel")
    assert status == 200 and "loader_module: wakeful_model" in text and version["run_id"] in text
