#!/usr/bin/env python3
"""Fits a series, asks about values, fits it again: on a server of its own, or on the one that --url names."""

import argparse
import contextlib
import json
import pathlib
import subprocess
import tempfile
import urllib.request


@contextlib.contextmanager
def server(wakeful):
    program = pathlib.Path(wakeful)
    command = [str(program.resolve()) if program.exists() else wakeful, "server", "--port", "0"]
    with tempfile.TemporaryDirectory(prefix="wakeful-series-") as folder:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()
            process.wait(20)


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def fit(url, series, values):
    body = {"timestamps": list(range(len(values))), "values": values}
    answer = post(f"{url}/fit/{series}", body)
    print(f"fit {series}: {answer['version']} of {answer['points_used']} points")


def predict(url, series, value, query=""):
    answer = post(f"{url}/predict/{series}{query}", {"timestamp": 100, "value": value})
    verdict = "anomaly" if answer["anomaly"] else "normal"
    print(f"predict {series} {value}: {verdict} ({answer['model_version']})")


def play(url):
    fit(url, "sensor_01", [10, 10.5, 11])
    predict(url, "sensor_01", 10.5)
    predict(url, "sensor_01", 22.5)
    fit(url, "sensor_01", [20, 21, 22, 23])
    predict(url, "sensor_01", 22.5)
    predict(url, "sensor_01", 22.5, "?version=v1")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wakeful", default="wakeful", help="the program")
    parser.add_argument("--url", help="a server that runs already")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        play(given.url or stack.enter_context(server(given.wakeful)))


if __name__ == "__main__":
    main()
