"""What the words of a definition make of a topic: kinds of windows, aggregates, where to begin, cooldown, detectors."""
import collections
import concurrent.futures
import itertools
import json
import random
import signal
import statistics

import pytest

import kafka
from conftest import Feed, Stream, assert_same, until, wait_for_alerts

KINDS = {  # as a definition says it, and as it is reckoned
    "hopping": ({"size": "3s", "step": "1s", "emit": "final", "grace": "500ms"},
                {"size": 3_000, "step": 1_000, "grace": 500}, "final"),
    "tumbling": ({"size": "2s", "emit": "updates"}, {"size": 2_000}, "updates"),
    "sliding": ({"size": "2s", "emit": "updates", "grace": "300ms"}, {"size": 2_000, "grace": 300}, "updates"),
}


def uneven(count, keys=9, seed=7, apart=100):
    """Readings whose sums are exact in whatever order, one in eight of them up to a second and a half late."""
    chance = random.Random(seed)
    for i in range(count):
        late = chance.randrange(1_500) if chance.random() < 1 / 8 else 0
        value = json.dumps({"Temperature_C": chance.randrange(-400, 400) / 4})
        yield str(chance.randrange(keys)), value, 1_700_000_000_000 + i * apart - late


MESSAGES = list(uneven(1_200))


def reckoned(kind, aggregate):
    """The threshold that half of the windows reach, their alerts, and how many readings are late for a window."""
    _, window, emit = KINDS[kind]
    found, late = kafka.windows(MESSAGES, {"kind": kind, **window}, emit)
    values = [(key, start, round(float(kafka.AGGREGATES[aggregate](values)), 2))
              for key, _, windows in found for start, _, values in windows]
    threshold = statistics.median(value for _, _, value in values)
    return threshold, collections.Counter(found for found in values if found[2] >= threshold), late


@pytest.fixture(scope="module")
def answers(broker, tmp_path_factory):
    """What streams say and where their alerts are, by kind and aggregate; several run at once, for they wait a lot."""
    (source,) = broker.topics("readings")
    broker.give(source, MESSAGES)

    def run(kind, aggregate):
        (alerts,) = broker.topics("alerts")
        detector = kafka.detector(broker, source, alerts, window={"kind": kind, "aggregate": aggregate, **KINDS[kind][0]},
                                  alert={"when": f">= {reckoned(kind, aggregate)[0]}", "round": 2})
        detector["stream"]["input"]["kafka"]["group"] = alerts
        return Stream(tmp_path_factory.mktemp("stream"), detector).finish(), alerts

    cases = list(itertools.product(KINDS, kafka.AGGREGATES))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return dict(zip(cases, pool.map(lambda case: run(*case), cases)))


@pytest.mark.parametrize("aggregate", kafka.AGGREGATES)
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_window_and_each_aggregate_alert_as_reckoned(broker, answers, kind, aggregate):
    said, alerts = answers[kind, aggregate]
    _, expected, late = reckoned(kind, aggregate)
    assert f"{len(MESSAGES)} events, 0 without a value, 0 refused, {late} late; {sum(expected.values())} alerts" in said
    assert_same(broker.alerts(alerts), expected)
    assert late > 10 and sum(expected.values()) > 100


def test_from_latest_on_nothing_older_is_read_and_nothing_newer_is_passed_over(broker, new_stream):
    source, alerts = broker.topics("readings", "alerts")
    messages = list(kafka.readings(9_000))
    broker.give(source, messages[:4_000])
    detector = kafka.detector(broker, source, alerts)
    detector["stream"]["input"]["kafka"]["offset"] = "latest"
    stream = new_stream(detector)
    stream.start()
    stream.wait_for("stream_lanes")
    # Its beginning is kept, though nothing came.
    until(lambda: broker.committed(source, source) == broker.ends(source), tell=stream.log.read_text)
    stream.end(signal.SIGKILL)
    broker.give(source, messages[4_000:6_000])  # while it is away
    stream.start()
    broker.give(source, messages[6_000:])
    expected = kafka.reckon(messages[4_000:])
    wait_for_alerts(broker, alerts, sum(expected.values()))
    assert stream.end()[0] == 0
    assert "5000 events, 0 without a value, 0 refused, 0 late;" in stream.log.read_text()
    assert_same(broker.alerts(alerts), expected)


