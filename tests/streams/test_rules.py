"""What the words of a definition make of a topic: kinds of windows, aggregates, where to begin, cooldown, detectors."""
import collections
import concurrent.futures
import itertools
import json
import random
import statistics

import pytest

import kafka
from conftest import Stream, assert_same

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
