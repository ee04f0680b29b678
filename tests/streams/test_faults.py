"""What a stream detector over Kafka makes of things that are not there, that stand still, or that are there twice."""
import collections
import json
import os
import random
import shutil
import signal
import time

import pytest

import kafka
from conftest import Feed, assert_same, ended_as_asked, stopped, until, wait_for_alerts

FAULTS = int(os.environ.get("WAKEFUL_STREAM_FAULTS", "8"))
# The stores differ in their SQL alone, which kills test on both (tests/watch).
STORES = ["sqlite", "postgres"] if FAULTS > 8 else ["postgres"]
SESSION_S = 10  # after that a member that says nothing is out of its group


def broker_pid(broker):
    return int((broker.folder / "pid").read_text())


def hot(*times):
    return [("2", b'{"Temperature_C": 99}', ts) for ts in times]


def test_a_reading_from_the_far_future_closes_no_window(broker, new_stream):
    source, alerts, dead = broker.topics("readings", "alerts", "dead")
    now = int(time.time() * 1000)
    broker.give(source, hot(now - 60_000, now + 1_800_000, now - 59_000))
    stream = new_stream(kafka.detector(broker, source, alerts, dead_letters={"kafka": {"topic": dead}}))
    assert "2 events, 0 without a value, 1 refused, 0 late; 10 alerts" in stream.finish()
    (letter,) = broker.read(dead)
    assert letter.timestamp()[1] == now + 1_800_000 and "future" in dict(letter.headers())["reason"].decode()


def test_a_broker_that_comes_later_is_waited_for(broker, new_stream):
    source, alerts = broker.topics("readings", "alerts")
    broker.give(source, hot(100_000))
    broker.stop()
    try:
        stream = new_stream(kafka.detector(broker, source, alerts))
        stream.start()
        stream.wait_for(broker.address)
    finally:
        broker.start()
    assert sum(wait_for_alerts(broker, alerts, 5).values()) == 5
    assert stream.end()[0] == 0


def test_a_topic_that_comes_later_is_waited_for(broker, new_stream):
    (alerts,) = broker.topics("alerts")
    source = "later-" + alerts
    stream = new_stream(kafka.detector(broker, source, alerts))
    stream.start()
    time.sleep(1)
    assert stream.running.poll() is None, stream.log.read_text()
    broker.give(source, hot(100_000))
    assert sum(wait_for_alerts(broker, alerts, 5).values()) == 5
    assert stream.end()[0] == 0


@pytest.mark.parametrize("address", ["127.0.0.1:9", "nowhere.invalid:9092"])
def test_an_address_without_a_broker_is_told_and_sigterm_ends_the_wait(broker, new_stream, address):
    detector = kafka.detector(broker, "nowhere", "alerts")
    detector["stream"]["input"]["kafka"]["brokers"] = address
    stream = new_stream(detector)
    stream.start()
    stream.wait_for(address)
    status, seconds = stream.end()
    # The resolver of the system cannot be interrupted while it looks for a name.
    assert status == 0 and seconds < (20 if "nowhere" in address else 5)


def test_killed_while_it_joins_its_group_it_has_all_partitions_again_at_once(broker, new_stream):
    source, alerts = broker.topics("readings", "alerts")
    messages = list(kafka.readings(4_000))
    broker.give(source, messages)
    for attempt in range(3):
        detector = kafka.detector(broker, source, alerts)
        detector["stream"]["input"]["kafka"]["group"] = group = f"{source}-{attempt}"
        stream = new_stream(detector, f"stream-{attempt}")
        stream.start()
        broker.wait_for_member(group)
        stream.end(signal.SIGKILL)
        stream.start()
        time.sleep(0.3 * (1 + attempt))  # a second one that has asked to join, and does not wait for the answer
        stream.end(signal.SIGKILL)
        assert f"{len(messages)} events" in stream.finish()


def test_sigterm_in_the_midst_ends_soon_and_the_next_run_goes_on(broker, new_stream):
    source, alerts = broker.topics("readings", "alerts")
    feed = Feed(broker, source, kafka.readings(24_000))
    stream = new_stream(kafka.detector(broker, source, alerts))
    for _ in range(4):
        stream.start()
        stream.wait_for("stream_lanes")
        time.sleep(0.4)
        status, seconds = stream.end()
        assert status == 0 and seconds < 10, stream.log.read_text()
        stream.log.write_text("")
    feed.done()
    stream.finish()
    assert_same(broker.alerts(alerts), kafka.reckon(feed.messages))