def in_spite_of_kills(broker, stream, source, messages, kills=5):
    """Feeds a stream that is killed as often, always when it has got further, and at last reads to the end."""
    feed = Feed(broker, source, messages, a_second=len(messages) // 5)
    for kill in range(kills):
        stream.start()
        far = len(feed.messages) * kill // (kills + 1)
        until(lambda: sum(offset or 0 for offset in broker.committed(source, source)) > far, tell=stream.log.read_text)
        stream.end(signal.SIGKILL)
    feed.done()
    return stream.finish()


def bodies(broker, topic):
    """What the alerts of each key say, in their order, with their message's time."""
    out = collections.defaultdict(list)
    for message in broker.read(topic):
        out[message.key().decode()].append((message.timestamp()[1], json.loads(message.value())))
    return out


def told(messages, window, threshold, cooldown):
    """As bodies, of a rule that waits after each alert, and says when it is over."""
    quiet, firing, out = collections.defaultdict(lambda: -1), collections.defaultdict(bool), collections.defaultdict(list)
    for key, ts, found in kafka.windows(messages, window)[0]:
        windows = [(start, {"detector": "hot-machines", "state": "firing", "start": start, "end": end,
                            "count": len(values), "mean": round(sum(values) / len(values), 2)})
                   for start, end, values in found]
        hits = [alert for alert in windows if alert[1]["mean"] >= threshold]
        for alert in hits:
            if ts >= quiet[key]:
                quiet[key] = ts + cooldown
                out[key].append(alert)
        if not hits and windows and firing[key]:
            quiet[key] = -1
            out[key].append((windows[-1][0], {**windows[-1][1], "state": "resolved"}))
        firing[key] = bool(hits) if windows else firing[key]
    return out


def test_cooldown_and_the_end_of_an_alert_outlive_kills(broker, new_stream):
    source, alerts = broker.topics("readings", "alerts")
    messages = list(kafka.readings(12_000))
    stream = new_stream(kafka.detector(broker, source, alerts, output={"kafka": {"topic": alerts, "value": "json"}},
                                       alert={"when": ">= 90", "round": 2, "cooldown": "15s", "resolved": True}))
    in_spite_of_kills(broker, stream, source, messages)
    expected = told(messages, {"size": 5_000, "step": 1_000}, threshold=90, cooldown=15_000)
    assert bodies(broker, alerts) == expected
    states = collections.Counter(body["state"] for found in expected.values() for _, body in found)
    assert states["resolved"] > 20 and states["firing"] > 2 * states["resolved"], states


def test_a_detector_of_the_catalog_for_each_key_outlives_kills(broker, new_stream, tmp_path):
    source, alerts = broker.topics("readings", "alerts")
    chance = random.Random(19)
    first = 1_700_000_000_000
    messages = []
    for ts in range(first, first + 300_000, 500):
        for key in range(6):
            spike = 30 if ts >= first + 60_000 and chance.random() < 1 / 40 else 0
            messages.append((str(key), json.dumps({"Temperature_C": 20 * key + chance.random() + spike}), ts))
    parts = {"window": {"kind": "tumbling", "size": "1s", "emit": "final"},
             "alert": {"algorithm": {"ewma_residual": {}}, "train": 60}}
    lines, undisturbed = tmp_path / "readings.jsonl", tmp_path / "alerts.jsonl"
    lines.write_text("".join(json.dumps({"key": key, "ts": ts, "value": json.loads(value)}) + "\n"
                             for key, value, ts in messages))
    new_stream(kafka.detector(broker, source, alerts, input={"file": str(lines)},
                              output={"file": str(undisturbed), "value": "json"}, **parts), "undisturbed").finish()
    expected = collections.defaultdict(list)
    for alert in map(json.loads, undisturbed.read_text().splitlines()):
        expected[alert["key"]].append((alert["ts"], alert["value"]))
    stream = new_stream(kafka.detector(broker, source, alerts, output={"kafka": {"topic": alerts, "value": "json"}}, **parts))
    in_spite_of_kills(broker, stream, source, messages)
    assert bodies(broker, alerts) == expected
    assert len(expected) == 6 and all(len(found) > 5 for found in expected.values())


def test_events_that_were_gone_before_they_were_read_are_counted_and_the_stream_goes_on_behind_them(broker, new_stream):
    source, alerts = broker.topics("readings", "alerts")
    messages = list(kafka.readings(9_000))
    stream = new_stream(kafka.detector(broker, source, alerts))
    broker.give(source, messages[:3_000])
    stream.finish()
    read = broker.ends(source)
    broker.give(source, messages[3_000:6_000])
    there = broker.ends(source)
    # Of one partition all that is new is gone, of others a part, of the last nothing.
    first = [there[0], *((a + b) // 2 for a, b in zip(read[1:3], there[1:3])), read[3]]
    lost = sum(first) - sum(read)
    gone = {(m.partition(), m.offset()) for m in broker.read(source) if read[m.partition()] <= m.offset() < first[m.partition()]}
    left = [(m.key().decode(), m.value(), m.timestamp()[1]) for m in broker.read(source)
            if (m.partition(), m.offset()) not in gone]
    broker.delete_before(source, first)
    stream.start()
    broker.give(source, messages[6_000:])
    expected = kafka.reckon([*left, *messages[6_000:]])
    wait_for_alerts(broker, alerts, sum(expected.values()))
    assert stream.end()[0] == 0
    assert len(gone) == lost > 1_000
    assert f"{9_000 - lost} events, 0 without a value, 0 refused, 0 late, {lost} lost;" in stream.log.read_text()
    assert_same(broker.alerts(alerts), expected)


def test_the_window_at_the_beginning_of_time_has_no_time_of_the_wall_clock(broker, new_stream):
    source, alerts = broker.topics("readings", "alerts")
    broker.give(source, [("2", json.dumps({"Temperature_C": 99, "at": at}), 100_000) for at in (1_000, 7_000)])
    new_stream(kafka.detector(broker, source, alerts, window={"kind": "tumbling", "size": "5s"},
                              timestamp={"field": "at", "unit": "ms"})).finish()
    assert [m.timestamp()[1] for m in broker.read(alerts)] == [1, 5_000]  # librdkafka cannot say 0
