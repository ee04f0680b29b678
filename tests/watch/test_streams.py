"""Stream detectors over a real Kafka and over pushes: what they alert about, refuse, and make of kills."""
import collections
import datetime
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

from conftest import BINARY, ROOT

sys.path.append(str(ROOT / "tests/support"))
import kafka  # noqa: E402

KILLS = int(os.environ.get("WAKEFUL_STREAM_KILLS", "10"))


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    broker = kafka.Broker(tmp_path_factory.mktemp("kafka"))
    yield broker
    broker.stop()


class Stream:
    """A detector's file and state, and the process that runs it."""

    def __init__(self, folder, detector):
        self.folder = folder
        self.file = folder / "detector.json"  # JSON is YAML
        self.file.write_text(json.dumps(detector))

    def command(self, *more, state="state"):
        return [BINARY, "stream", "-f", str(self.file), "--state", str(self.folder / state), *more]

    def start(self, *more):
        return subprocess.Popen(self.command(*more), stdout=subprocess.PIPE, stderr=open(self.folder / "log", "ab"))

    def wait_for(self, words):
        deadline = time.monotonic() + 60
        while words not in (self.folder / "log").read_text():
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.05)

    def finish(self, **options):
        """Reads to the end; what it says about all runs."""
        done = subprocess.run(self.command("--until-end", **options), capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stderr
        return done.stderr.splitlines()[-1]


TUTORIAL = [(100_000, 88), (100_600, 90), (101_200, 91), (101_800, 92), (102_400, 93)]


def test_the_tutorials_five_readings_give_its_eleven_alerts(broker, tmp_path):
    source, alerts = broker.topics("readings", "alerts")
    broker.give(source, [("2", json.dumps({"Temperature_C": t}), ts) for ts, t in TUTORIAL])
    stream = Stream(tmp_path, kafka.detector(broker, source, alerts))
    assert "5 events" in stream.finish() and "11 alerts" in stream.finish()
    found = [(m.key(), m.timestamp()[1], m.value(), m.headers()) for m in broker.read(alerts)]
    assert found == [(b"2", start, value, None) for start, value in [
        (101_000, b"91.0"), (97_000, b"90.25"), (98_000, b"90.25"), (99_000, b"90.25"), (100_000, b"90.25"),
        (101_000, b"91.5"), (98_000, b"90.8"), (99_000, b"90.8"), (100_000, b"90.8"), (101_000, b"92.0"),
        (102_000, b"93.0")]]


def test_an_alert_can_say_more_and_take_its_time_from_a_field(broker, tmp_path):
    source, alerts = broker.topics("readings", "alerts")
    broker.give(source, [("2", json.dumps({"Temperature_C": t, "Timestamp": ts * 1_000_000}), 1) for ts, t in TUTORIAL])
    output = {"kafka": {"topic": alerts, "value": "json"}}
    window = {"kind": "tumbling", "size": "1s", "emit": "final"}
    Stream(tmp_path, kafka.detector(broker, source, alerts, output=output, window=window,
                                    timestamp={"field": "Timestamp", "unit": "ns"})).finish()
    assert [json.loads(m.value()) for m in broker.read(alerts)] == [
        {"detector": "hot-machines", "state": "firing", "start": 101_000, "end": 102_000, "count": 2, "mean": 91.5}]


def test_what_is_no_event_goes_to_the_dead_letters_with_its_reason(broker, tmp_path):
    source, alerts, dead = broker.topics("readings", "alerts", "dead")
    poison = [("2", b"not JSON", 100_000), ("2", b"[1]", 100_000), ("2", b'{"Temperature_C": "hot"}', 100_000),
              (None, b'{"Temperature_C": 99}', 100_000), (b"\xff\xfe", b'{"Temperature_C": 99}', 100_000),
              ("2", b"", 100_000), ("2", b'{"Temperature_C": 99, "x": "\xff"}', 100_000)]
    hot = b'{"Temperature_C": 99}'
    broker.give(source, [*poison, ("2", hot, 100_000), ("2", b'{"other": 1}', 100_100), ("2", hot, 120_000),
                         ("2", hot, 100_200)])  # the last one comes too late for all its windows
    stream = Stream(tmp_path, kafka.detector(broker, source, alerts, dead_letters={"kafka": {"topic": dead}}))
    said = stream.finish()
    assert "3 events, 1 without a value, 7 refused, 1 late" in said
    assert sum(broker.alerts(alerts).values()) == 10
    found = broker.read(dead)
    assert collections.Counter((m.key(), m.value()) for m in found) == collections.Counter(
        (k if isinstance(k, (bytes, type(None))) else k.encode(), v) for k, v, _ in [*poison, ("2", hot, 0)])
    for message in found:
        headers = dict(message.headers())
        assert headers["topic"].decode() == source and headers["reason"]
        assert 0 <= int(headers["partition"]) < kafka.PARTITIONS and int(headers["offset"]) >= 0
    assert any(b"late by" in dict(m.headers())["reason"] for m in found)
    assert stream.finish() == said  # nothing moves twice
    assert len(broker.read(dead)) == len(found)


def test_alerts_in_a_file_need_no_topic(broker, tmp_path):
    (source,) = broker.topics("readings")
    messages = list(kafka.readings(20_000))
    broker.give(source, messages)
    output = {"file": str(tmp_path / "alerts")}
    Stream(tmp_path, kafka.detector(broker, source, "", output=output)).finish()
    lines = [json.loads(line) for line in (tmp_path / "alerts").read_text().splitlines()]
    found = collections.Counter((a["key"], a["ts"], a["value"]) for a in lines)
    assert found == kafka.reckon(messages) and found


def test_a_state_that_does_not_belong_to_the_group_is_refused(broker, tmp_path):
    source, alerts = broker.topics("readings", "alerts")
    broker.give(source, list(kafka.readings(5_000)))
    stream = Stream(tmp_path, kafka.detector(broker, source, alerts))
    stream.finish()
    before = broker.alerts(alerts)
    other = subprocess.run(stream.command("--until-end", state="other"), capture_output=True, text=True, timeout=120)
    assert other.returncode != 0 and "another program reads in this group" in other.stderr
    running = stream.start()
    stream.wait_for("stream_lanes")
    second = subprocess.run(stream.command(), capture_output=True, text=True, timeout=60)
    assert second.returncode != 0 and "in use" in second.stderr, second.stderr
    running.terminate()
    assert running.wait(60) == 0
    assert broker.alerts(alerts) == before


def test_a_broker_that_is_not_there_is_waited_for_and_a_signal_ends_the_wait(broker, tmp_path):
    absent = kafka.detector(broker, "nowhere", "alerts")
    absent["stream"]["input"]["kafka"]["brokers"] = "127.0.0.1:9"
    stream = Stream(tmp_path, absent)
    waiting = stream.start()
    stream.wait_for("127.0.0.1:9")
    waiting.send_signal(signal.SIGTERM)
    assert waiting.wait(10) == 0


def test_kills_of_the_stream_and_of_the_broker_lose_nothing_and_double_nothing(broker, tmp_path):
    source, alerts = broker.topics("readings", "alerts")
    messages = list(kafka.readings(3_000 * KILLS))
    producer, is_over = broker.producer(), threading.Event()

    def give():
        for i, (key, value, ts) in enumerate(messages):
            producer.produce(source, value, key, timestamp=ts)
            producer.poll(0)
            if i % 300 == 0:
                time.sleep(0.05)
        assert producer.flush(120) == 0
        is_over.set()

    giving = threading.Thread(target=give)
    giving.start()
    stream, chance = Stream(tmp_path, kafka.detector(broker, source, alerts)), random.Random(17)
    running = stream.start()
    for kill in range(KILLS):
        time.sleep(chance.uniform(0.1, 1.2))
        if kill % 4 == 3:
            broker.kill()
            time.sleep(chance.uniform(0, 0.5))
            broker.start()
            continue
        if kill % 4 == 1:  # stopped for a while, as by a debugger, before it dies
            running.send_signal(signal.SIGSTOP)
            time.sleep(0.3)
        running.kill()
        running.wait()
        running = stream.start()
    giving.join()
    assert is_over.is_set()
    messages = broker.given(source)
    running.kill()
    running.wait()
    assert f"{len(messages)} events" in stream.finish()
    found, expected = broker.alerts(alerts), kafka.reckon(messages)
    assert (expected - found, found - expected) == (collections.Counter(), collections.Counter())
    assert sum(expected.values()) > 1_000


def push(store, lines):
    body = "\n".join(json.dumps({"key": key, "ts": ts, "value": json.loads(value)}) for key, value, ts in lines)
    return store.ask("POST", "/api/v1/events/readings", body.encode(), "application/x-ndjson")


def until(condition, seconds=90):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def kept_alerts(store, detector):
    found = store.pages("anomalies", "/api/v1/anomalies", detector=detector)
    ms = lambda text: round(datetime.datetime.fromisoformat(text).timestamp() * 1000)
    return collections.Counter((a["entity"], ms(a["timestamp"]), a["value"]) for a in found)


def patiently(ask, seconds=60):
    """What the server answers once it is there."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except (OSError, http.client.HTTPException):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@pytest.mark.parametrize("place", ["store", "topic"])
def test_a_server_watches_what_is_pushed_to_it_whatever_is_killed(broker, new_store, kind, place):
    store = new_store(kind)
    server, runner = store.serve("--no-runner"), None
    definition = {"name": "pushed", "schedule": "stream", "stream": {
        "input": {"push": "readings"}, "value": "Temperature_C", "alert": {"when": ">= 90", "round": 2},
        "window": {"kind": "hopping", "size": "5s", "step": "1s"}}}
    (alerts,) = broker.topics("alerts")
    if place == "topic":
        definition["stream"]["output"] = {"kafka": {"brokers": broker.address, "topic": alerts}}
    store.ask("PUT", "/api/v1/detectors/pushed", definition)
    messages, chance, sent = list(kafka.readings(400 * KILLS)), random.Random(4), 0
    runner = store.run()
    kills = 0
    while sent < len(messages):
        batch = messages[sent:sent + 200]
        # A push that was not answered may have been stored: what the log has says where to go on.
        try:
            push(store, batch)
        except (OSError, http.client.HTTPException):
            pass
        sent = patiently(lambda: store.get("/api/v1/events/readings", **{"from": 10**9})["end"])
        if chance.random() < 0.5 and kills < KILLS:
            kills += 1
            if kills % 5 == 4 and place == "topic":
                broker.kill()
                broker.start()
            elif kills % 2:
                runner.kill()
                runner = store.run()
            else:
                server.kill()
                server = store.serve("--no-runner")
    until(lambda: store.get("/api/v1/streams/pushed")["stream"]["counts"]["events"] == len(messages))
    found, expected = kept_alerts(store, "pushed"), kafka.reckon(messages)
    assert (expected - found, found - expected) == (collections.Counter(), collections.Counter())
    if place == "topic":  # the last batch is in the store before it is in the topic
        until(lambda: sum(broker.alerts(alerts).values()) >= sum(expected.values()), 60)
        found = broker.alerts(alerts)
        assert (expected - found, found - expected) == (collections.Counter(), collections.Counter())
    assert sum(expected.values()) > 500 and kills > KILLS // 2
    runner.kill(signal.SIGTERM)
    server.kill(signal.SIGTERM)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_kills_of_the_runner_the_server_and_the_broker_lose_nothing_and_double_nothing(broker, new_store, kind):
    source, alerts = broker.topics("readings", "alerts")
    messages = list(kafka.readings(2_500 * KILLS))
    store, chance = new_store(kind), random.Random(23)
    server = store.serve("--no-runner")
    store.ask("PUT", "/api/v1/detectors/hot-machines", kafka.detector(broker, source, alerts))
    runners = [store.run(), store.run()]  # they share the partitions
    producer = broker.producer()

    def give():
        for i, (key, value, ts) in enumerate(messages):
            producer.produce(source, value, key, timestamp=ts)
            producer.poll(0)
            if i % 250 == 0:
                time.sleep(0.06)
        assert producer.flush(120) == 0

    giving = threading.Thread(target=give)
    giving.start()
    for kill in range(KILLS):
        time.sleep(chance.uniform(0.1, 1.2))
        if kill % 5 == 4:
            broker.kill()
            broker.start()
        elif kill % 2:
            server.kill()
            server = store.serve("--no-runner")
        else:
            which = kill // 2 % 2
            runners[which].kill()
            runners[which] = store.run()
    giving.join()
    messages = broker.given(source)
    assert len(messages) >= 2_500 * KILLS
    counts = lambda: patiently(lambda: store.get("/api/v1/streams/hot-machines"))["stream"]["counts"]
    until(lambda: counts()["events"] == len(messages), 180)
    # The last batch is in the store before it is in the topic.
    expected = kafka.reckon(messages)
    until(lambda: sum(broker.alerts(alerts).values()) >= sum(expected.values()), 60)
    found, kept = broker.alerts(alerts), kept_alerts(store, "hot-machines")
    assert (expected - found, found - expected) == (collections.Counter(), collections.Counter())
    assert (expected - kept, kept - expected) == (collections.Counter(), collections.Counter())
    for process in [*runners, server]:
        process.kill(signal.SIGTERM)
