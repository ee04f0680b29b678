"""A real broker (scripts/kafka), topics on it, and what a stream detector has to make of them, reckoned in Python."""
import collections
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
            except KafkaException as error:  # the broker is not at home with a group that is new
                if error.args[0].code() not in (KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE,
                                                KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaError.GROUP_ID_NOT_FOUND):
                    raise

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
            if message.error():
                ended.add(message.partition())
            else:
                found.append(message)
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
