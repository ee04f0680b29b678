"""The real binary, started, killed and asked over HTTP with nothing but the standard library.

WAKEFUL_BINARY is the program; WAKEFUL_TEST_DATA the folder of data sets (default ../shared/data beside the project);
WAKEFUL_TEST_POSTGRES a PostgreSQL URI, without which the tests on it are skipped.
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("WAKEFUL_BINARY", str(ROOT / "build/ci/wakeful"))
DATA = pathlib.Path(os.environ.get("WAKEFUL_TEST_DATA", ROOT.parent / "shared/data"))


class Refused(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status}: {body}")
        self.status, self.body = status, body


class Program:
    """One process of the binary that says where it listens (server), or that it works (runner)."""

    def __init__(self, words, ready, log):
        self.log = open(log, "ab")
        self.process = subprocess.Popen([BINARY, *words], stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if ready not in line:
            self.kill()
            raise RuntimeError(f"{words[0]} did not start: {line!r}\n{pathlib.Path(log).read_text()[-2000:]}")
        self.line = line.strip()

    def kill(self, how=signal.SIGKILL):
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(timeout=30)
        self.process.stdout.close()
        self.log.close()
        return self.process.returncode


class Store:
    """Where a server keeps things; outlives the processes that serve it."""

    def __init__(self, uri, folder):
        self.uri, self.folder = uri, folder
        self.port = 0

    def words(self, *more):
        return ["server", "--port", str(self.port), "--backend-store-uri", self.uri,
                "--artifacts-destination", str(self.folder / "artifacts"), *more]

    def serve(self, *more):
        program = Program(self.words(*more), "listening on", self.folder / "server.log")
        self.url = program.line.split()[-1]
        self.port = int(self.url.rsplit(":", 1)[1])  # the same one after a restart
        return program

    def run(self, *more):
        return Program(["runner", "--tracking-uri", self.url, *more], "running", self.folder / "runner.log")

    # What is asked over HTTP.

    def ask(self, method, path, body=None, kind="application/json", timeout=120):
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        if data is not None:
            request.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise Refused(error.code, error.read().decode()) from None

    def get(self, path, **query):
        return self.ask("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""))

    def pages(self, noun, path, **query):
        rows, token = [], None
        while True:
            page = self.get(path, **query, max_results=10000, **({"page_token": token} if token else {}))
            rows += page[noun]
            token = page.get("next_page_token")
            if not token:
                return rows

    def ingest(self, source, rows):
        return self.ask("POST", f"/api/v1/ingest/{source}", "\n".join(map(json.dumps, rows)).encode(),
                        "application/x-ndjson")

    def finish(self, detector, kind, until):
        """Runs a job and waits until it has ended."""
        path = f"/api/v1/detectors/{detector}/run?wait=60"
        job = self.ask("POST", path, {"kind": kind, "until": until})["job"]
        deadline = time.monotonic() + 300
        while job["state"] in ("pending", "running") and time.monotonic() < deadline:
            job = self.ask("POST", path, {"kind": kind, "until": until})["job"]
        return job


@pytest.fixture
def new_store(tmp_path):
    """Makes stores of a kind: "sqlite", or "postgres" in a schema-less database of its own."""
    with contextlib.ExitStack() as stack:

        def make(kind="sqlite"):
            folder = pathlib.Path(tempfile.mkdtemp(dir=tmp_path))
            if kind == "sqlite":
                return Store(f"sqlite:///{folder / 'wakeful.db'}", folder)
            uri = os.environ.get("WAKEFUL_TEST_POSTGRES")
            if not uri or not shutil.which("psql"):
                pytest.skip("WAKEFUL_TEST_POSTGRES is not set, or psql is not there")
            name = "t_" + uuid.uuid4().hex
            subprocess.run(["psql", "-q", uri, "-c", f"CREATE DATABASE {name}"], check=True)
            drop = ["psql", "-q", uri, "-c", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"]
            stack.callback(subprocess.run, drop, check=False)
            return Store(uri.rsplit("/", 1)[0] + "/" + name, folder)

        yield make
