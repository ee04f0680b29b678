"""The scenarios: what the load generator asks, and whether the server kept what it acknowledged."""

import collections
import dataclasses
import json
import os
import pathlib
import sqlite3
import subprocess
import time

import stores
from api import Client, in_parallel
from servers import Server, processor_seconds_of, spent

BATCH_ROWS, BATCH_KEYS = 1000, 20

METRIC = (
    'POST /api/2.0/mlflow/runs/log-metric {"run_id":"@run@","key":"loss","value":@seq@.25,"timestamp":@time@,"step":@seq@}'
)
BATCH = 'POST /api/2.0/mlflow/runs/log-batch {"run_id":"@run@","metrics":[@rows@]}'
BATCH_ROW = '{"key":"b@key@","value":@point@.5,"timestamp":@time@,"step":@point@}'


@dataclasses.dataclass(frozen=True)
class Scenario:
    question: str  # health, log-metric, log-batch, create-run, search-runs, search-models
    connections: int
    per_answer: int = 1  # what the rate counts
    unit: str = "req/s"

    @property
    def name(self) -> str:
        return f"{self.question} c={self.connections}"


SCENARIOS = [
    Scenario("health", 1),
    Scenario("health", 32),
    Scenario("search-runs", 1),
    Scenario("search-runs", 32),
    Scenario("search-models", 1),
    Scenario("search-models", 32),
    Scenario("log-metric", 1),
    Scenario("log-metric", 32),
    Scenario("log-metric", 64),
    Scenario("log-batch", 1, BATCH_ROWS, "metrics/s"),
    Scenario("log-batch", 32, BATCH_ROWS, "metrics/s"),
    Scenario("create-run", 1),
    Scenario("create-run", 32),
]


class Book:
    """What one server was asked and has acknowledged: the ledger that the store is held against."""

    def __init__(self):
        self.next_seq = collections.Counter()  # by question
        self.acknowledged = collections.defaultdict(list)  # by question: (connection, seq)
        self.failed = collections.Counter()
        self.wrong: list[str] = []

    def seqs(self, question: str) -> set[int]:
        return {seq for _, seq in self.acknowledged[question]}


class Subject:
    """One server with its store and its book."""

    def __init__(self, server: Server):
        self.server = server
        self.client = Client(server.port)
        self.book = Book()
        self.store: stores.Store | None = None
        self.is_closed = False

    @property
    def name(self) -> str:
        return self.server.name

    def fill(self):
        kind = self.server.kind
        kind.has_registry = kind.has_registry and stores.answers_registry(self.client)
        self.store = stores.fill(self.client, with_registry=kind.has_registry)

    def restart(self) -> float:
        seconds = self.server.start()
        self.client = Client(self.server.port)
        return seconds

    def answers(self, scenario: Scenario) -> bool:
        return self.server.kind.has_registry or scenario.question != "search-models"


class Generator:
    """The load generator with its files."""

    def __init__(self, program: pathlib.Path, folder: pathlib.Path):
        self.program = program
        self.folder = folder

    def command(self, subject: Subject, scenario: Scenario, seconds: float, *, quickack: bool) -> list[str]:
        question, store = scenario.question, subject.store
        command = [
            str(self.program), "--port", str(subject.server.port), "--connections", str(scenario.connections),
            "--seconds", str(seconds), "--warmup", str(min(0.3, seconds / 5)), "--templates", self._file("templates"),
            "--first-seq", str(subject.book.next_seq[question]), "--acknowledged", self._file("acknowledged"),
        ]
        if quickack:
            command.append("--quickack")
        if question in ("search-runs", "search-models"):
            (self.folder / "answers").mkdir(exist_ok=True)
            command += ["--same", "--answers", self._file("answers")]
        if question in ("log-metric", "log-batch"):
            runs = store.metric_runs if question == "log-metric" else store.batch_runs
            self._write("runs", runs)
            command += ["--runs", self._file("runs")]
        if question == "log-batch":
            self._write("row", [BATCH_ROW])
            command += ["--row", self._file("row"), "--rows", str(BATCH_ROWS), "--keys", str(BATCH_KEYS)]
        self._write("templates", self._templates(question, store))
        return command

    def run(self, subject: Subject, scenario: Scenario, seconds: float, *, quickack: bool = True) -> dict:
        """One round: rate, latencies and failures. Searches are held against the computed answers at once."""
        command = self.command(subject, scenario, seconds, quickack=quickack)
        before = processor_seconds_of(subject.server.pids())
        with subject.server.watched():
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        result = json.loads(done.stdout)
        seconds = spent(before, processor_seconds_of(subject.server.pids()))
        result["processor_ms"] = 1e3 * seconds / max(1, result["answered"])
        self.enter(subject, scenario, result)
        result["rate"] *= scenario.per_answer
        return result

    def enter(self, subject: Subject, scenario: Scenario, result: dict):
        question, book = scenario.question, subject.book
        book.next_seq[question] = result["next_seq"]
        book.failed[question] += result["failed"]
        if question in ("search-runs", "search-models"):
            return self._check_answers(subject, question)
        if question != "health":
            lines = (self.folder / "acknowledged").read_text().splitlines()
            book.acknowledged[question] += [tuple(map(int, line.split())) for line in lines]

    def _check_answers(self, subject: Subject, question: str):
        for path in (self.folder / "answers").iterdir():
            answer = json.loads(path.read_bytes())
            path.unlink()
            if question == "search-runs":
                wrong = stores.check_run_search(subject.store, int(path.name), answer)
            else:
                wrong = stores.check_model_search(int(path.name), answer)
            if wrong:
                subject.book.wrong.append(wrong)

    def _templates(self, question: str, store: stores.Store) -> list[str]:
        if question == "search-runs":
            return stores.run_searches(store)
        if question == "search-models":
            return stores.model_searches()
        if question == "create-run":
            body = {"experiment_id": store.created, "run_name": "r@seq@", "start_time": 1_700_000_000_000}
            return [f"POST /api/2.0/mlflow/runs/create {json.dumps(body)}"]
        return [{"health": "GET /health", "log-metric": METRIC, "log-batch": BATCH}[question]]

    def _file(self, name: str) -> str:
        return str(self.folder / name)

    def _write(self, name: str, lines: list[str]):
        (self.folder / name).write_text("".join(line + "\n" for line in lines))


