"""POST /invocations with Parquet files, as pandas and Arrow write them: the answer is that to the same rows as CSV, and
MLflow's own scoring server's to the same bytes."""

import base64
import datetime
import decimal
import io
import json
import os
import pathlib
import random
import subprocess
import sys

import mlflow
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from model_server import BINARY, ask, running, told, train, write_csv  # noqa: E402

KIND = "application/vnd.apache.parquet"
LIBRARY = pathlib.Path(BINARY).parent / "libwakeful_detectors.so"


@pytest.fixture(scope="module")
def tracking(tmp_path_factory):
    with running(["server", "--port", "0"], tmp_path_factory.mktemp("tracking")) as url:
        yield url


@pytest.fixture(scope="module")
def service(tracking, tmp_path_factory):
    folder = tmp_path_factory.mktemp("service")
    train(tracking, write_csv(folder / "train.csv"), "vectors", "--alias", "champion")
    with running(["models", "serve", "-m", "models:/vectors/1", "--port", "0", "--tracking-uri", tracking], folder) as url:
        yield url


def parquet(frame, **options):
    body = io.BytesIO()
    frame.to_parquet(body, **options)
    return body.getvalue()


def arrow(columns, **options):
    body = io.BytesIO()
    pq.write_table(pa.table(columns), body, **options)
    return body.getvalue()


def answer(service, body, kind=KIND):
    status, said = told(f"{service}/invocations", body, kind=kind)
    assert status == 200, said
    return said["predictions"]


def answer_to_csv(service, frame):
    return answer(service, frame.to_csv(index=False).encode(), "text/csv; charset=utf-8")


def refusal(service, body):
    status, said = told(f"{service}/invocations", body, kind=KIND)
    assert status == 400 and said["error_code"], said
    return said["message"]


@pytest.fixture(scope="module")
def rows():
    chance = np.random.default_rng(3)
    frame = pd.DataFrame({"sd": chance.integers(-9, 9, 1_000), "mean": chance.normal(size=1_000) * 5})
    frame.loc[chance.random(1_000) < 0.1, "mean"] = np.nan
    return frame


