"""Models of examples/installs, which were trained with `features`, asked with the raw columns of the example's table: by a
model server and by mlflow.pyfunc. Each row's score is the one that the batch job wrote into the output table, to the last bit."""

import io
import json
import pathlib
import sys

import pandas as pd
import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "support"))
sys.path.append(str(pathlib.Path(__file__).resolve().parent))
import in_python  # noqa: E402
from model_server import ask, running, told  # noqa: E402
from test_installs import MODEL, played  # noqa: E402
from test_installs import ask as query  # noqa: E402

GROUP = ("de", "ios", "paid")
OF_GROUP = "installs-by-group__new_users__de__ios__paid_online"
KEYS = ["created_at", "country_code", "platform", "channel"]
RAW = [*KEYS, "new_users"]
PARQUET = "application/vnd.apache.parquet"
# Of the calendar's and the categories' model the number is no feature.
INPUTS = [{"name": "created_at", "type": "time"}, *({"name": name, "type": "text"} for name in KEYS[1:])]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Of five months, a week of which was predicted."""
    with played(tmp_path_factory.mktemp("installs"), 150) as pipelines:
        yield pipelines


def predicted(pipelines, model):
    """The week's raw rows, as the source has them, and the scores that the batch job wrote, row by row."""
    rows = query(pipelines, f"SELECT {', '.join(RAW)}, score FROM predictions WHERE model = ? ORDER BY 1, 2, 3, 4", model)
    frame = pd.DataFrame([row[:-1] for row in rows], columns=RAW)
    assert len(frame) >= 5
    return frame, [row[-1] for row in rows]


@pytest.fixture(scope="module")
def served(trained, tmp_path_factory):
    with running(["models", "serve", "-m", f"models:/{MODEL}/1", "--port", "0", "--tracking-uri", trained.url],
                 tmp_path_factory.mktemp("one")) as url:  # fmt: skip
        yield url


@pytest.fixture(scope="module")
def served_group(trained, tmp_path_factory):
    with running(["models", "serve", "-m", f"models:/{OF_GROUP}/1", "--port", "0", "--tracking-uri", trained.url],
                 tmp_path_factory.mktemp("group")) as url:  # fmt: skip
        yield url


def parquet(frame):
    body = io.BytesIO()
    frame.to_parquet(body)
    return body.getvalue()


def bodies(frame, order):
    """The frame in every form of the protocol."""
    split = {"columns": list(frame), "data": frame.values.tolist()}
    lists = frame[order].values.tolist()
    timed = frame.assign(created_at=pd.to_datetime(frame["created_at"]))
    return {
        "dataframe_split": ({"dataframe_split": split}, "application/json"),
        "dataframe_records": ({"dataframe_records": frame.to_dict("records")}, "application/json"),
        "instances": ({"instances": lists}, "application/json"),
        "instances by name": ({"instances": frame.to_dict("records")}, "application/json"),
        "inputs": ({"inputs": lists}, "application/json"),
        "inputs by name": ({"inputs": frame.to_dict("list")}, "application/json"),
        "csv": (frame.to_csv(index=False).encode(), "text/csv"),
        "csv with a time of day": (frame.assign(created_at=frame["created_at"] + "T13:45:00Z").to_csv().encode(), "text/csv"),
        "parquet": (parquet(frame), PARQUET),
        "parquet of categories and times": (parquet(timed.astype({name: "category" for name in KEYS[1:]})), PARQUET),
        "parquet by time": (parquet(timed.set_index("created_at")), PARQUET),
        "parquet of ts": (parquet(timed.rename(columns={"created_at": "ts"})), PARQUET),
    }


def answered(url, body, kind):
    status, said = told(f"{url}/invocations", body, kind=kind)
    assert status == 200, said
    return said["predictions"]


