#!/usr/bin/env python3
"""The same between two topics of a Kafka broker, its own or a named one: sends readings, watches them, shows the alerts."""

import argparse
import contextlib
import json
import pathlib
import subprocess
import sys
import tempfile

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition  # pip install confluent-kafka

HERE = pathlib.Path(__file__).resolve().parent
KAFKA = HERE.parents[1] / "scripts/kafka"


@contextlib.contextmanager
def broker():
    with tempfile.TemporaryDirectory(prefix="wakeful-kafka-") as folder:
        # Not through a pipe: the broker would keep it open.
        subprocess.run([KAFKA, "start", folder], check=True, stdout=subprocess.DEVNULL)
        try:
            yield f"127.0.0.1:{(pathlib.Path(folder) / 'port').read_text().strip()}"
        finally:
            subprocess.run([KAFKA, "stop", folder], check=True)


def send(brokers, seed):
    made = subprocess.run([sys.executable, HERE / "generate.py", "--seed", seed], check=True, capture_output=True, text=True)
    # Without idempotence a batch that is sent again may come behind its followers: its readings would be late.
    producer = Producer({"bootstrap.servers": brokers, "partitioner": "murmur2_random", "enable.idempotence": True,
                         "log_level": 3})  # fmt: skip
    for line in made.stdout.splitlines():
        reading = json.loads(line)
        # A message has its own time; it is the reading's.
        ts = reading["value"]["Timestamp"] // 1_000_000
        producer.produce("temperature_readings", json.dumps(reading["value"]), reading["key"], timestamp=ts)
    producer.flush()


def alerts(brokers):
    """All that are there and count, in the order of each machine."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "reader", "enable.partition.eof": True,
                         "enable.auto.commit": False})  # fmt: skip
    partitions = consumer.list_topics("alerts", 20).topics["alerts"].partitions
    consumer.assign([TopicPartition("alerts", partition, 0) for partition in partitions])
    ended = set()
    while len(ended) < len(partitions):
        message = consumer.poll(1)
        if message is None:
            continue
        if message.error() is None:
            yield message
        elif message.error().code() == KafkaError._PARTITION_EOF:
            ended.add(message.partition())
        elif not message.error().retriable():
            raise KafkaException(message.error())
    consumer.close()


def play(wakeful, brokers, seed, state):
    send(brokers, seed)
    state.mkdir(parents=True, exist_ok=True)
    detector = state / "kafka-machines.yaml"
    detector.write_text((HERE / detector.name).read_text().replace("brokers: BROKERS", f'brokers: "{brokers}"'))
    done = subprocess.run([wakeful, "stream", "-f", detector, "--state", state, "--until-end"],
                          stderr=subprocess.PIPE, text=True)  # fmt: skip
    if done.returncode != 0:
        sys.exit(done.stderr)
    print(done.stderr.splitlines()[-1])
    for alert in alerts(brokers):
        print(f"machine {alert.key().decode()}: {alert.value().decode()} in the 5 s from {alert.timestamp()[1]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wakeful", default="wakeful", help="the program")
    parser.add_argument("--brokers", help="HOST:PORT of a broker that runs already")
    parser.add_argument("--state", type=pathlib.Path, default=pathlib.Path("kafka-machines"),
                        help="where a named broker's stream keeps how far it is (default: %(default)s)")  # fmt: skip
    parser.add_argument("--seed", default="7")
    given = parser.parse_args()
    program = pathlib.Path(given.wakeful)
    wakeful = str(program.resolve()) if program.exists() else given.wakeful
    if given.brokers:
        return play(wakeful, given.brokers, given.seed, given.state)
    with broker() as brokers, tempfile.TemporaryDirectory(prefix="wakeful-machines-") as folder:
        play(wakeful, brokers, given.seed, pathlib.Path(folder))


if __name__ == "__main__":
    main()
