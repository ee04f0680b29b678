#!/usr/bin/env python3
"""Trains an isolation forest on vectors, serves it, asks it, and moves the alias to a second version while it answers."""

import argparse
import contextlib
import json
import pathlib
import random
import subprocess
import tempfile
import time
import urllib.request

MODEL = "vectors"


@contextlib.contextmanager
def running(command, folder):
    """The URL that the program prints once it answers."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait(20)


def write_vectors(path, seed, count=4_000):
    """Mean and deviation of something measured, both standardised; a few lie far out."""
    chance = random.Random(seed)
    with open(path, "w") as file:
        print("mean,sd", file=file)
        for i in range(count):
            wide = 12 if i % 1_500 == 7 else 1
            print(f"{chance.gauss(0, wide):.4f},{abs(chance.gauss(0, wide)):.4f}", file=file)


def ask(url, vector, score=True):
    request = urllib.request.Request(f"{url}/prediction?score={str(score).lower()}", json.dumps(vector).encode())
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def train(wakeful, tracking, path, alias="champion"):
    command = [wakeful, "train", path, "--algorithm", "isolation_forest", "--set", "contamination=0.001", "--set",
               "seed=16", "--register", MODEL, "--alias", alias, "--tracking-uri", tracking]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    print("train:", done.stdout.split(",")[0])


def play(wakeful, folder):
    server = [wakeful, "server", "--port", "0"]
    with running(server, folder) as tracking:
        write_vectors(folder / "train.csv", seed=1)
        train(wakeful, tracking, folder / "train.csv")
        serving = [wakeful, "models", "serve", "-m", f"models:/{MODEL}@champion", "--port", "0", "--reload", "100ms",
                   "--tracking-uri", tracking]  # fmt: skip
        with running(serving, folder) as url:
            for vector in ([0.1, 0.1], [3, 3], [30, 25]):
                answer = ask(url, vector)
                verdict = "normal" if answer["is_inliner"] == 1 else "anomaly"
                print(f"predict {vector}: {verdict}, score {answer['anomaly_score']:.3f} (version {answer['model_version']})")
            write_vectors(folder / "later.csv", seed=2)
            train(wakeful, tracking, folder / "later.csv")
            asked = 0
            while ask(url, [0.1, 0.1], score=False)["model_version"] != 2:
                asked += 1
                time.sleep(0.01)
            print("predict [0.1, 0.1]: answered by version 2, and no question went without an answer")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wakeful", default="wakeful", help="the program")
    given = parser.parse_args()
    program = pathlib.Path(given.wakeful)
    with tempfile.TemporaryDirectory(prefix="wakeful-prediction-") as folder:
        play(str(program.resolve()) if program.exists() else given.wakeful, pathlib.Path(folder))


if __name__ == "__main__":
    main()
