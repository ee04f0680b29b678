"""The readings: 1,000 machines in turn, 0.6 ms of event time each, one machine in ten runs hot. Seeded."""
import array
import random
import time

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

KEYS = 1_000
PARTITIONS = 4
BEGIN_MS = 1_758_000_000_000


def make_topics(brokers, *names):
    admin = AdminClient({"bootstrap.servers": brokers, "log_level": 0})
    for future in admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in names]).values():
        future.result(30)


def readings(count):
    """(key, degrees, time in ms)"""
    chance = random.Random(7)
    degrees = array.array("i", [90 if key % 10 == 0 else 60 for key in range(KEYS)])
    for i in range(count):
        key = i % KEYS
        low, high = (82, 98) if key % 10 == 0 else (50, 75)
        degrees[key] = min(high, max(low, degrees[key] + int(chance.random() * 3) - 1))
        yield key, degrees[key], BEGIN_MS + i * 3 // 5


def give(brokers, topic, count):
    """Sends them; how many a second it took."""
    producer = Producer({"bootstrap.servers": brokers, "enable.idempotence": True, "linger.ms": 20, "compression.type": "lz4",
                         "partitioner": "murmur2_random", "queue.buffering.max.messages": 1_000_000, "log_level": 0})  # fmt: skip
    began = time.monotonic()
    for i, (key, degrees, ts) in enumerate(readings(count)):
        value = b'{"Temperature_C": %d, "Timestamp": %d}' % (degrees, ts * 1_000_000)
        while True:
            try:
                producer.produce(topic, value, b"%d" % key, timestamp=ts)
                break
            except BufferError:
                producer.poll(0.05)
        if i % 10_000 == 0:
            producer.poll(0)
    producer.flush()
    return count / (time.monotonic() - began)