@pytest.mark.parametrize("dictionary", [True, False], ids=["dictionary", "plain"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("codec", ["snappy", "gzip", "brotli", "lz4", "zstd", None])
def test_every_codec_and_form_of_pages_is_answered_as_csv(service, rows, codec, version, dictionary):
    expected = answer_to_csv(service, rows)
    body = parquet(rows, compression=codec, data_page_version=version, use_dictionary=dictionary)
    assert answer(service, body) == expected
    body = parquet(rows, compression=codec, data_page_version=version, use_dictionary=dictionary, row_group_size=300,
                   data_page_size=512, write_batch_size=50, write_page_checksum=True)  # fmt: skip
    assert answer(service, body) == expected


INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]


@pytest.mark.parametrize("kind", [*INTEGERS, "Int8", "UInt32", "Int64", "Float64", "float16", "float32", "float64", "bool", "boolean"])
def test_every_width_is_answered_as_csv(service, kind):
    if "int" in kind.lower():
        limits = np.iinfo(kind.lower())
        values = [limits.min, limits.max, 0, 1, limits.max // 3]
    else:
        values = [True, False] if "bool" in kind else [0.1, -65504.0, 0.0, 1e-7, 3.0]
    column = pd.Series(values).astype(kind)
    as_numbers = column.astype("float64" if "loat" in kind else object).map(lambda v: int(v) if "bool" in kind else v)
    if kind[0].isupper():
        column[1], as_numbers[1] = pd.NA, np.nan  # missing
    expected = answer_to_csv(service, pd.DataFrame({"mean": as_numbers, "sd": range(len(values))}))
    assert answer(service, parquet(pd.DataFrame({"mean": column, "sd": range(len(values))}))) == expected


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("kind, encoding", [
    ("int32", "DELTA_BINARY_PACKED"), ("int64", "DELTA_BINARY_PACKED"), ("int64", "BYTE_STREAM_SPLIT"), ("int32", "BYTE_STREAM_SPLIT"),
    ("float32", "BYTE_STREAM_SPLIT"), ("float64", "BYTE_STREAM_SPLIT"), ("bool", "RLE"), ("bool", "PLAIN"),
])  # fmt: skip
def test_encodings_for_numbers_are_answered_as_csv(service, kind, encoding, version):
    chance = np.random.default_rng(9)
    values = chance.integers(-(2**31), 2**31, 3_000) if "int" in kind else chance.normal(size=3_000) > 0 if kind == "bool" else chance.normal(size=3_000)
    values = values.astype(kind)
    body = io.BytesIO()
    table = pa.table({"mean": values, "sd": pa.array([None if i % 3 else i for i in range(3_000)], pa.int32())})
    pq.write_table(table, body, use_dictionary=False, data_page_version=version, data_page_size=3_000,
                   column_encoding={"mean": encoding, "sd": "DELTA_BINARY_PACKED"})  # fmt: skip
    frame = pd.DataFrame({"mean": values.astype("int64") if kind == "bool" else values.astype("float64"),
                          "sd": table["sd"].to_pandas()})  # fmt: skip
    assert answer(service, body.getvalue()) == answer_to_csv(service, frame)


def test_columns_that_the_model_does_not_take_are_passed_over(service):
    numbers = {"mean": [0.5, 30], "sd": [0.25, 25]}
    others = {"text": ["a", None], "list": [[1], [2, 3]], "group": [{"x": 1}, {"x": 2}], "bytes": [b"\xff", b""],
              "money": [decimal.Decimal("1.5"), None], "noon": [datetime.time(12), None], "span": [datetime.timedelta(1), None],
              "day": [datetime.date(2024, 2, 29), None], "letter": pa.array(["a", "b"]).dictionary_encode()}  # fmt: skip
    assert answer(service, arrow({**others, **numbers, "more": [1, 2]})) == answer(service, arrow(numbers))


@pytest.mark.parametrize("column", [
    ["a", "b"], [[1], [2, 3]], [{"x": 1}, {"x": 2}], [b"\xff", b""], [decimal.Decimal("1.5"), None], [datetime.time(12), None],
    [datetime.date(2024, 2, 29), None], [datetime.datetime(2024, 2, 29), None],
])  # fmt: skip
def test_a_column_that_the_model_takes_must_hold_numbers(service, column):
    assert "the column 'mean' holds " in refusal(service, arrow({"mean": column, "sd": [1, 2]}))


def test_refuses_tables_that_it_cannot_score(service):
    assert "'sd'" in refusal(service, arrow({"mean": [1, 2]}))
    assert "no rows" in refusal(service, parquet(pd.DataFrame({"mean": [], "sd": []})))
    twice = pa.Table.from_arrays([pa.array([1.0])] * 3, names=["mean", "sd", "mean"])
    body = io.BytesIO()
    pq.write_table(twice, body)
    assert "twice" in refusal(service, body.getvalue())
    for body in (b"", b"mean,sd\n1,2\n", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1"):
        assert refusal(service, body)


TIMES = pd.Series(pd.to_datetime(["2024-02-29", "2024-02-29T12:34:56.123456789", None], format="ISO8601"))
FRAME = pd.DataFrame({"mean": [0.5, 30.0, 0.1], "sd": [0.25, 25.0, 0.2]})
FRAMES = {
    "rows": (FRAME, [0, 1, 2]),
    "reversed": (FRAME.iloc[::-1], [2, 1, 0]),
    "some": (FRAME.iloc[[2, 0]], [2, 0]),
    "index of text": (FRAME.set_index(pd.Index(["x", "y", "z"])), ["x", "y", "z"]),
    "index of times": (FRAME.set_index(pd.DatetimeIndex(TIMES.fillna(TIMES[0]), name="when")),
                       ["2024-02-29T00:00:00", "2024-02-29T12:34:56.123456789", "2024-02-29T00:00:00"]),
    "nanoseconds": (FRAME.assign(ts=TIMES), ["2024-02-29T00:00:00", "2024-02-29T12:34:56.123456789", None]),
    "microseconds": (FRAME.assign(time=TIMES.dt.as_unit("us")), ["2024-02-29T00:00:00", "2024-02-29T12:34:56.123456", None]),
    "milliseconds": (FRAME.assign(timestamp=TIMES.dt.as_unit("ms")), ["2024-02-29T00:00:00", "2024-02-29T12:34:56.123000", None]),
    "seconds": (FRAME.assign(ts=TIMES.dt.as_unit("s")), ["2024-02-29T00:00:00", "2024-02-29T12:34:56", None]),
    "of UTC": (FRAME.assign(ts=TIMES.dt.tz_localize("UTC")), ["2024-02-29T00:00:00+00:00", "2024-02-29T12:34:56.123456789+00:00", None]),
    "dates": (FRAME.assign(ts=TIMES.dt.date), ["2024-02-29", "2024-02-29", None]),
    "integers": (FRAME.assign(ts=[3, 2, 2**62]), [3, 2, 2**62]),
    "reals": (FRAME.assign(ts=[0.5, 1.25, 2]), [0.5, 1.25, 2]),
    "text": (FRAME.assign(ts=["noon", "ü\"\n", ""]), ["noon", "ü\"\n", ""]),
    "more columns": (FRAME.assign(host=["a", "b", "c"], load=[1, 2, 3]), [0, 1, 2]),
    "missing numbers": (FRAME.assign(mean=[np.nan, 30, 0.1]), [0, 1, 2]),
    "whole numbers": (FRAME.assign(mean=[1, 30, 2], sd=[True, False, True]), [0, 1, 2]),
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMES)
def test_rows_are_called_by_their_time_or_their_index(service, name):
    frame, times = FRAMES[name]
    assert [row["timestamp"] for row in answer(service, parquet(frame))] == times


def test_times_may_be_written_as_old_spark_does(service):
    body = parquet(FRAME.assign(ts=TIMES), use_deprecated_int96_timestamps=True)
    assert [row["timestamp"] for row in answer(service, body)] == FRAMES["nanoseconds"][1]


def test_times_of_a_zone_are_told_in_utc(service):
    frame = FRAME.assign(ts=TIMES.dt.tz_localize("Asia/Kolkata"))
    times = [row["timestamp"] for row in answer(service, parquet(frame))]
    assert times[0] == "2024-02-28T18:30:00+00:00" and pd.Timestamp(times[1]) == frame["ts"][1] and times[2] is None


MLFLOW = """
import base64, json, sys, warnings
import mlflow
from mlflow.pyfunc import scoring_server
warnings.simplefilter("ignore")
model = mlflow.pyfunc.load_model(sys.argv[1])
for line in sys.stdin:
    said = scoring_server.invocations(base64.b64decode(line), sys.argv[2], model, None)
    print("said", said.status, said.response.replace("\\n", " "))
"""


def test_mlflows_own_scoring_server_gives_the_same_answers(service, tracking):
    mlflow.set_tracking_uri(tracking)
    source = mlflow.MlflowClient().get_model_version("vectors", "1").source
    environment = {**os.environ, "WAKEFUL_DETECTORS_LIBRARY": str(LIBRARY), "MLFLOW_TRACKING_URI": tracking}
    linked = subprocess.run(["ldd", LIBRARY], capture_output=True, text=True, check=True).stdout
    runtimes = [line.split()[2] for line in linked.splitlines() if "libasan" in line or "libubsan" in line]
    if runtimes:  # a sanitized library finds its runtime first
        environment |= {"LD_PRELOAD": " ".join(runtimes), "ASAN_OPTIONS": "detect_leaks=0"}
    bodies = {name: parquet(frame) for name, (frame, _) in FRAMES.items()}
    done = subprocess.run([sys.executable, "-c", MLFLOW, source, KIND], env=environment, capture_output=True, text=True, timeout=300,
                          input="".join(base64.b64encode(body).decode() + "\n" for body in bodies.values()))  # fmt: skip
    said = [line.split(" ", 2) for line in done.stdout.splitlines() if line.startswith("said ")]
    assert len(said) == len(bodies), done.stderr
    for (name, body), (_, status, text) in zip(bodies.items(), said):
        assert status == "200", name
        # What is missing is NaN, or "NaT", to json.dump; here it is null.
        theirs = [{key: None if value != value or value == "NaT" else value for key, value in row.items()}
                  for row in json.loads(text)["predictions"]]  # fmt: skip
        assert answer(service, body) == theirs, name


def test_takes_the_content_types_that_mlflow_takes(service):
    body = parquet(FRAME)
    for kind in (KIND, f"{KIND}; charset=utf-8", f"{KIND};charset=UTF-8"):
        assert ask(f"{service}/invocations", body, kind=kind)[0] == 200
    for kind in (f"{KIND}; charset=latin-1", f"{KIND}; odd=1", "application/parquet", "application/x-parquet"):
        status, text = ask(f"{service}/invocations", body, kind=kind)
        assert status == 415 and KIND in text


def test_few_bytes_that_stand_for_many_rows_are_refused_before_they_take_the_memory(service):
    zeros = np.zeros(8_000_001, "int8")
    body = arrow({"mean": zeros, "sd": zeros})
    assert len(body) < 100_000 and "rows times columns" in refusal(service, body)
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 3_000, "int32"), pa.array(["x" * 1_000_000]))
    body = arrow({"ts": long, "mean": [1.0] * 3_000, "sd": [1.0] * 3_000}, dictionary_pagesize_limit=4 << 20)
    assert len(body) < 1_000_000 and "unpacked" in refusal(service, body)
    assert len(answer(service, parquet(FRAME))) == 3


def test_damaged_files_are_refused_and_the_server_goes_on(service):
    chance = random.Random(17)
    bodies = [parquet(FRAME.assign(ts=TIMES), compression=codec, data_page_version=version)
              for codec in ("snappy", "zstd", None) for version in ("1.0", "2.0")]  # fmt: skip
    for i in range(600):
        body = bytearray(chance.choice(bodies))
        if i % 3 == 0:
            del body[chance.randrange(len(body)) : chance.randrange(len(body) + 1)]
        for _ in range(chance.randrange(1, 4)):
            if body:
                body[chance.randrange(len(body))] = chance.randrange(256)
        status, text = ask(f"{service}/invocations", bytes(body), kind=KIND)
        assert status in (200, 400), text
    assert len(answer(service, parquet(FRAME))) == 3
