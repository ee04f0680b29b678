"""kill -9 of the server or the runner at random moments: nothing is lost, nothing is there twice."""
import os
import random
import time
import urllib.error

import pytest

import nab
from conftest import Refused

KILLS = int(os.environ.get("WAKEFUL_KILLS", "50"))
STEP = 60
TRAINED = 600
EVALUATED = 1500
DETECTOR = {
    "name": "killed",
    "schedule": "manual",
    "time_spec": {"granularity": f"{STEP}s"},
    "metrics": [{"name": "value", "source": {"observations": "killed"}, "dimension_groupings": ["host"]}],
    "algorithms": {"ewma_residual": {}, "univariate_baseline": {}},
}
START = 1_700_000_000 // STEP * STEP


def rows():
    chance = random.Random(5)
    for i in range(TRAINED + EVALUATED):
        for host in ("a", "b"):
            spike = 60 if chance.random() < 0.01 and i > TRAINED else 0
            yield {"ts": nab.rfc3339(START + i * STEP), "host": host, "value": 100 + chance.gauss(0, 3) + spike}


def prepare(store):
    store.ingest("killed", list(rows()))
    store.ask("PUT", "/api/v1/detectors/killed", DETECTOR)
    assert store.finish("killed", "train", nab.rfc3339(START + TRAINED * STEP))["state"] == "succeeded"


def results(store):
    model = "killed__value__host_online"
    scores = store.pages("scores", "/api/v1/scores", model=model, revisions="all")
    anomalies = store.pages("anomalies", "/api/v1/anomalies", model=model)
    key = lambda r: (r["timestamp"], r["entity"], r["algorithm"], r["revision"])
    return (sorted((key(r), r["value"], r["score"]) for r in scores), sorted((key(r), r["score"]) for r in anomalies))


def untils():
    at = START + TRAINED * STEP
    while at < START + (TRAINED + EVALUATED) * STEP:
        at += 10 * STEP
        yield nab.rfc3339(at)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_nothing_is_lost_or_doubled_when_processes_are_killed(new_store, kind):
    calm = new_store(kind)
    server = calm.serve()
    prepare(calm)
    for until in untils():
        assert calm.finish("killed", "evaluate", until)["state"] == "succeeded"
    expected = results(calm)
    server.kill()
    assert expected[1], "the series has spikes, so there are anomalies"

    store = new_store(kind)
    server = store.serve("--no-runner")
    runner = store.run("--lease", "1s")
    prepare(store)
    chance = random.Random(7)
    kills, waiting = 0, list(untils())
    while kills < KILLS or waiting:
        if waiting:
            ask(store, waiting)
        if kills < KILLS:
            time.sleep(chance.uniform(0, 0.15))
            if chance.random() < 0.5:
                runner.kill()
                runner = restart(lambda: store.run("--lease", "1s"))
            else:
                server.kill()
                server = restart(lambda: store.serve("--no-runner"))
            kills += 1
    for until in (list(untils())[-1],):
        job = {"state": "pending"}
        deadline = time.monotonic() + 120
        while job["state"] != "succeeded" and time.monotonic() < deadline:
            job = store.finish("killed", "evaluate", until)
        assert job["state"] == "succeeded", job
    assert results(store) == expected
    runner.kill()
    server.kill()


def ask(store, waiting):
    """Asks for the next step; it counts as done only when the server said that it succeeded."""
    try:
        job = store.ask("POST", "/api/v1/detectors/killed/run", {"kind": "evaluate", "until": waiting[0]}, timeout=5)["job"]
        if job["state"] == "succeeded":
            waiting.pop(0)
    except (urllib.error.URLError, ConnectionError, TimeoutError, Refused) as error:
        # A server that was killed does not answer; one that answers does not fail.
        assert not (isinstance(error, Refused) and error.status == 500), error


def restart(start):
    deadline = time.monotonic() + 30
    while True:
        try:
            return start()
        except RuntimeError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)  # the port or the file of the killed one is still being let go
