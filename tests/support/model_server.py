"""The binary as a tracking server and as a model server, for tests that ask it over HTTP."""

import contextlib
import json
import os
import pathlib
import subprocess
import urllib.error
import urllib.request

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("WAKEFUL_BINARY", str(ROOT / "build/ci/wakeful"))


@contextlib.contextmanager
def running(words, folder, log="log"):
    with open(folder / log, "w") as errors:
        process = subprocess.Popen([BINARY, *words], cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        line = process.stdout.readline()
        assert line, (folder / log).read_text()
        yield line.split()[-1]
    finally:
        process.terminate()
        assert process.wait(20) == 0


def wakeful(*words):
    done = subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def ask(url, body=None, kind="application/json", headers=()):
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": kind, **dict(headers)})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def told(url, body=None, **more):
    status, text = ask(url, body, **more)
    return status, json.loads(text)


def write_csv(path, rows=1_500, seed=5):
    values = np.random.default_rng(seed).normal(size=(rows, 2))
    path.write_text("mean,sd\n" + "".join(f"{a:.6f},{b:.6f}\n" for a, b in values))
    return path


def train(tracking, path, model, *words):
    code, text = wakeful("train", str(path), "--algorithm", "isolation_forest", "--set", "contamination=0.001",
                         "--register", model, "--tracking-uri", tracking, *words)  # fmt: skip
    assert code == 0, text
    return text