def test_sigterm_ends_a_stream_whose_broker_stands_still(broker, new_stream):
    source, alerts = broker.topics("readings", "alerts")
    feed = Feed(broker, source, kafka.readings(24_000))
    stream = new_stream(kafka.detector(broker, source, alerts))
    stream.start()
    wait_for_alerts(broker, alerts, 1)
    with stopped(broker_pid(broker)):
        time.sleep(1.5)
        status, seconds = stream.end()
    assert status >= 0 and seconds < 30, stream.log.read_text()  # ended by itself, not by a fault
    feed.done()
    stream.finish()
    assert_same(broker.alerts(alerts), kafka.reckon(broker.given(source)))


def test_a_stream_that_stood_still_past_its_session_goes_on(broker, new_stream):
    source, alerts = broker.topics("readings", "alerts")
    feed = Feed(broker, source, kafka.readings(30_000), a_second=3_000)
    stream = new_stream(kafka.detector(broker, source, alerts))
    stream.start()
    wait_for_alerts(broker, alerts, 1)
    with stopped(stream.running.pid):
        time.sleep(SESSION_S + 3)
    feed.done()
    expected = kafka.reckon(feed.messages)
    wait_for_alerts(broker, alerts, sum(expected.values()))
    assert stream.end()[0] == 0
    assert_same(broker.alerts(alerts), expected)


def test_two_at_once_with_states_of_their_own_alert_about_nothing_twice(broker, new_stream):
    source, alerts = broker.topics("readings", "alerts")
    detector = kafka.detector(broker, source, alerts)
    one, other = new_stream(detector, "one"), new_stream(detector, "other")
    feed = Feed(broker, source, kafka.readings(30_000))
    one.start()
    wait_for_alerts(broker, alerts, 1)
    other.start()
    feed.done()
    # Each knows partitions that the other has read, and says so as soon as it is given one of them.
    until(lambda: one.running.poll() is not None or other.running.poll() is not None, 60)
    for stream in (one, other):
        if stream.running.poll() is not None:
            assert stream.running.returncode != 0 and "another program reads in this group" in stream.log.read_text()
    expected = kafka.reckon(feed.messages)
    assert sum((broker.alerts(alerts) - expected).values()) == 0
    if one.running.poll() is None:  # the first one is at home here: nothing is missing either
        wait_for_alerts(broker, alerts, sum(expected.values()))
        assert_same(broker.alerts(alerts), expected)


def test_a_copy_of_a_state_beside_it_alerts_about_nothing_twice(broker, new_stream):
    source, alerts = broker.topics("readings", "alerts")
    detector, messages = kafka.detector(broker, source, alerts), list(kafka.readings(40_000))
    one, copy = new_stream(detector, "one"), new_stream(detector, "copy")
    broker.give(source, messages[:10_000])
    one.finish()
    shutil.copytree(one.state, copy.state)
    feed = Feed(broker, source, messages[10_000:])
    one.start()
    copy.start()  # under the same name in the group: they throw each other out
    feed.done()
    time.sleep(2)
    ended = [s for s in (one, copy) if s.running.poll() is not None]
    for stream in ended:
        assert "another program reads in this group" in stream.log.read_text()
    for stream in (one, copy):
        if stream not in ended:
            stream.end(signal.SIGKILL)
    expected = kafka.reckon(messages)
    assert sum((broker.alerts(alerts) - expected).values()) == 0, "surplus"


def test_an_old_copy_of_a_state_is_refused(broker, new_stream):
    source, alerts = broker.topics("readings", "alerts")
    detector, messages = kafka.detector(broker, source, alerts), list(kafka.readings(20_000))
    one, copy = new_stream(detector, "one"), new_stream(detector, "copy")
    broker.give(source, messages[:10_000])
    one.finish()
    shutil.copytree(one.state, copy.state)
    broker.give(source, messages[10_000:])
    one.finish()
    copy.start("--until-end")
    assert copy.running.wait(60) != 0 and "another program reads in this group" in copy.log.read_text()
    assert_same(broker.alerts(alerts), kafka.reckon(messages))


def test_whatever_is_killed_stopped_or_ended_nothing_is_lost_or_doubled(broker, new_stream):
    """Beside kills: brokers and streams that stand still for a moment, kills while they do, and orderly ends."""
    source, alerts = broker.topics("readings", "alerts")
    feed = Feed(broker, source, kafka.readings(4_000 * FAULTS), a_second=4_000)
    stream, chance = new_stream(kafka.detector(broker, source, alerts)), random.Random(31)
    stream.start()
    for fault in range(FAULTS):
        time.sleep(chance.uniform(0.1, 1.0))
        kind = fault % 4
        if kind == 0:
            stream.end(signal.SIGKILL)
        elif kind == 1:  # killed while its broker does not answer
            with stopped(broker_pid(broker)):
                time.sleep(chance.uniform(0.2, 1.0))
                stream.end(signal.SIGKILL)
        elif kind == 2:
            with stopped(broker_pid(broker)):
                time.sleep(chance.uniform(0.5, 3.0))
            continue
        else:
            assert ended_as_asked(stream.end()[0])
        stream.start()
    feed.done()
    messages = broker.given(source)
    stream.end(signal.SIGKILL)
    assert f"{len(messages)} events" in stream.finish()
    assert_same(broker.alerts(alerts), kafka.reckon(messages))


