"""MLflow's REST API as far as the benchmark fills stores and reads them back. One client is one connection."""

import base64
import concurrent.futures
import http.client
import json
import socket
import threading
import time
import urllib.parse

PAGE_OF_HISTORY = 25_000
PAGE_OF_RUNS = 10_000  # FastTrackML puts the ids of a page into one statement, which SQLite bounds
IDLE_SECONDS = 2  # after which a server may close a connection (uvicorn: 5)


class Refused(RuntimeError):
    """An answer other than 200."""


class Client:
    def __init__(self, port: int):
        self.port = port
        self.local = threading.local()

    def ask(self, method: str, path: str, body: dict | None = None) -> dict:
        connection = getattr(self.local, "connection", None)
        if connection is None or time.monotonic() - self.local.used > IDLE_SECONDS:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.local.connection = connection
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        text = None if body is None else json.dumps(body)
        connection.request(method, "/api/2.0/mlflow/" + path, text, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        self.local.used = time.monotonic()
        if answer.will_close:
            self.local.connection = None
        if answer.status != 200:
            raise Refused(f"{method} {path.split('?')[0]}: {answer.status} {content[:300].decode(errors='replace')}")
        return json.loads(content or b"{}")

    def post(self, path: str, **body) -> dict:
        return self.ask("POST", path, body)

    def get(self, path: str, **query) -> dict:
        return self.ask("GET", f"{path}?{urllib.parse.urlencode(query)}")

    def create_experiment(self, name: str) -> str:
        return self.post("experiments/create", name=name)["experiment_id"]

    def create_run(self, experiment: str, name: str) -> str:
        made = self.post("runs/create", experiment_id=experiment, run_name=name, start_time=1_700_000_000_000)
        return made["run"]["info"]["run_id"]

    def history(self, run: str, key: str) -> list[tuple[int, float]]:
        """Step and value of every point of one metric, over all pages."""
        points, token = [], None
        while True:
            more = {"page_token": token} if token else {}
            page = self.get("metrics/get-history", run_id=run, metric_key=key, max_results=PAGE_OF_HISTORY, **more)
            # Whole numbers are strings in plain protobuf JSON, which mlflow-go speaks.
            points += [(int(point.get("step", 0)), float(point["value"])) for point in page.get("metrics", [])]
            token = page.get("next_page_token")
            if not token:
                return points

    def runs_of(self, experiment: str) -> list[dict]:
        """Every run of one experiment, over all pages."""
        runs, token = [], None
        while True:
            more = {"page_token": token} if token else {}
            page = self.post("runs/search", experiment_ids=[experiment], max_results=PAGE_OF_RUNS, **more)
            runs += page.get("runs", [])
            token = whole(page.get("next_page_token"))
            if not token:
                return runs


def whole(token: str | None) -> str | None:
    """mlflow-go and FastTrackML cut the end off some tokens, {"offset":10000 for {"offset":10000}, and refuse them."""
    try:
        text = base64.b64decode(token or "", validate=True).decode()
        return base64.b64encode(f"{text}}}".encode()).decode() if text.startswith("{") and text[-1] != "}" else token
    except ValueError:
        return token  # of another kind


def in_parallel(function, items: list, threads: int = 8) -> list:
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, items))
