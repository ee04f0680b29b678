#!/usr/bin/env python3
"""Find the model on watch by its tags, read how far it has come, let it evaluate what is new, see that it moved.

usage: retrieval_loop.py [--wakeful PROGRAM | --tracking-uri URI]

On a server of its own, or on the one that is named. Needs the official client (`pip install mlflow-skinny`). The first run
makes what there is to watch: two days of observations and a detector trained on the first. It may be run again: what is
done is done.
"""

import argparse
import contextlib
import datetime
import math
import pathlib
import subprocess
import sys
import tempfile

import requests
from mlflow.tracking import MlflowClient

STEP = datetime.timedelta(minutes=5)
FIRST_DAY = datetime.datetime(2026, 3, 2, tzinfo=datetime.timezone.utc)
SECOND_DAY = FIRST_DAY + datetime.timedelta(days=1)
SLOW = SECOND_DAY + datetime.timedelta(hours=15)
DETECTOR = "retrieval-loop"


def text(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


class Watch:
    """Wakeful's own API, as far as this example needs it; all about models goes through the official client."""

    def __init__(self, server):
        self.server = server.rstrip("/") + "/api/v1"

    def ask(self, method, path, **kwargs):
        answer = requests.request(method, self.server + path, timeout=120, **kwargs)
        if not answer.ok:
            sys.exit(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def run(self, kind, until):
        """Runs a job as if it were `until` now, and waits for its end."""
        body = {"kind": kind, "until": text(until)}
        job = self.ask("POST", f"/detectors/{DETECTOR}/run", params={"wait": 60}, json=body)["job"]
        while job["state"] in ("pending", "running"):
            job = self.ask("POST", f"/detectors/{DETECTOR}/run", params={"wait": 60}, json=body)["job"]
        if job["state"] != "succeeded":
            sys.exit(f"{kind} until {text(until)} {job['state']}: {job.get('error')}")
        return job


def observations():
    """Latencies of two regions, with a daily wave and some noise; on the second day one is slow for half an hour."""
    for i in range(2 * 24 * 12):
        at = FIRST_DAY + i * STEP
        for region, usual in (("eu", 120), ("us", 140)):
            noise = math.sin(i * i * 1.7 + usual) * 3
            slow = 80 if region == "eu" and SLOW <= at < SLOW + 6 * STEP else 0
            yield {"ts": text(at), "region": region, "latency_ms": round(usual + 15 * math.sin(i / 288 * 2 * math.pi) + noise + slow, 2)}


def prepare(watch):
    watch.ask("POST", "/ingest/checkout", json=list(observations()))
    definition = (pathlib.Path(__file__).parent / "detector.yaml").read_text()
    watch.ask("PUT", f"/detectors/{DETECTOR}", data=definition.encode(), headers={"Content-Type": "application/yaml"})
    watch.run("train", SECOND_DAY)


def models_on_watch(client):
    return list(client.search_registered_models(
        f"tags.online = 'True' and tags.detector = '{DETECTOR}' and tags.deployment_mode = 'prod'"))


def evaluate(client, watch, until):
    """One turn of the loop: search by tags → latest version → its tags → evaluate → the tag has moved."""
    for model in models_on_watch(client):
        before = model.latest_versions[0]
        watch.run("evaluate", until)
        after = client.get_registered_model(model.name).latest_versions[0]
        mark, moved = before.tags["last_evaluation_ts"], after.tags["last_evaluation_ts"]
        print(f"{model.name}: version {before.version} at {mark} -> version {after.version} at {moved}")
        if mark < text(until - STEP) and moved != text(until - STEP):
            sys.exit(f"{model.name} did not move to {text(until - STEP)}")


@contextlib.contextmanager
def server(wakeful):
    program = pathlib.Path(wakeful)
    command = [str(program.resolve()) if program.exists() else wakeful, "server", "--port", "0"]
    with tempfile.TemporaryDirectory(prefix="wakeful-loop-") as folder:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()
            process.wait(20)


def play(uri):
    client, watch = MlflowClient(uri, registry_uri=uri), Watch(uri)
    if not models_on_watch(client):
        prepare(watch)
    for hour in (6, 12, 18, 24):
        evaluate(client, watch, SECOND_DAY + datetime.timedelta(hours=hour))

    found = watch.ask("GET", "/anomalies", params={"detector": DETECTOR, "max_results": 1000})["anomalies"]
    for anomaly in sorted(found, key=lambda a: (a["timestamp"], a["entity"])):
        print(f"anomaly at {anomaly['timestamp']} in {anomaly['entity']}: {anomaly['value']} (score {anomaly['score']:.1f})")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wakeful", default="wakeful", help="the program")
    parser.add_argument("--tracking-uri", help="a server that runs already")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        play(given.tracking_uri or stack.enter_context(server(given.wakeful)))


if __name__ == "__main__":
    main()
