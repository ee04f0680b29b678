"""kill -9 of the server or the runner at random moments: nothing is lost, nothing is there twice."""
import http.client
import json
import os
import random
import threading
import time

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
    victims = Victims(store)
    prepare(store)
    victims.start()
    waiting = list(untils())
    deadline = time.monotonic() + 60 + 4 * KILLS
    while (waiting or victims.is_alive()) and time.monotonic() < deadline:
        # Once all is asked for, the last step again and again: there is always a job to be killed in.
        if ask(store, waiting[0] if waiting else EXPECTED_LAST) and waiting:
            waiting.pop(0)
    victims.join(timeout=60)
    assert not victims.is_alive() and not victims.failure, victims.failure
    assert not waiting, f"{len(waiting)} steps are not done"
    assert store.finish("killed", "evaluate", EXPECTED_LAST)["state"] == "succeeded"
    assert results(store) == expected
    victims.end()


EXPECTED_LAST = list(untils())[-1]


class Victims(threading.Thread):
    """A server and a runner beside it, killed and started again at random moments."""

    def __init__(self, store):
        super().__init__(daemon=True)
        self.store, self.failure = store, None
        self.server = store.serve("--no-runner")
        self.runner = store.run("--lease", "1s")

    def run(self):
        chance = random.Random(7)
        try:
            for _ in range(KILLS):
                time.sleep(chance.uniform(0, 0.5))
                if chance.random() < 0.5:
                    self.runner.kill()
                    self.runner = restart(lambda: self.store.run("--lease", "1s"))
                else:
                    self.server.kill()
                    self.server = restart(lambda: self.store.serve("--no-runner"))
        except Exception as error:  # told by the test, which is another thread
            self.failure = error

    def end(self):
        self.runner.kill()
        self.server.kill()


def ask(store, until):
    """Asks for a step; it counts as done only when the server said that it succeeded."""
    path = "/api/v1/detectors/killed/run?wait=2"
    try:
        return store.ask("POST", path, {"kind": "evaluate", "until": until}, timeout=5)["job"]["state"] == "succeeded"
    except (OSError, http.client.HTTPException, json.JSONDecodeError):
        time.sleep(0.01)  # a server that was killed does not answer
        return False
    except Refused as error:
        assert error.status == 503, error  # one that answers does not fail
        return False


def restart(start):
    deadline = time.monotonic() + 30
    while True:
        try:
            return start()
        except RuntimeError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)  # the port or the file of the killed one is still being let go
