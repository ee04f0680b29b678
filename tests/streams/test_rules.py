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
from conftest import Stream, assert_same, until, wait_for_alerts

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
