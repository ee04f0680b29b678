"""The main job on real input: push, apply, train on the first 15 %, evaluate in steps, compare with one batch."""
import math

import pytest

import nab
from conftest import DATA

# One configuration for all series, fixed before labels were read: an autoregression with its defaults.
ALGORITHMS = {"ar_ridge": {}}
TRAINED = 0.15
STEPS = 8


def detector(name, step):
    return {
        "name": name,
        "schedule": "manual",
        "time_spec": {"granularity": f"{step}s"},
        "metrics": [{"name": "value", "source": {"observations": name}}],
        "algorithms": ALGORITHMS,
    }


def evaluated(store, model):
    rows = store.pages("scores", "/api/v1/scores", model=model)
    return {(r["timestamp"], r["entity"], r["algorithm"]): (r["value"], r["expected"], r["lower"], r["upper"], r["score"],
                                                           r["is_anomaly"]) for r in rows}


@pytest.fixture(scope="module")
def corpus():
    if not (DATA / "NAB").is_dir():
        pytest.skip(f"no data in {DATA}")
    return nab.series(DATA)


def start(store, name, rows, step):
    """Pushed, applied, trained; returns the end of the training and of the series as `until` times."""
    report = store.ingest(name, [{"ts": nab.rfc3339(at), "value": value} for at, value in rows])
    assert report["accepted"] + report["duplicates"] + report["replaced"] == len(rows)
    store.ask("PUT", f"/api/v1/detectors/{name}", detector(name, step))
    trained = rows[int(len(rows) * TRAINED)][0] // step * step
    job = store.finish(name, "train", nab.rfc3339(trained))
    assert job["state"] == "succeeded", job
    return trained, (rows[-1][0] // step + 1) * step


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_increments_equal_one_batch_and_find_what_is_labelled(new_store, corpus, kind):
    stepped, batch = new_store(kind), new_store(kind)
    servers = [stepped.serve(), batch.serve()]
    found, table = 0, []
    try:
        for name, rows, step in corpus:
            trained, end = start(stepped, name, rows, step)
            start(batch, name, rows, step)
            marks = [trained + (end - trained) * (i + 1) // STEPS // step * step for i in range(STEPS - 1)] + [end]
            for until in marks:
                job = stepped.finish(name, "evaluate", nab.rfc3339(until))
                assert job["state"] == "succeeded", job
            assert batch.finish(name, "evaluate", nab.rfc3339(end))["state"] == "succeeded"

            model = f"{name}__value___online"
            union, whole = evaluated(stepped, model), evaluated(batch, model)
            assert union == whole
            # Pulled once: each bucket with a row after the training is there, and none before.
            buckets = {at // step * step for at, _ in rows if trained <= at // step * step < end}
            assert {nab.seconds(t.rstrip("Z")) for t, _, _ in union} == buckets
            # Each evaluation went on where the one before had ended.
            chain = sorted((e["from"], e["to"]) for e in stepped.pages("evaluations", "/api/v1/evaluations", model=model))
            assert len(chain) >= STEPS
            assert [a for a, _ in chain[1:]] == [b for _, b in chain[:-1]]

            length = (rows[-1][0] - rows[0][0]) * TRAINED
            scores = sorted((nab.seconds(t.rstrip("Z")), row[4]) for (t, _, _), row in union.items())
            assert all(s is None or math.isfinite(s) for _, s in scores)
            hit, episodes = nab.judge(nab.survivors(scores, length), nab.windows(DATA, name), length)
            table.append(f"{name}: {hit} of {len(nab.windows(DATA, name))} windows, {episodes} false episodes")
            assert episodes <= 3, table
            found += hit > 0
    finally:
        for server in servers:
            server.kill()
        print("\n".join(table))
    assert found >= 4, table