def assert_contributions(rows, scores):
    """What each feature contributes adds up to the score of what is odd; the one-class SVM explains nothing else."""
    for row, score in zip(rows, scores):
        parts = [value for name, value in row.items() if name.startswith("contribution_")]
        assert len(parts) > 1 and sum(parts) == pytest.approx(score if score > 1 else 0)


def test_invocations_give_the_scores_of_the_output_table(trained, served):
    frame, scores = predicted(trained, MODEL)
    assert len(frame) == trained.inferred["installs"]["result"]["rows"]
    assert sum(score > 1 for score in scores) == trained.inferred["installs"]["result"]["outliers"]
    for name, (body, kind) in bodies(frame, KEYS).items():
        found = answered(served, body, kind)
        assert [row["score"] for row in found] == scores, name
        assert [row["is_anomaly"] for row in found] == [score > 1 for score in scores], name
        assert [json.loads(row["entity"]) for row in found] == frame[KEYS[1:]].values.tolist(), name
        assert {row["algorithm"] for row in found} == {"one_class_svm"}
        assert_contributions(found, scores)


def test_invocations_scale_the_numbers_of_a_groups_model(trained, served_group):
    frame, scores = predicted(trained, OF_GROUP)
    assert any(score <= 1 for score in scores), "ordinary numbers"
    for name, (body, kind) in bodies(frame, ["new_users"]).items():
        found = answered(served_group, body, kind)
        assert [row["score"] for row in found] == scores, name
        assert [row["value"] for row in found] == frame["new_users"].tolist(), name


def test_a_vector_is_scaled_if_a_number_is_all_that_the_model_takes(trained, served, served_group):
    frame, scores = predicted(trained, OF_GROUP)
    for value, score in zip(frame["new_users"], scores):
        status, said = told(f"{served_group}/prediction", [value])
        assert status == 200 and said["is_inliner"] == (-1 if score > 1 else 1), (value, score)
    assert told(f"{served_group}/prediction", [1, 2])[0] == 422
    for vector in ([0] * 7, [0] * 4, [1]):
        status, said = told(f"{served}/prediction", vector)
        assert status == 422
        assert "created_at (time), country_code (text), platform (text), channel (text)" in json.dumps(said)
        assert "/invocations" in json.dumps(said)


def test_the_raw_columns_are_told(served, served_group):
    assert told(f"{served}/model_information")[1]["inputs"] == INPUTS
    assert told(f"{served_group}/model_information")[1]["inputs"] == [{"name": "new_users", "type": "number"}]


def test_a_category_that_was_not_shown_is_refused_by_column_and_value(trained, served):
    frame, scores = predicted(trained, MODEL)
    strange = frame.assign(country_code=["es", *frame["country_code"][1:]])
    for name, (body, kind) in bodies(strange, KEYS).items():
        status, text = ask(f"{served}/invocations", body, kind=kind)
        assert status == 400 and "'es' as a country_code; it knows de, fr, it" in text, (name, text)


def test_columns_that_are_missing_are_refused_by_name(trained, served):
    frame, _ = predicted(trained, MODEL)
    for column in KEYS:
        less = frame.drop(columns=column)
        for body, kind in ((less.to_csv(index=False).encode(), "text/csv"), (parquet(less), PARQUET),
                           ({"dataframe_split": less.to_dict("split")}, "application/json")):  # fmt: skip
            status, text = ask(f"{served}/invocations", body, kind=kind)
            assert status == 400 and f"'{column}'" in text, text
    odd = frame.assign(platform=[1.5] * len(frame))
    status, text = ask(f"{served}/invocations", parquet(odd), kind=PARQUET)
    assert status == 400 and "'platform' holds " in text and "takes texts" in text


def test_rows_that_lack_a_cell_have_no_score(trained, served):
    frame, scores = predicted(trained, MODEL)
    holes = frame.astype(object)
    for i, column in enumerate(KEYS):
        holes.loc[i, column] = None
    for body, kind in ((holes.to_csv(index=False).encode(), "text/csv"), (parquet(holes), PARQUET),
                       ({"dataframe_records": holes.to_dict("records")}, "application/json")):  # fmt: skip
        found = answered(served, body, kind)
        assert [row["score"] for row in found] == [None] * 4 + scores[4:]
        assert not any(row["is_anomaly"] for row in found[:4])


