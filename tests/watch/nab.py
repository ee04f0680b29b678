"""NAB's real series with known causes, and what counts as found: the labelled windows and the refractory rule."""
import csv
import datetime
import json
import statistics

CATEGORY = "realKnownCause"


def seconds(text):
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc).timestamp())


def rfc3339(second):
    return datetime.datetime.fromtimestamp(second, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def series(data):
    """[(name, [(second, value)], step)], in order of the names; the step is the usual distance of two rows."""
    found = []
    for path in sorted((data / "NAB/data" / CATEGORY).glob("*.csv")):
        with open(path) as file:
            rows = [(seconds(r["timestamp"]), float(r["value"])) for r in csv.DictReader(file)]
        step = int(statistics.median(b[0] - a[0] for a, b in zip(rows, rows[1:])))
        found.append((path.stem, rows, step))
    return found


def windows(data, name):
    with open(data / "NAB/labels/combined_windows.json") as file:
        spans = json.load(file)[f"{CATEGORY}/{name}.csv"]
    return [(seconds(a[:19]), seconds(b[:19])) for a, b in spans]


def survivors(scores, length):
    """The (second, score) above 1 that are above all scores of the `length` seconds before them."""
    kept = []
    for i, (at, score) in enumerate(scores):
        if score is None or score <= 1:
            continue
        j = i - 1
        while j >= 0 and scores[j][0] >= at - length and not (scores[j][1] is not None and scores[j][1] >= score):
            j -= 1
        if j < 0 or scores[j][0] < at - length:
            kept.append((at, score))
    return kept


def judge(alarms, spans, length):
    """(windows with an alarm, episodes of alarms outside every window that are less than `length` apart)"""
    hit = sum(any(a <= at <= b for at, _ in alarms) for a, b in spans)
    outside = [at for at, _ in alarms if not any(a <= at <= b for a, b in spans)]
    episodes = sum(1 for i, at in enumerate(outside) if i == 0 or at - outside[i - 1] >= length)
    return hit, episodes
