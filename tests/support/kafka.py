"""A real broker (scripts/kafka), topics on it, and what a stream detector has to make of them, reckoned in Python."""
import collections
import contextlib
import json
import math
import pathlib
import random
import subprocess
import time
import uuid

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts/kafka"
PARTITIONS = 4
NOT_AT_HOME = (KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
               KafkaError.GROUP_ID_NOT_FOUND)  # what a broker says of a group that is new


class Broker:
    def __init__(self, folder):
        self.folder = folder
        self.start()

    def start(self):
        # Not through a pipe: the broker would keep it open.
        with open(self.folder / "variables", "w+") as out:
            subprocess.run([SCRIPT, "start", self.folder], check=True, stdout=out)
        self.address = "127.0.0.1:" + (self.folder / "port").read_text().strip()

    def kill(self):
        subprocess.run([SCRIPT, "kill", self.folder], check=True)

    def stop(self):
        subprocess.run([SCRIPT, "stop", self.folder], check=True)

    def topics(self, *names):
        """New topics; their names begin as given."""
        full = [f"{name}-{uuid.uuid4().hex[:8]}" for name in names]
        admin = AdminClient({"bootstrap.servers": self.address})
        for future in admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in full]).values():
            future.result(30)
        return full

    def wait_for_member(self, group):
        """Until somebody has joined the consumer group; comes back soon after, perhaps before partitions are dealt."""
        admin, deadline = AdminClient({"bootstrap.servers": self.address}), time.monotonic() + 60
        while True:
            assert time.monotonic() < deadline, f"nobody joins {group}"
            try:
                if admin.describe_consumer_groups([group])[group].result(10).members:
                    return
            except KafkaException:  # the broker is not at home yet with a group that is new
                pass
            time.sleep(0.002)

    def committed(self, group, topic):
        """The group's offset of each partition; None where it has none."""
        with self.asking(group) as consumer:
            try:
                parts = consumer.committed([TopicPartition(topic, p) for p in range(PARTITIONS)], 10)
            except KafkaException as error:
                if error.args[0].code() not in NOT_AT_HOME:
                    raise
                return [None] * PARTITIONS
            return [part.offset if part.offset >= 0 else None for part in parts]

    def ends(self, topic):
        """The offset to come of each partition."""
        with self.asking("nobody") as consumer:
            return [consumer.get_watermark_offsets(TopicPartition(topic, p), 10)[1] for p in range(PARTITIONS)]

    def delete_before(self, topic, offsets):
        """As retention does: what lies before the offset of each partition is gone when it returns."""
        admin = AdminClient({"bootstrap.servers": self.address})
        parts = [TopicPartition(topic, p, offset) for p, offset in enumerate(offsets)]
        for future in admin.delete_records(parts).values():
            future.result(30)

    @contextlib.contextmanager
    def transaction_left_open(self, group, topic):
        """Offsets of the group in a transaction that does not end within, as brokers that were killed have left some."""
        producer = Producer({"bootstrap.servers": self.address, "transactional.id": uuid.uuid4().hex,
                             "transaction.timeout.ms": 900_000})
        producer.init_transactions(30)
        producer.begin_transaction()
        with self.asking(group) as consumer:
            parts = [TopicPartition(topic, p, 7) for p in range(PARTITIONS)]
            producer.send_offsets_to_transaction(parts, consumer.consumer_group_metadata(), 30)
        yield
        producer.abort_transaction(30)

    @contextlib.contextmanager
    def asking(self, group):
        consumer = Consumer({"bootstrap.servers": self.address, "group.id": group, "log_level": 0})
        try:
            yield consumer
        finally:
            consumer.close()

    def producer(self):
        return Producer({"bootstrap.servers": self.address, "enable.idempotence": True, "linger.ms": 5,
                         "partitioner": "murmur2_random", "message.timeout.ms": 120_000, "log_level": 0})

    def give(self, topic, messages):
        """Messages are (key, value, time in ms); one partition is enough for few."""
        producer = self.producer()
        for key, value, ts in messages:
            producer.produce(topic, value, key, timestamp=ts)
        assert producer.flush(60) == 0

    def read(self, topic):
        """All messages that were committed."""
        consumer = Consumer({"bootstrap.servers": self.address, "group.id": uuid.uuid4().hex,
                             "isolation.level": "read_committed", "enable.partition.eof": True,
                             "enable.auto.commit": False, "auto.offset.reset": "earliest"})
        consumer.assign([TopicPartition(topic, p, 0) for p in range(PARTITIONS)])
        found, ended, deadline = [], set(), time.monotonic() + 120
        while len(ended) < PARTITIONS:
            assert time.monotonic() < deadline, f"only {len(found)} messages of {topic}, ends of {ended}"
            message = consumer.poll(5)
            if message is None:
                continue
            if message.error() is None:
                found.append(message)
            elif message.error().code() == KafkaError._PARTITION_EOF:
                ended.add(message.partition())
        consumer.close()
        return found

    def given(self, topic):
        """What is in a topic of readings, as reckon takes it: after a kill of the broker a producer may say something twice."""
        return [(m.key().decode(), m.value(), m.timestamp()[1]) for m in self.read(topic)]

    def alerts(self, topic):
        """(key, start of the window, value), each as often as it is there."""
        return collections.Counter((m.key().decode(), m.timestamp()[1], float(m.value())) for m in self.read(topic))