PREDICT = """
import json, sys, warnings
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model(sys.argv[1])
frame = pd.DataFrame(json.load(sys.stdin))
times = pd.to_datetime(frame["created_at"]) if "created_at" in frame else None
frames = {"as it is": frame}
if times is not None:
    frames |= {"of times": frame.assign(created_at=times), "of ts": frame.assign(ts=times.dt.tz_localize("UTC")).drop(columns="created_at"),
               "by time": frame.set_index(pd.DatetimeIndex(times)).drop(columns="created_at"),
               "of days": frame.assign(created_at=times.dt.date), "of seconds": frame.assign(created_at=[int(t.timestamp()) for t in times]),
               "categories": frame.astype({name: "category" for name in frame.columns if frame[name].dtype == object})}
said = {}
for name, one in frames.items():
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            found = model.predict(one)
            said[name] = {"rows": json.loads(found.drop(columns=["timestamp", "score"]).to_json(orient="records")),
                          "scores": [None if v != v else v.hex() for v in found["score"]], "warned": [str(w.message) for w in warned]}
        except Exception as error:
            said[name] = f"{type(error).__name__}: {error}"
print(json.dumps(said))
"""


def in_pyfunc(pipelines, model, frame):
    found = pipelines.ask("GET", "/api/2.0/mlflow/model-versions/get", name=model, version=1)["model_version"]
    done = in_python.run(PREDICT, found["source"], given=frame.to_json(orient="records"), tracking=pipelines.url)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_pyfunc_gives_the_scores_of_the_output_table(trained):
    frame, scores = predicted(trained, MODEL)
    said = in_pyfunc(trained, MODEL, frame)
    assert len(said) == 7
    for name, found in said.items():
        assert not isinstance(found, str), (name, found)
        assert found["scores"] == [score.hex() for score in scores], name
        assert [json.loads(row["entity"]) for row in found["rows"]] == frame[KEYS[1:]].values.tolist(), name
        assert [row["is_anomaly"] for row in found["rows"]] == [score > 1 for score in scores], name
        assert found["warned"] == ["columns unknown to the model: new_users"], name
        assert_contributions(found["rows"], scores)


def test_pyfunc_scales_the_numbers_of_a_groups_model(trained):
    frame, scores = predicted(trained, OF_GROUP)
    for name, found in in_pyfunc(trained, OF_GROUP, frame[["new_users"]]).items():
        assert found["scores"] == [score.hex() for score in scores], name
        assert [row["value"] for row in found["rows"]] == frame["new_users"].tolist(), name
        assert found["warned"] == []


def test_pyfunc_refuses_what_it_cannot_encode_by_name(trained):
    frame, scores = predicted(trained, MODEL)
    (said,) = set(in_pyfunc(trained, MODEL, frame.assign(country_code="es")).values())
    assert said.startswith("WakefulError: ") and "'es' as a country_code; it knows de, fr, it" in said
    (said,) = in_pyfunc(trained, MODEL, frame.drop(columns=["created_at", "channel"])).values()
    assert said.startswith("WakefulError: columns missing that the model takes: created_at (or ts, time, timestamp,")
    assert said.endswith(", channel")
    (said,) = set(in_pyfunc(trained, MODEL, frame.assign(platform=1.5)).values())
    assert said == "WakefulError: column 'platform' holds 1.5, which is no text"
    holes = frame.assign(channel=[None, *frame["channel"][1:]])
    found = in_pyfunc(trained, MODEL, holes)["as it is"]
    assert found["scores"] == [None, *(score.hex() for score in scores[1:])] and not found["rows"][0]["is_anomaly"]
