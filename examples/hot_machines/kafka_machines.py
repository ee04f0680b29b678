#!/usr/bin/env python3
"""The same between two topics of a Kafka broker, its own or a named one: sends readings, watches them, shows the alerts."""

import argparse
import contextlib
import json
import pathlib
import subprocess
import sys
import tempfile

from confluent_kafka import Consumer, Producer  # pip install confluent-kafka

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
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "reader", "auto.offset.reset": "earliest"})
    consumer.subscribe(["alerts"])
    message = consumer.poll(20)
    while message is not None and not message.error():
        yield message
        message = consumer.poll(3)
    consumer.close()


def play(wakeful, brokers, seed):
    send(brokers, seed)
    with tempfile.TemporaryDirectory(prefix="wakeful-machines-") as folder:
        detector = pathlib.Path(folder) / "kafka-machines.yaml"
        detector.write_text((HERE / detector.name).read_text().replace("brokers: BROKERS", f'brokers: "{brokers}"'))
        done = subprocess.run([wakeful, "stream", "-f", detector, "--state", folder, "--until-end"], check=True,
                              capture_output=True, text=True)  # fmt: skip
        print(done.stderr.splitlines()[-1])
    for alert in alerts(brokers):
        print(f"machine {alert.key().decode()}: {alert.value().decode()} in the 5 s from {alert.timestamp()[1]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wakeful", default="wakeful", help="the program")
    parser.add_argument("--brokers", help="HOST:PORT of a broker that runs already")
    parser.add_argument("--seed", default="7")
    given = parser.parse_args()
    program = pathlib.Path(given.wakeful)
    wakeful = str(program.resolve()) if program.exists() else given.wakeful
    with contextlib.ExitStack() as stack:
        play(wakeful, given.brokers or stack.enter_context(broker()), given.seed)


if __name__ == "__main__":
    main()