def read_back(subject: Subject) -> dict[str, int]:
    """Reads everything that was written, enters what is wrong in the book and returns how much was compared."""
    return {
        "metrics": _read_metrics(subject),
        "batches": _read_batches(subject),
        "runs": _read_runs(subject),
    }


def _held_against(book: Book, question: str, what: str, stored: list, acknowledged: set):
    """What is acknowledged must be there, nothing twice; what is there beyond must have failed or been cut off."""
    there = set(stored)
    if missing := acknowledged - there:
        book.wrong.append(f"{what}: {len(missing)} acknowledged and not there, the first {sorted(missing)[0]}")
    if len(there) != len(stored):
        book.wrong.append(f"{what}: {len(stored) - len(there)} stored twice")
    if (extra := there - acknowledged) and not book.failed[question]:
        book.wrong.append(f"{what}: {len(extra)} there that nobody acknowledged, the first {sorted(extra)[0]}")


def _by_run(subject: Subject, question: str, runs: list[str]) -> dict[str, set[int]]:
    wanted = {run: set() for run in runs}
    for connection, seq in subject.book.acknowledged[question]:
        wanted[runs[connection % len(runs)]].add(seq)
    return wanted


def _read_metrics(subject: Subject) -> int:
    book, count = subject.book, 0
    wanted = _by_run(subject, "log-metric", subject.store.metric_runs)
    histories = in_parallel(lambda run: subject.client.history(run, "loss"), list(wanted))
    for (run, seqs), points in zip(wanted.items(), histories):
        count += len(points)
        _held_against(book, "log-metric", f"log-metric {run}", [step for step, _ in points], seqs)
        if any(value != step + 0.25 for step, value in points):
            book.wrong.append(f"log-metric {run}: a value differs from the one that was sent")
    return count


def _read_batches(subject: Subject) -> int:
    book, count = subject.book, 0
    wanted = _by_run(subject, "log-batch", subject.store.batch_runs)
    for run, seqs in wanted.items():
        for key in range(BATCH_KEYS):
            points = subject.client.history(run, f"b{key}") if seqs else []
            count += len(points)
            steps = {seq * BATCH_ROWS + row for seq in seqs for row in range(key, BATCH_ROWS, BATCH_KEYS)}
            _held_against(book, "log-batch", f"log-batch {run} b{key}", [step for step, _ in points], steps)
            if any(value != step + 0.5 for step, value in points):
                book.wrong.append(f"log-batch {run} b{key}: a value differs from the one that was sent")
    return count


def _read_runs(subject: Subject) -> int:
    names = [int(run["info"]["run_name"][1:]) for run in subject.client.runs_of(subject.store.created)]
    _held_against(subject.book, "create-run", "create-run", names, subject.book.seqs("create-run"))
    return len(names)


def sync_rates(folder: pathlib.Path, seconds: float) -> dict[str, float]:
    """How often a second this disk syncs: plain appends of 4 kB, and SQLite's commits of one row (WAL, FULL)."""
    path = folder / "sync"
    with open(path, "wb", buffering=0) as out:
        appends = _rate(lambda: (out.write(bytes(4096)), os.fdatasync(out.fileno())), seconds)
    path.unlink()
    database = sqlite3.connect(folder / "sync.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE IF NOT EXISTS t(a INTEGER PRIMARY KEY, b DOUBLE, c BIGINT, d BIGINT)")
    commits = _rate(lambda: database.execute("INSERT INTO t(b, c, d) VALUES(0.5, 1700000000000, 7)"), seconds)
    database.close()
    return {"append_fdatasync": appends, "sqlite_wal_full": commits}


def _rate(step, seconds: float) -> float:
    began, count = time.perf_counter(), 0
    while (now := time.perf_counter()) - began < seconds:
        step()
        count += 1
    return count / (now - began)
