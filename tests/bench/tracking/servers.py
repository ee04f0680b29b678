"""The servers that are measured: started on a free port, paused while another has its turn, ended by pid.

A server is its whole process tree: memory is the sum over it, and a paused server uses no processor, so that several can
be up at once and take turns within one scenario.
"""

import contextlib
import dataclasses
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable

START_SECONDS = 120
STOP_SECONDS = 20
PAUSE_SECONDS = 1.0  # in which workers answer their parents
AT_REST = 0.15  # of a processor
IDLE_SECONDS = 3  # at rest, before the idle memory is read
PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 1 << 20


class Broken(RuntimeError):
    """A server did not start, or ended by itself."""


@dataclasses.dataclass
class Kind:
    """How to start one sort of server, and what may be asked of it."""

    name: str
    command: Callable[[int, pathlib.Path], list[str]]
    version: str
    environment: dict[str, str] = dataclasses.field(default_factory=dict)
    has_registry: bool = True
    is_wakeful: bool = False
    starts: int = 1  # cold starts to measure: few where one takes seconds


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def processes() -> dict[int, tuple[int, int, int]]:
    """pid → parent, session, start time in ticks."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                fields = pathlib.Path(f"/proc/{entry}/stat").read_text().rsplit(")", 1)[1].split()
                if fields[0] != "Z":
                    found[int(entry)] = (int(fields[1]), int(fields[3]), int(fields[19]))
    return found


def tree_of(root: int) -> list[int]:
    """The pids of a server, parents first. It leads a session, so children whose parent ended are found too."""
    every = processes()
    tree, rest = [root] if root in every else [], [pid for pid in every if pid != root]
    while True:
        more = [pid for pid in rest if every[pid][0] in tree or every[pid][1] == root]
        if not more:
            return tree
        tree += more
        rest = [pid for pid in rest if pid not in more]


def processor_seconds_of(pids: list[int]) -> dict[int, float]:
    seconds = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            seconds[pid] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


def spent(before: dict[int, float], after: dict[int, float]) -> float:
    """Processor seconds between two readings; what ended in between is left out."""
    return sum(seconds - before.get(pid, 0) for pid, seconds in after.items())


def rss_of(pids: list[int]) -> int:
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError, IndexError):
            total += int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    return total


def pss_of(pids: list[int]) -> int:
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


class Server:
    """One running server on one store."""

    def __init__(self, kind: Kind, folder: pathlib.Path):
        self.kind = kind
        self.name = kind.name
        self.folder = folder
        self.port = 0
        self.peak_rss = 0
        self.process: subprocess.Popen | None = None
        self.is_paused = False
        self.paused_parents: list[int] = []

    def start(self) -> float:
        """Seconds from the start of the process to the first 200 of /health."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        environment = {**os.environ, **self.kind.environment}
        command = self.kind.command(self.port, self.folder)
        with open(self.folder / "log", "a") as log:
            began = time.perf_counter()
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, env=environment, start_new_session=True
            )
        while time.perf_counter() - began < START_SECONDS:
            if self._is_healthy():
                return time.perf_counter() - began
            if self.process.poll() is not None:
                break
            time.sleep(max(0.0005, (time.perf_counter() - began) / 100))
        tail = (self.folder / "log").read_text(errors="replace")[-2000:]
        self.stop()
        raise Broken(f"{self.name} did not answer /health; its log ends with:\n{tail}")

    def _is_healthy(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            connection.sendall(f"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode())
            return connection.recv(64).split(b" ")[1:2] == [b"200"]
        return False

    def pids(self) -> list[int]:
        return tree_of(self.process.pid)

    def pause(self):
        """Parents first, and the others when they have answered them: a parent that asks its workers whether they live
        must find the answer when it goes on."""
        every = processes()
        pids = self.pids()
        parents = [pid for pid in pids if any(every[other][0] == pid for other in pids if other in every)]
        for pid in parents:
            os.kill(pid, signal.SIGSTOP)
        if parents:
            time.sleep(PAUSE_SECONDS)
        for pid in pids:
            if pid not in parents:
                os.kill(pid, signal.SIGSTOP)
        self.paused_parents = parents
        self.is_paused = True

    def resume(self):
        """The other way round, and back when /health is answered again."""
        if not self.is_paused:
            return
        self.is_paused = False
        for pid in [pid for pid in self.pids() if pid not in self.paused_parents]:
            os.kill(pid, signal.SIGCONT)
        if self.paused_parents:
            time.sleep(PAUSE_SECONDS)
        for pid in self.paused_parents:
            os.kill(pid, signal.SIGCONT)
        deadline = time.monotonic() + START_SECONDS
        while not self._is_healthy() and time.monotonic() < deadline:
            time.sleep(0.01)

    def settle(self):
        """Waits until the whole tree is at rest: /health may be answered while other workers still load."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            before = processor_seconds_of(self.pids())
            time.sleep(1)
            if spent(before, processor_seconds_of(self.pids())) < AT_REST:
                return

    def idle_memory(self) -> dict:
        self.settle()
        time.sleep(IDLE_SECONDS)
        pids = self.pids()
        return {"rss": rss_of(pids), "pss": pss_of(pids), "processes": len(pids)}

    @contextlib.contextmanager
    def watched(self):
        """Keeps the greatest memory seen while the body runs."""
        ended = threading.Event()

        def watch():
            while not ended.wait(0.25):
                self.peak_rss = max(self.peak_rss, rss_of(self.pids()))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()
            self.peak_rss = max(self.peak_rss, rss_of(self.pids()))

    def kill(self):
        """As a crash would: no goodbye."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process is None:
            return
        tree = set(self.pids())
        started = {pid: times[2] for pid, times in processes().items() if pid in tree}
        self.resume()
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._end_the_rest(started)
        self.process = None

    @staticmethod
    def _end_the_rest(started: dict[int, int]):
        """Children that outlived the parent, the same processes as before and not others under their numbers."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            now = processes()
            left = [pid for pid, time_of in started.items() if pid in now and now[pid][2] == time_of]
            if not left:
                return
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline and any(pid in processes() for pid in left):
                time.sleep(0.05)


def cold_starts(kind: Kind, folder: pathlib.Path, count: int) -> list[float]:
    """Seconds of `count` starts, each on an empty store of its own."""
    times = []
    for i in range(count):
        server = Server(kind, folder / f"empty-{i}")
        times.append(server.start())
        server.stop()
    return times
