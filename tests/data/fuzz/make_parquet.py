#!/usr/bin/env python3
"""Writes the Parquet files in parquet_fuzz/: seeds of the fuzz target, and what the unit tests read.

    tests/data/fuzz/make_parquet.py     # with pandas and pyarrow

The files that are named after a form of pages hold one and the same table (tests/unit/parquet/file_test.cpp says which).
"""

import datetime
import decimal
import pathlib

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = pathlib.Path(__file__).parent / "parquet_fuzz"
ROWS, GROUP = 40, 25
COMMON = {"row_group_size": GROUP, "store_schema": False, "write_statistics": False}
FORMS = {
    "plain_v1": {"compression": "none", "use_dictionary": False},
    "plain_v2": {"compression": "none", "use_dictionary": False, "data_page_version": "2.0"},
    "dictionary_v1": {"compression": "none"},
    "dictionary_v2_checksum": {"compression": "none", "data_page_version": "2.0", "write_page_checksum": True},
    "small_pages": {"compression": "none", "use_dictionary": False, "data_page_size": 32, "write_batch_size": 8},
    "snappy": {"compression": "snappy"},
    "snappy_v2": {"compression": "snappy", "data_page_version": "2.0", "use_dictionary": False},
    "gzip": {"compression": "gzip", "data_page_version": "2.0"},
    "zstd": {"compression": "zstd"},
    "brotli": {"compression": "brotli"},
    "lz4": {"compression": "lz4", "data_page_version": "2.0"},
    "deltas": {"compression": "none", "use_dictionary": False, "column_encoding": {
        "real": "BYTE_STREAM_SPLIT", "integer": "DELTA_BINARY_PACKED", "flag": "RLE"}},
}


def forms():
    table = pa.table({
        "real": pa.array([None if i % 5 == 2 else i / 4 for i in range(ROWS)], pa.float64()),
        "integer": pa.array([i * i - 50 for i in range(ROWS)], pa.int64()),
        "flag": pa.array([None if i % 7 == 6 else i % 3 == 0 for i in range(ROWS)], pa.bool_()),
    }).cast(pa.schema([pa.field("real", pa.float64()), pa.field("integer", pa.int64(), nullable=False),
                       pa.field("flag", pa.bool_())]))
    for name, options in FORMS.items():
        yield name, table, COMMON | options


def types():
    integers = {f"{sign}int{bits}": [0 if sign else -(2 ** (bits - 1)), 2 ** (bits - (not sign)) - 1, None]
                for sign in ("", "u") for bits in (8, 16, 32, 64)}
    columns = {name: pa.array(values, getattr(pa, name)()) for name, values in integers.items()}
    columns["float16"] = pa.array([-0.333251953125, 65504.0, None], pa.float16())
    columns["float32"] = pa.array([0.1, float("inf"), None], pa.float32())
    columns["nothing"] = pa.nulls(3)
    return pa.table(columns)


def times():
    instants = [-1, 1_709_210_096_123_000_000, None]  # a nanosecond before 1970; 2024-02-29T12:34:56.123
    return pa.table({
        "ms": pa.array([datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31, 23, 59, 59, 999_000), None], pa.timestamp("ms")),
        "us": pa.array([datetime.datetime(1969, 12, 31, 23, 59, 59, 999_999), datetime.datetime(2024, 2, 29), None], pa.timestamp("us")),
        "ns": pa.array(instants, pa.timestamp("ns")), "utc": pa.array(instants, pa.timestamp("ns", tz="Europe/Berlin")),
        "date": pa.array([datetime.date(1969, 12, 31), datetime.date(2024, 2, 29), None]),
        "text": pa.array(["noon", "", None]), "number": pa.array([7, 8, None], pa.int64()), "value": pa.array([1.0, 2.0, 3.0]),
    })


def others():
    return pa.table({
        "text": ["a"], "bytes": [b"a"], "list": [[1, 2]], "group": [{"x": 1, "y": {"z": [1]}}], "of_day": [datetime.time(1)],
        "decimal": [decimal.Decimal("1.5")], "value": [2.5], "time": [[1]],
    })


def write(name, table, options):
    pq.write_table(table, FOLDER / f"{name}.parquet", **options)


def write_frame(name, frame):
    frame.to_parquet(FOLDER / f"{name}.parquet", compression=None, write_statistics=False)


def write_impossible_date(options):
    """Dates are 32 bits wide: the annotation DATE at a column of 64, which no writer makes."""
    times = pa.array([2**62, 1], pa.int64()).cast(pa.timestamp("ms"))
    write("date_int64", pa.table({"ts": times, "value": [1.0, 2.0]}), options)
    path = FOLDER / "date_int64.parquet"
    whole = path.read_bytes()
    at = whole.index(b"\x8c", whole.index(b"\x18\x02ts"))  # the union LogicalType: its member 8, TIMESTAMP
    path.write_bytes(whole[:at] + b"\x6c" + whole[at + 1:])  # its member 6, DATE


def main():
    FOLDER.mkdir(exist_ok=True)
    for name, table, options in forms():
        write(name, table, options)
    plain = {"store_schema": False, "write_statistics": False, "compression": "none"}
    write("types", types(), plain)
    write("times", times(), plain)
    write("int96", times().select(["ns", "value"]), plain | {"use_deprecated_int96_timestamps": True})
    write("others", others(), plain)
    write_impossible_date(plain)
    frame = pd.DataFrame({"mean": [0.5, 30.0, 7.0], "sd": [0.25, 25.0, 7.0]})
    write_frame("frame", frame)
    write_frame("frame_reversed", frame.iloc[::-1])
    write_frame("frame_indexed", frame.set_index(pd.Index(["x", "y", "z"])))
    write_frame("frame_by_time", frame.set_index(pd.DatetimeIndex(["2024-01-01", "2024-01-02", "2024-01-03"], name="ts")))
    print(sum(path.stat().st_size for path in FOLDER.iterdir()), "bytes")


if __name__ == "__main__":
    main()