def detector(broker, source, alerts, **parts):
    """The tutorial's detector, as the file of `wakeful stream` says it."""
    stream = {
        "input": {"kafka": {"brokers": broker and broker.address, "topic": source, "group": source, "offset": "earliest"}},
        "value": "Temperature_C",
        "window": {"kind": "hopping", "size": "5s", "step": "1s", "aggregate": "mean", "emit": "updates"},
        "alert": {"when": ">= 90", "round": 2},
        "output": {"kafka": {"topic": alerts, "value": "number"}},
    }
    return {"name": "hot-machines", "schedule": "stream", "stream": {**stream, **parts}}


def readings(count, keys=50, seed=3):
    """(key, value, time): one reading in 0.6 ms of event time for all keys together, one key in ten runs hot."""
    chance = random.Random(seed)
    temperature = [60 + 28 * (key % 10 == 0) for key in range(keys)]
    for i in range(count):
        key = i % keys
        low, high = (82, 98) if key % 10 == 0 else (50, 75)
        temperature[key] = min(high, max(low, temperature[key] + chance.choice((-1, 0, 1))))
        ts = 1_700_000_000_000 + i * 600 // keys * 4
        yield str(key), json.dumps({"Temperature_C": temperature[key], "Timestamp": ts * 1_000_000}), ts


class Windows:
    """The windows of one key, reckoned from all its readings at every reading: slow, and nothing to go wrong."""

    def __init__(self, kind="hopping", size=5_000, step=1_000, grace=0):
        self.kind, self.size, self.step, self.grace = kind, size, step if kind == "hopping" else size, grace
        self.latest, self.taken, self.given, self.late = -1, [], set(), 0

    def bounds(self, ts):
        """(start, end) of the windows that a reading belongs to, now that it has been taken."""
        if self.kind == "sliding":  # each ends at a reading and holds both its ends
            return [(end - self.size, end) for end in sorted({t for t, _ in self.taken}) if ts <= end <= ts + self.size]
        first = max(0, (ts - self.size) // self.step * self.step + self.step)
        return [(start, start + self.size) for start in range(first, ts + 1, self.step)]

    def is_closed(self, end, now):
        return end < now if self.kind == "sliding" else end <= now

    def values(self, start, end):
        is_in = (lambda ts: start <= ts <= end) if self.kind == "sliding" else (lambda ts: start <= ts < end)
        return [value for ts, value in self.taken if is_in(ts)]

    def take(self, ts, value, emit="updates"):
        """[(start, end, values)] that the reading makes known."""
        now = max(ts, self.latest) - self.grace
        if self.kind == "sliding" and self.is_closed(ts, now):
            self.late += 1
            return []
        before = self.taken
        self.taken = [*before, (ts, value)]
        bounds = self.bounds(ts)
        # A reading that comes too late for some windows is in the others alone.
        open_ones = [(start, end) for start, end in bounds if not self.is_closed(end, now)]
        self.late += len(open_ones) < len(bounds)
        if open_ones:
            self.latest = max(ts, self.latest)
        else:
            self.taken = before
        updated = [(start, end, self.values(start, end)) for start, end in open_ones]
        if emit == "updates":
            return updated
        self.given.update(set(bounds) - set(open_ones))
        every = sorted({bound for t, _ in self.taken for bound in self.bounds(t)})
        closed = [(start, end) for start, end in every if self.is_closed(end, now) and (start, end) not in self.given]
        self.given.update(closed)
        return [(start, end, self.values(start, end)) for start, end in closed]


AGGREGATES = {"mean": lambda values: sum(values) / len(values), "sum": sum, "count": len, "min": min, "max": max}


def windows(messages, window, emit="updates"):
    """What each reading, in their order, makes known: (key, time, [(start, end, values)]); and how many were late."""
    keys, out = collections.defaultdict(lambda: Windows(**window)), []
    for key, value, ts in messages:
        out.append((key, ts, keys[key].take(ts, json.loads(value)["Temperature_C"], emit)))
    return out, sum(here.late for here in keys.values())


def reckon(messages, size=5_000, step=1_000, threshold=90):
    """The alerts of readings in the order of their keys: every update of a window whose rounded mean is high enough."""
    windows, latest, alerts = collections.defaultdict(dict), {}, collections.Counter()
    for key, value, ts in messages:
        here, number = windows[key], json.loads(value)["Temperature_C"]
        newest = max(ts, latest.get(key, -1))
        for start in range(max(0, math.floor((ts - size) / step) * step + step), ts + 1, step):
            if start + size <= newest:
                continue
            window = here.setdefault(start, [0.0, 0])
            window[0] += number
            window[1] += 1
            latest[key] = newest
            mean = round(window[0] / window[1], 2)
            if mean >= threshold:
                alerts[key, start, mean] += 1
        for start in [start for start in here if start + size <= newest]:
            del here[start]
    return alerts
