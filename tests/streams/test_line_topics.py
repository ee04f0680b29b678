"""Alerts of a file, of standard input and of pushes in topics: exactly once, as from topic to topic."""
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time
import uuid

import pytest

import kafka
from conftest import assert_same, ended_as_asked, stopped, until, wait_for_alerts

FAULTS = int(os.environ.get("WAKEFUL_STREAM_FAULTS", "12"))


def lines_of(messages):
    return [json.dumps({"key": key, "ts": ts, "value": json.loads(value)}) + "\n" for key, value, ts in messages]


def detector(broker, given, alerts, **parts):
    """As between topics, but for where the readings come from."""
    out = kafka.detector(broker, "none", alerts, input=given, **parts)
    out["stream"]["output"]["kafka"]["brokers"] = broker.address
    return out


class Growing(threading.Thread):
    """A file that somebody else appends to, now and then half a line."""

    def __init__(self, path, lines, a_second):
        super().__init__(daemon=True)
        self.path, self.text, self.rest = path, "".join(lines), 0.02
        self.part = max(1, int(len(self.text) / len(lines) * a_second * self.rest))
        path.touch()
        self.start()

    def run(self):
        with open(self.path, "a") as file:
            for at in range(0, len(self.text), self.part):
                file.write(self.text[at:at + self.part])
                file.flush()
                time.sleep(self.rest)


def test_a_files_alerts_are_in_the_topic_once_whatever_is_killed_or_stands_still(broker, new_stream, tmp_path):
    (alerts,) = broker.topics("alerts")
    messages = list(kafka.readings(3_000 * FAULTS))
    readings = tmp_path / "readings.jsonl"
    growing, chance = Growing(readings, lines_of(messages), a_second=4_000), random.Random(41)
    stream = new_stream(detector(broker, {"file": str(readings)}, alerts))
    stream.start("--follow")
    broker_pid = lambda: int((broker.folder / "pid").read_text())
    for fault in range(FAULTS):
        time.sleep(chance.uniform(0.1, 1.0))
        kind = fault % 6
        if kind == 5:
            broker.kill()
            broker.start()
            continue
        if kind == 3:
            with stopped(broker_pid()):
                time.sleep(chance.uniform(0.5, 2.0))
            continue
        if kind == 1:
            with stopped(broker_pid()):
                time.sleep(chance.uniform(0.2, 1.0))
                stream.end(signal.SIGKILL)
        elif kind == 4:
            assert ended_as_asked(stream.end()[0])
        else:
            stream.end(signal.SIGKILL)
        stream.start("--follow")
    growing.join()
    stream.end(signal.SIGKILL)
    assert f"{len(messages)} events" in stream.finish()
    expected = kafka.reckon(messages)
    assert_same(broker.alerts(alerts), expected)
    assert sum(expected.values()) > 200 * FAULTS


def test_what_cannot_be_read_goes_to_a_topic_with_its_reason(broker, new_stream, tmp_path):
    alerts, dead = broker.topics("alerts", "dead")
    readings = tmp_path / "readings.jsonl"
    whole = lines_of([("2", b'{"Temperature_C": 99}', 100_000)])
    readings.write_text("no reading\n" + whole[0])
    stream = new_stream(detector(broker, {"file": str(readings)}, alerts, dead_letters={"kafka": {"topic": dead}}))
    assert "1 events, 0 without a value, 1 refused, 0 late; 5 alerts" in stream.finish()
    (letter,) = broker.read(dead)
    headers = dict(letter.headers())
    assert letter.value() == b"no reading" and headers.keys() == {"reason", "offset", "input"}
    assert (headers["input"], headers["offset"]) == (f"file:{readings}".encode(), b"11")


def test_a_state_that_is_begun_anew_reads_the_file_anew(broker, new_stream, tmp_path):
    (alerts,) = broker.topics("alerts")
    messages = list(kafka.readings(5_000))
    (tmp_path / "readings.jsonl").write_text("".join(lines_of(messages)))
    stream = new_stream(detector(broker, {"file": str(tmp_path / "readings.jsonl")}, alerts))
    stream.finish()
    stream.finish()  # has nothing to add
    expected = kafka.reckon(messages)
    assert_same(broker.alerts(alerts), expected)
    shutil.rmtree(stream.state)
    stream.finish()
    assert_same(broker.alerts(alerts), expected + expected)


