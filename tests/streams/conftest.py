"""A real broker and the real binary for the tests of faults; servers and stores come from tests/watch."""
import contextlib
import importlib.util
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/support"))

import kafka  # noqa: E402

spec = importlib.util.spec_from_file_location("watch_conftest", ROOT / "tests/watch/conftest.py")
watch_conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(watch_conftest)
BINARY = watch_conftest.BINARY
new_store = watch_conftest.new_store


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    broker = kafka.Broker(tmp_path_factory.mktemp("kafka"))
    yield broker
    broker.stop()


class Stream:
    """A detector's file, a state and a log, and the processes that run it."""

    def __init__(self, folder, detector, name="stream"):
        self.file, self.state, self.log = folder / f"{name}.json", folder / f"{name}-state", folder / f"{name}-log"
        self.file.write_text(json.dumps(detector))  # JSON is YAML
        self.log.touch()
        self.running = None

    def command(self, *more):
        return [BINARY, "stream", "-f", str(self.file), "--state", str(self.state), *more]

    def start(self, *more):
        with open(self.log, "ab") as log:
            self.running = subprocess.Popen(self.command(*more), stdout=log, stderr=log)

    def end(self, how=signal.SIGTERM, seconds=30):
        """Its exit status, and how long it took to end."""
        asked = time.monotonic()
        self.running.send_signal(how)
        status = self.running.wait(seconds)
        return status, time.monotonic() - asked

    def finish(self):
        """Reads to the end; what it says about all its runs."""
        done = subprocess.run(self.command("--until-end"), capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stderr
        return done.stderr.splitlines()[-1]

    def wait_for(self, words, seconds=60):
        until(lambda: words in self.log.read_text(), seconds, self.log.read_text)


@pytest.fixture
def new_stream(tmp_path):
    """Streams, whose processes end with the test."""
    made = []

    def make(detector, name="stream"):
        made.append(Stream(tmp_path, detector, name))
        return made[-1]

    yield make
    for stream in made:
        if stream.running and stream.running.poll() is None:
            stream.end(signal.SIGKILL)


def ended_as_asked(status):
    """By itself; or by the signal, where that came before the program listened to it."""
    return status in (0, -signal.SIGTERM)


def until(condition, seconds=60, tell=lambda: "", every=0.05):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, tell()
        time.sleep(every)


def wait_for_alerts(broker, topic, count, seconds=90):
    """Until so many alerts were committed, or more."""
    found = [None]

    def enough():
        found[0] = broker.alerts(topic)
        return sum(found[0].values()) >= count

    until(enough, seconds, lambda: f"{sum(found[0].values())} of {count} alerts", every=0.5)
    return found[0]


class Feed(threading.Thread):
    """Sends messages little by little, so that there is always a batch under way."""

    def __init__(self, broker, topic, messages, a_second=6_000):
        super().__init__(daemon=True)
        self.producer, self.topic, self.messages, self.a_second = broker.producer(), topic, list(messages), a_second
        self.failure = None
        self.start()

    def run(self):
        try:
            for i, (key, value, ts) in enumerate(self.messages):
                self.producer.produce(self.topic, value, key, timestamp=ts)
                self.producer.poll(0)
                if i % 300 == 0:
                    time.sleep(300 / self.a_second)
            left = self.producer.flush(120)
            self.failure = f"{left} messages were not taken" if left else None
        except Exception as error:  # told by the test, which is another thread
            self.failure = error

    def done(self):
        self.join(240)
        assert not self.is_alive() and self.failure is None, self.failure


@contextlib.contextmanager
def stopped(pid):
    """As a process that a debugger or a full machine holds: it is there, and does nothing."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def assert_same(found, expected):
    assert (sum((expected - found).values()), sum((found - expected).values())) == (0, 0), "missing, surplus"
