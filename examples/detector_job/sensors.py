#!/usr/bin/env python3
"""Several columns judged jointly: six sensors that swing by the day, and half a day in which one of them reads too high.

    examples/detector_job/sensors.py [--wakeful PROGRAM] [--json]

Pushes three months of hourly readings, trains on all but the last ten days, evaluates those in steps, and shows when and
where it looked wrong. The model's state (context and clock of the wave) moves on with each evaluation.
"""

import argparse
import datetime as dt
import json
import math
import pathlib
import random
import shutil
import tempfile
import urllib.request

import run

BEGIN = dt.datetime(2026, 1, 1)
HOURS, TRAINED = 24 * 90, 24 * 80
STUCK, STUCK_FROM = "s4", 24 * 85 + 5
STEPS = (24 * 82, 24 * 85, 24 * 87, HOURS)


def at(hour):
    return (BEGIN + dt.timedelta(hours=hour)).isoformat() + "Z"


def readings(seed=3):
    chance = random.Random(seed)
    for hour in range(HOURS):
        for i in range(6):
            swing = math.sin(2 * math.pi * (hour - i) / 24)
            name = f"s{i + 1}"
            if name == STUCK and STUCK_FROM <= hour < STUCK_FROM + 12:
                swing = 2.5
            yield {"ts": at(hour), "sensor": name, "reading": 50 + 5 * i + 10 * swing + chance.gauss(0, 0.4)}


def play(job, steps=STEPS):
    report = {"turns": []}
    with job.server():
        body = "\n".join(json.dumps(row) for row in readings()).encode()
        push = urllib.request.Request(f"{job.url}/api/v1/ingest/sensors", body, {"Content-Type": "application/x-ndjson"})
        urllib.request.urlopen(push, timeout=60).read()
        job.wakeful("apply", "-f", run.HERE / "sensors.yaml", "--tracking-uri", job.url)
        for kind, hour in [("train", TRAINED), *(("evaluate", step) for step in steps)]:
            words = ["run", "sensors", "--kind", kind, "--until", at(hour), "--wait", "--json", "--tracking-uri", job.url]
            report["turns"].append(json.loads(job.wakeful(*words))["result"])
        (report["model"],) = job.models()
        report["scores"] = job.get("/api/v1/scores", model=report["model"], max_results=10_000)["scores"]
        report["anomalies"] = job.get("/api/v1/anomalies", detector="sensors", max_results=1_000)["anomalies"]
    return report


def channels(anomaly):
    """"s4 80 %, s5 12 %": which sensors an anomaly was and their shares of its score, the largest first."""
    told = anomaly["metadata"]["channels"].items()
    parts = sorted(((channel["contribution"] / anomaly["score"], name) for name, channel in told), reverse=True)
    return ", ".join(f"{name} {100 * share:.0f} %" for share, name in parts[:3])


def lines(report):
    for a in reversed(report["anomalies"]):
        yield f"anomaly at {a['timestamp'][:16]} by {a['algorithm']}: score {a['score']:.2f}, {channels(a)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wakeful", default=shutil.which("wakeful") or str(run.HERE.parents[1] / "build/release/wakeful"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = play(run.Job(options.wakeful, pathlib.Path(folder)))
    if options.json:
        return print(json.dumps(report))
    print("\n".join(lines(report)))


if __name__ == "__main__":
    main()