def test_an_output_that_is_exchanged_under_an_open_batch_is_refused(broker, new_stream, tmp_path):
    alerts, others = broker.topics("alerts", "others")
    messages = list(kafka.readings(10_000))
    lines = lines_of(messages)
    readings = tmp_path / "readings.jsonl"
    readings.write_text("".join(lines[:5_000]))
    stream = new_stream(detector(broker, {"file": str(readings)}, alerts))
    stream.start("--follow")
    wait_for_alerts(broker, alerts, sum(kafka.reckon(messages[:5_000]).values()))
    journal = stream.state / "hot-machines.stream.db-wal"
    with stopped(int((broker.folder / "pid").read_text())):
        moved = journal.stat().st_mtime_ns
        with open(readings, "a") as file:
            file.writelines(lines[5_000:])
        until(lambda: journal.stat().st_mtime_ns > moved)  # the state moves on, the topic cannot
        time.sleep(0.5)
        stream.end(signal.SIGKILL)
    before = stream.file.read_text()
    stream.file.write_text(before.replace(alerts, others))
    stream.start()
    assert stream.running.wait(60) == 5 and f"at topic '{others}' knows nothing" in stream.log.read_text()
    stream.file.write_text(before)
    stream.finish()
    assert_same(broker.alerts(alerts), kafka.reckon(messages))
    stream.file.write_text(before.replace(alerts, others))  # nothing is open: now it may
    assert "alerts" in stream.finish() and broker.read(others) == []


def test_standard_input_alerts_to_a_topic(broker, new_stream):
    alerts = "made-" + uuid.uuid4().hex[:8]  # by the first who asks for it
    messages = list(kafka.readings(20_000))
    stream = new_stream(detector(broker, {"stdin": True}, alerts))
    for part in (messages[:7_000], messages[7_000:]):
        done = subprocess.run(stream.command(), input="".join(lines_of(part)), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
    assert_same(broker.alerts(alerts), kafka.reckon(messages))


def test_standard_input_is_not_read_away_while_there_is_no_broker(new_stream):
    nowhere = kafka.detector(None, "none", "alerts", input={"stdin": True}, output={
        "kafka": {"topic": "alerts", "brokers": "127.0.0.1:9"}})
    stream = new_stream(nowhere)
    done = subprocess.run(stream.command(), input="".join(lines_of(kafka.readings(10))), capture_output=True, text=True,
                          timeout=90)
    assert done.returncode == 6 and "registering the producer" in done.stderr, (done.returncode, done.stderr)


def test_a_runner_that_wakes_after_another_took_its_lease_alerts_about_nothing_twice(broker, new_store):
    (alerts,) = broker.topics("alerts")
    messages = list(kafka.readings(20_000))
    store = new_store("sqlite")
    server = store.serve("--no-runner")
    store.ask("PUT", "/api/v1/detectors/pushed", {**detector(broker, {"push": "readings"}, alerts), "name": "pushed"})
    runners = [store.run(), store.run()]
    lines = lines_of(messages)
    parts = ["".join(lines[at:at + 200]) for at in range(0, len(lines), 200)]
    push = lambda part: store.ask("POST", "/api/v1/events/readings", part.encode(), "application/x-ndjson")
    events = lambda: store.get("/api/v1/streams/pushed")["stream"]["counts"]["events"]
    try:
        for part in parts[:10]:
            push(part)
        wait_for_alerts(broker, alerts, 1)
        for sleeper in runners:  # one of them has the lease
            with stopped(sleeper.process.pid):
                for part in parts[10:55] if sleeper is runners[0] else parts[55:]:
                    push(part)
                    time.sleep(13 / 45)  # the lease ends in the midst
            time.sleep(0.5)
        until(lambda: events() == len(messages), 60)
        expected = kafka.reckon(messages)
        wait_for_alerts(broker, alerts, sum(expected.values()))
        time.sleep(1)
        assert_same(broker.alerts(alerts), expected)
    finally:
        for process in (*runners, server):
            process.kill(signal.SIGTERM)


def test_a_file_that_is_not_there_is_told_though_a_topic_would_be_waited_for(broker, new_stream, tmp_path):
    (alerts,) = broker.topics("alerts")
    stream = new_stream(detector(broker, {"file": str(tmp_path / "absent.jsonl")}, alerts))
    stream.start("--follow")
    assert stream.running.wait(30) == 4 and "absent.jsonl" in stream.log.read_text()


@pytest.mark.parametrize("how", ["cut", "replaced"])
def test_a_followed_file_that_becomes_another_is_told(new_stream, tmp_path, how):
    readings = tmp_path / "readings.jsonl"
    readings.write_text("".join(lines_of([("2", b'{"Temperature_C": 99}', 100_000)])))
    stream = new_stream(kafka.detector(None, "none", "none", input={"file": str(readings)}, output={
        "file": str(tmp_path / "alerts.jsonl")}))
    stream.start("--follow")
    until(lambda: (tmp_path / "alerts.jsonl").exists() and (tmp_path / "alerts.jsonl").read_text())
    if how == "cut":
        os.truncate(readings, 0)
    else:
        readings.rename(tmp_path / "readings.1")
        readings.touch()
    assert stream.running.wait(60) != 0 and f"was {how}" in stream.log.read_text()
