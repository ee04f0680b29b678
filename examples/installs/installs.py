#!/usr/bin/env python3
"""Batch pipelines over a table of installs: create the data, train, predict a week into a table, take it all away again.

    installs.py [--json]            all of it in a temporary folder, on a server of its own
    installs.py create|train|infer|destroy --database FILE [--tracking-uri URL] [--today DAY]

The server (or the runner) finds the database under the name `installs`: start it with
WAKEFUL_CONNECTION_INSTALLS=sqlite:////path/of/FILE. Nothing but Python's standard library and the program.
"""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
DETECTORS = ("installs", "installs-by-group")
HELD_BACK = 7  # days that training does not see
TABLE = """CREATE TABLE IF NOT EXISTS new_users_metrics (created_at TEXT NOT NULL, country_code TEXT NOT NULL,
           platform TEXT NOT NULL, channel TEXT NOT NULL, new_users INTEGER NOT NULL,
           PRIMARY KEY (created_at, country_code, platform, channel))"""


def generate(today, days, seed):
    """A row per day, country, platform and channel; in one of twenty cases a country has no rows on a day."""
    chance = random.Random(seed)
    for back in range(days):
        day = (today - datetime.timedelta(days=back)).isoformat()
        for country in ("it", "fr", "de"):
            if chance.random() < 0.05:
                continue
            for platform in ("ios", "android", "web"):
                for channel in ("organic", "paid", "referral"):
                    yield day, country, platform, channel, chance.randint(1, 10_000)


class Pipelines:
    def __init__(self, given):
        program = pathlib.Path(given.wakeful)
        self.program = str(program.resolve()) if program.exists() else given.wakeful
        self.database, self.url, self.today = pathlib.Path(given.database), given.tracking_uri, given.today
        self.days, self.seed = given.days, given.seed

    def wakeful(self, *words):
        words = [self.program, *map(str, words), "--tracking-uri", self.url]
        done = subprocess.run(words, capture_output=True, text=True, timeout=540)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(words)}: {done.stderr or done.stdout}")
        return done.stdout

    def ask(self, method, path, body=None, missing_is_fine=False, **query):
        data = None if body is None else json.dumps(body).encode()
        address = f"{self.url}{path}?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(address, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as e:
            if e.code == 404 and missing_is_fine:
                return {}
            raise SystemExit(f"{method} {path}: {e.read().decode()}") from e

    def day(self, offset):
        return (self.today + datetime.timedelta(days=offset)).isoformat() + "T00:00:00Z"

    def create(self):
        """Writes the rows (again: the same rows, not more) and applies both detector files."""
        with contextlib.closing(sqlite3.connect(self.database)) as db, db:
            db.execute(TABLE)
            rows = list(generate(self.today, self.days, self.seed))
            db.executemany("INSERT OR REPLACE INTO new_users_metrics VALUES (?, ?, ?, ?, ?)", rows)
        for name in DETECTORS:
            self.wakeful("apply", "-f", HERE / f"{name}.yaml")
        return {"rows": len(rows)}

    def run(self, name, *words):
        return json.loads(self.wakeful("run", name, *words, "--wait", "--json"))

    def train(self):
        """On every day but the last seven before today."""
        return {name: self.run(name, "--kind", "train", "--until", self.day(-HELD_BACK)) for name in DETECTORS}

    def predict(self, first, end):
        """Rows of [first, end), counted in days from today, into `predictions`: once, however often it is said."""
        words = ("--kind", "predict", "--from", self.day(first), "--until", self.day(end))
        return {name: self.run(name, *words) for name in DETECTORS}

    def infer(self):
        return self.predict(-HELD_BACK, 1)

    def destroy(self):
        """What `create`, `train` and `infer` made, and nothing else."""
        gone = {"models": [], "rows": 0}
        for name in DETECTORS:
            self.ask("DELETE", f"/api/v1/detectors/{name}", missing_is_fine=True)
            search = "/api/2.0/mlflow/registered-models/search"
            found = self.ask("GET", search, filter=f"tags.detector = '{name}'", max_results=1000)
            for model in found.get("registered_models", []):
                self.ask("DELETE", "/api/2.0/mlflow/registered-models/delete", {"name": model["name"]})
                gone["models"].append(model["name"])
        with contextlib.closing(sqlite3.connect(self.database)) as db, db:
            db.execute("DROP TABLE IF EXISTS new_users_metrics")
            if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'predictions'").fetchone():
                places = ", ".join("?" * len(DETECTORS))
                gone["rows"] = db.execute(f"DELETE FROM predictions WHERE detector IN ({places})", DETECTORS).rowcount
                if not db.execute("SELECT 1 FROM predictions").fetchone():
                    db.execute("DROP TABLE predictions")
        return gone

    @contextlib.contextmanager
    def server(self, folder):
        words = ["server", "--port", "0", "--backend-store-uri", f"sqlite:///{folder}/store.db"]
        words += ["--artifacts-destination", f"{folder}/artifacts"]
        environment = {**os.environ, "WAKEFUL_CONNECTION_INSTALLS": f"sqlite:///{self.database}"}
        with open(folder / "server.log", "wb") as log:
            server = subprocess.Popen([self.program, *words], stdout=subprocess.PIPE, stderr=log, text=True,
                                      env=environment)  # fmt: skip
        try:
            self.url = server.stdout.readline().split()[-1]
            yield
        finally:
            server.terminate()
            server.wait(timeout=30)
            server.stdout.close()


def outcome(jobs):
    return {name: {**job["result"], "run_id": job["run_id"]} for name, job in jobs.items()}


def demo(pipelines, as_json):
    with tempfile.TemporaryDirectory(prefix="wakeful-installs-") as name:
        folder = pathlib.Path(name)
        pipelines.database = folder / "installs.db"
        with pipelines.server(folder):
            report = {"created": pipelines.create(), "trained": outcome(pipelines.train())}
            report["inferred"] = outcome(pipelines.infer())
            with contextlib.closing(sqlite3.connect(pipelines.database)) as db:
                report["sample"] = [list(row) for row in db.execute("SELECT * FROM predictions ORDER BY score DESC LIMIT 5")]
            report["destroyed"] = pipelines.destroy()
    if as_json:
        return print(json.dumps(report))
    print(f"{report['created']['rows']} rows")
    for name in DETECTORS:
        trained, inferred = report["trained"][name], report["inferred"][name]
        print(f"{name}: {trained['models']} models; {inferred['rows']} rows predicted, {inferred['outliers']} outliers")
    for row in report["sample"]:
        print(", ".join(map(str, row)))
    print(f"destroyed {len(report['destroyed']['models'])} models and {report['destroyed']['rows']} predictions")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", nargs="?", default="demo", choices=("create", "train", "infer", "destroy", "demo"))
    parser.add_argument("--wakeful", default="wakeful", help="the program")
    parser.add_argument("--tracking-uri", default=os.environ.get("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000"))
    parser.add_argument("--database", default="installs.db", help="the SQLite file of rows and predictions")
    parser.add_argument("--today", type=datetime.date.fromisoformat, default=datetime.date.today())
    parser.add_argument("--days", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    pipelines = Pipelines(given)
    if given.action == "demo":
        return demo(pipelines, given.json)
    done = getattr(pipelines, given.action)()
    print(json.dumps(outcome(done) if given.action in ("train", "infer") else done, indent=None if given.json else 2))


if __name__ == "__main__":
    sys.exit(main())
