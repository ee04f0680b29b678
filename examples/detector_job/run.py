#!/usr/bin/env python3
"""The detector job, from empty tables to anomalies: a year of transactions by customers in four regions.

    examples/detector_job/run.py [--wakeful PROGRAM] [--json]

Writes the tables into a temporary folder, starts a server of its own, asks the metric store, applies the detector, trains
it on the days before December, evaluates December in steps, trains it again in between, and shows what it found. Nothing
but Python's standard library and the program.
"""

import argparse
import contextlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
SPIKE = "2023-12-20"
STEPS = ("2023-12-08", "2023-12-15", "2023-12-22", "2024-01-01")


class Job:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.url = None

    def wakeful(self, *words):
        done = subprocess.run([self.program, *map(str, words)], capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            raise SystemExit(f"wakeful {' '.join(map(str, words))}: {done.stderr}")
        return done.stdout

    @contextlib.contextmanager
    def server(self):
        words = ["server", "--port", "0", "--backend-store-uri", f"sqlite:///{self.folder}/store.db"]
        words += ["--artifacts-destination", f"{self.folder}/artifacts"]
        with open(self.folder / "server.log", "wb") as log:
            server = subprocess.Popen([self.program, *words], stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            self.url = server.stdout.readline().split()[-1]
            yield
        finally:
            server.terminate()
            server.wait(timeout=30)
            server.stdout.close()

    def get(self, path, **query):
        with urllib.request.urlopen(f"{self.url}{path}?{urllib.parse.urlencode(query)}", timeout=60) as answer:
            return json.load(answer)

    def turn(self, kind, day):
        words = ["run", "transactions", "--kind", kind, "--until", f"{day}T00:00:00Z", "--wait", "--json"]
        return json.loads(self.wakeful(*words, "--tracking-uri", self.url))["result"]

    def models(self):
        found = self.get("/api/2.0/mlflow/registered-models/search", filter="tags.online = 'True'")["registered_models"]
        out = {}
        for model in found:
            latest = model["latest_versions"][0]
            tags = {tag["key"]: tag["value"] for tag in latest["tags"]}
            out[model["name"]] = {"version": int(latest["version"]), "mark": tags["last_evaluation_ts"]}
        return out

    def anomalies(self):
        return self.get("/api/v1/anomalies", detector="transactions", max_results=1000)["anomalies"]

    def versions(self, model):
        found = self.get("/api/2.0/mlflow/model-versions/search", filter=f"name = '{model}'")
        return sorted(int(version["version"]) for version in found["model_versions"])


def prepare(job):
    metrics = job.folder / "metrics"
    subprocess.run([sys.executable, HERE / "generate.py", metrics, "--spike-day", SPIKE], check=True)
    for file in (HERE / "metrics").iterdir():
        shutil.copy(file, metrics)
    detector = (HERE / "detector.yaml").read_text().replace("{config: METRICS", f"{{config: {metrics}")
    (job.folder / "detector.yaml").write_text(detector)
    return metrics


def play(job):
    metrics = prepare(job)
    report = {"by_month": job.wakeful("metrics", "num_transactions", "-t", "MONTH", "--config", metrics), "turns": []}

    def note(what, day):
        report["turns"].append({"what": what, "until": day, "result": job.turn(what, day), "models": job.models()})

    with job.server():
        job.wakeful("apply", "-f", job.folder / "detector.yaml", "--tracking-uri", job.url)
        note("train", "2023-12-01")
        for day in STEPS[:2]:
            note("evaluate", day)
        note("train", STEPS[1])
        for day in STEPS[2:]:
            note("evaluate", day)
        note("evaluate", STEPS[-1])
        report["anomalies"] = job.anomalies()
        report["versions"] = {name: job.versions(name) for name in job.models()}
    return report


def show(report):
    print(report["by_month"])
    for turn in report["turns"]:
        print(f"{turn['what']} until {turn['until']}:")
        for name, model in turn["models"].items():
            print(f"  {name}: version {model['version']}, evaluated up to {model['mark']}")
    for a in report["anomalies"]:
        expected = "-" if a["expected"] is None else f"{a['expected']:.1f}"
        print(f"anomaly at {a['timestamp'][:10]} in '{a['entity']}' by {a['algorithm']}: {a['value']:g}, expected {expected}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wakeful", default=shutil.which("wakeful") or str(HERE.parents[1] / "build/release/wakeful"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = play(Job(options.wakeful, pathlib.Path(folder)))
    print(json.dumps(report)) if options.json else show(report)


if __name__ == "__main__":
    main()