@pytest.mark.parametrize("kind", STORES)
def test_a_runner_that_wakes_after_another_took_its_partitions_alerts_about_nothing_twice(broker, new_store, kind):
    source, alerts = broker.topics("readings", "alerts")
    store = new_store(kind)
    server = store.serve("--no-runner")
    store.ask("PUT", "/api/v1/detectors/hot-machines", kafka.detector(broker, source, alerts))
    sleeper, runner = store.run(), store.run()
    try:
        feed = Feed(broker, source, kafka.readings(30_000), a_second=2_500)
        wait_for_alerts(broker, alerts, 1)
        with stopped(sleeper.process.pid):
            time.sleep(SESSION_S + 3)
        feed.done()
        expected = kafka.reckon(feed.messages)
        wait_for_alerts(broker, alerts, sum(expected.values()))
        counts = lambda: store.get("/api/v1/streams/hot-machines")["stream"]["counts"]
        until(lambda: counts()["events"] == len(feed.messages), 60, lambda: json.dumps(counts()))
        assert_same(broker.alerts(alerts), expected)
        assert counts()["alerts"] == sum(expected.values())
    finally:
        for process in (sleeper, runner, server):
            process.kill(signal.SIGTERM)


def test_alerts_that_went_to_a_file_for_a_while_are_nowhere_twice(broker, new_stream, tmp_path):
    """The state is then ahead of what the group's brokers have heard, and is right."""
    source, alerts = broker.topics("readings", "alerts")
    messages = list(kafka.readings(9_000))
    to_topic, file = kafka.detector(broker, source, alerts), tmp_path / "alerts.jsonl"
    stream = new_stream(to_topic)
    broker.give(source, messages[:3_000])
    stream.finish()
    stream.file.write_text(json.dumps(kafka.detector(broker, source, alerts, output={"file": str(file)})))
    broker.give(source, messages[3_000:6_000])
    stream.start()
    until(lambda: file.exists() and file.read_text().count("\n") > 100)
    stream.end(signal.SIGKILL)
    stream.finish()
    stream.file.write_text(json.dumps(to_topic))
    broker.give(source, messages[6_000:])
    stream.finish()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert_same(broker.alerts(alerts) + collections.Counter((a["key"], a["ts"], a["value"]) for a in lines),
                kafka.reckon(messages))


def test_what_is_too_long_for_a_message_is_buried_cut(broker, new_stream):
    source, alerts, dead = broker.topics("readings", "alerts", "dead")
    key, value = "k" * 50_000, b"no reading" * 100_000
    broker.give(source, [("1", value[:999_000], 100_000), (key, b"{", 100_000), *hot(100_000)])
    stream = new_stream(kafka.detector(broker, source, alerts, dead_letters={"kafka": {"topic": dead}}))
    assert "1 events, 0 without a value, 2 refused, 0 late; 5 alerts" in stream.finish()
    letters = {letter.key(): (letter, dict(letter.headers())) for letter in broker.read(dead)}
    assert letters.keys() == {b"1", key[:1_024].encode()}
    letter, headers = letters[b"1"]
    assert letter.value() == value[:900_000] and headers["value_bytes"] == b"999000"
    letter, headers = letters[key[:1_024].encode()]
    assert letter.value() == b"{" and headers["key_bytes"] == b"50000"


@pytest.mark.skipif(FAULTS <= 8, reason="waits for as long as a transaction may live: scripts/test chaos")
def test_what_a_killed_broker_left_open_in_the_group_is_not_waited_for_for_ever(broker, new_stream):
    source, alerts = broker.topics("readings", "alerts")
    messages = list(kafka.readings(4_000))
    broker.give(source, messages)
    detector = kafka.detector(broker, source, alerts)
    with broker.transaction_left_open(source, source):
        stream = new_stream(detector)
        stream.start("--until-end")
        stream.wait_for("stream_transaction_left", 150)
        assert stream.running.wait(60) == 0, stream.log.read_text()
    assert_same(broker.alerts(alerts), kafka.reckon(messages))
