"""The examples in Python, run as a reader would run them."""

import pathlib
import re
import subprocess
import sys

import pytest

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"

pytestmark = pytest.mark.differs("MLflow keeps no watch")


def run(example, *words):
    done = subprocess.run([sys.executable, EXAMPLES / example, *words], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_retrieval_loop_moves_the_mark(server, client):
    printed = run("retrieval_loop/retrieval_loop.py", "--tracking-uri", server)
    model = "retrieval-loop__latency_ms__region_online"
    turns = re.findall(rf"^{model}: version (\d+) at (\S+) -> version (\d+) at (\S+)$", printed, re.MULTILINE)
    ends = [f"2026-03-03T{hour:02}:55:00Z" for hour in (5, 11, 17, 23)]
    assert [turn[3] for turn in turns] == ends
    assert [turn[1] for turn in turns] == ["2026-03-02T23:55:00Z", *ends[:-1]]
    assert [int(turn[2]) - int(turn[0]) for turn in turns] == [1, 1, 1, 1]
    # The slow half hour is found, and hardly anything else.
    found = re.findall(r"^anomaly at (\S+) in (\S+):", printed, re.MULTILINE)
    assert ("2026-03-03T15:00:00Z", "eu") in found and len(found) <= 12, printed

    version = client.get_registered_model(model).latest_versions[0]
    assert version.tags["last_evaluation_ts"] == ends[-1] and {"datasource", "query"} <= version.tags.keys()

    again = run("retrieval_loop/retrieval_loop.py", "--tracking-uri", server)
    turns = re.findall(r"^\S+: version (\d+) at (\S+) -> version (\d+) at (\S+)$", again, re.MULTILINE)
    assert len(turns) == 4 and all(turn == (turns[0][0], ends[-1], turns[0][0], ends[-1]) for turn in turns), again
    assert re.findall(r"^anomaly at (\S+) in (\S+):", again, re.MULTILINE) == found
