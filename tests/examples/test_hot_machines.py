"""examples/hot_machines as a reader would run it, against a reckoning in Python; and the program killed at any moment."""

import collections
import importlib.util
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import kafka  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/hot_machines"
BINARY = os.environ.get("WAKEFUL_BINARY", str(ROOT / "build/ci/wakeful"))

spec = importlib.util.spec_from_file_location("generate", EXAMPLE / "generate.py")
generate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(generate)


def reckoned(readings, size=5_000, step=1_000):
    """The tutorial's rule, said plainly: every update of every window whose rounded mean is at least 90."""
    windows = collections.defaultdict(list)
    alerts = []
    for reading in readings:
        ts = reading["value"]["Timestamp"] // 1_000_000
        for start in range(max(0, (ts - size) // step * step + step), ts + 1, step):
            window = windows[reading["key"], start]
            window.append(reading["value"]["Temperature_C"])
            mean = round(sum(window) / len(window), 2)
            if mean >= 90:
                alerts.append({"key": reading["key"], "ts": start, "value": mean})
    return alerts


def stream(folder, *words, **more):
    return subprocess.run([BINARY, "stream", *words], cwd=folder, capture_output=True, text=True, timeout=120, **more)


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def prepared(folder, readings):
    for file in EXAMPLE.glob("*.yaml"):
        shutil.copy(file, folder)
    (folder / "readings.jsonl").write_text("".join(json.dumps(reading) + "\n" for reading in readings))


@pytest.mark.parametrize("seed", [1, 2, 3, 7])
def test_alerts_as_the_tutorial_does(tmp_path, seed):
    readings = list(generate.readings(seed))
    prepared(tmp_path, readings)
    done = stream(tmp_path, "-f", "hot-machines.yaml", "--state", "state")
    assert done.returncode == 0, done.stderr
    alerts = lines(tmp_path / "alerts.jsonl")
    assert alerts == reckoned(readings)
    assert {alert["key"] for alert in alerts} == {"2"} and 40 <= len(alerts) <= 150
    assert (tmp_path / "refused.jsonl").read_text() == ""
    assert stream(tmp_path, "-f", "hot-machines.yaml", "--state", "state").returncode == 0
    assert lines(tmp_path / "alerts.jsonl") == alerts  # nothing new, nothing twice


def test_a_spell_is_told_once_and_not_for_a_single_reading(tmp_path):
    readings = list(generate.readings(7))
    prepared(tmp_path, readings)
    assert stream(tmp_path, "-f", "calm-machines.yaml", "--state", "state").returncode == 0
    spells = lines(tmp_path / "spells.jsonl")
    assert len(spells) == 1 and spells[0]["value"]["state"] == "firing" and spells[0]["value"]["count"] >= 3
    spike = [{"key": "1", "ts": 0, "value": {"Temperature_C": c, "Timestamp": (1_000 + i) * 10**9}} for i, c in enumerate([50, 50, 100])]
    (tmp_path / "spike").mkdir()
    prepared(tmp_path / "spike", spike)
    for detector in ("hot-machines", "calm-machines"):
        assert stream(tmp_path / "spike", "-f", f"{detector}.yaml", "--state", "state").returncode == 0
    assert [a["value"] for a in lines(tmp_path / "spike/alerts.jsonl")] == [100]  # a window of one reading
    assert (tmp_path / "spike/spells.jsonl").read_text() == ""


def test_killed_at_any_moment_it_writes_every_alert_once(tmp_path):
    """50 kills while readings arrive; then the alerts are those of a run without any."""
    chance = random.Random(17)
    readings, at = [], 1_700_000_000_000_000_000
    for i in range(60_000):
        at += chance.randrange(1, 40_000_000)
        value = {"Temperature_C": chance.randrange(70, 101), "Timestamp": at - chance.choice([0, 0, 0, 3_000_000_000])}
        readings.append(json.dumps({"key": f"m{chance.randrange(50)}", "value": value}) + "\n")
    for name in ("calm", "killed"):
        (tmp_path / name).mkdir()
        prepared(tmp_path / name, [])
    (tmp_path / "calm/readings.jsonl").write_text("".join(readings))
    assert stream(tmp_path / "calm", "-f", "hot-machines.yaml", "--state", "state").returncode == 0
    folder, kills, given = tmp_path / "killed", 0, 0
    while kills < 50:
        process = subprocess.Popen([BINARY, "stream", "-f", "hot-machines.yaml", "--state", "state", "--follow"], cwd=folder,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        ends = time.monotonic() + chance.uniform(0.02, 0.4)
        while time.monotonic() < ends:
            with open(folder / "readings.jsonl", "a") as file:
                more = chance.randrange(400)
                file.writelines(readings[given : given + more])
                given = min(given + more, len(readings))
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
    with open(folder / "readings.jsonl", "a") as file:
        file.writelines(readings[given:])
    assert stream(folder, "-f", "hot-machines.yaml", "--state", "state").returncode == 0
    for name in ("alerts.jsonl", "refused.jsonl"):
        assert (folder / name).read_bytes() == (tmp_path / "calm" / name).read_bytes()
    assert len(lines(folder / "alerts.jsonl")) > 1_000


def test_reads_standard_input_and_writes_standard_output(tmp_path):
    text = (EXAMPLE / "hot-machines.yaml").read_text()
    text = text.replace("{file: readings.jsonl}", "{stdin: true}").replace("{file: alerts.jsonl, value: number}", "{stdout: true}")
    (tmp_path / "piped.yaml").write_text(text)
    readings = list(generate.readings(7))
    whole = "".join(json.dumps(reading) + "\n" for reading in readings)
    done = stream(tmp_path, "-f", "piped.yaml", "--state", "state", input=whole.rstrip("\n"))
    assert done.returncode == 0 and [json.loads(line) for line in done.stdout.splitlines()] == reckoned(readings)
    process = subprocess.Popen([BINARY, "stream", "-f", "piped.yaml", "--state", "other"], cwd=tmp_path, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    process.stdin.write(whole)
    process.stdin.flush()
    assert json.loads(process.stdout.readline()) == reckoned(readings)[0]  # while more may come
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_says_what_it_cannot_run(tmp_path):
    assert stream(tmp_path, "-f", "absent.yaml").returncode == 4
    (tmp_path / "push.yaml").write_text((EXAMPLE / "hot-machines.yaml").read_text().replace(
        "{file: readings.jsonl}", "{push: readings}"))  # fmt: skip
    done = stream(tmp_path, "-f", "push.yaml")
    assert done.returncode == 1 and "wakeful apply" in done.stderr
    (tmp_path / "two.yaml").write_text("name: a\n---\nname: b\n")
    assert stream(tmp_path, "-f", "two.yaml").returncode == 1
    prepared(tmp_path, list(generate.readings(7)))
    held = subprocess.Popen([BINARY, "stream", "-f", "hot-machines.yaml", "--follow"], cwd=tmp_path, stderr=subprocess.PIPE)
    until = time.time() + 10
    while not (tmp_path / "alerts.jsonl").exists() and time.time() < until:
        time.sleep(0.05)
    done = stream(tmp_path, "-f", "hot-machines.yaml")
    held.send_signal(signal.SIGINT)
    assert held.wait(10) == 0
    assert done.returncode in (5, 6) and "in use" in done.stderr, done.stderr


def test_between_topics_it_alerts_as_the_tutorial_does(tmp_path):
    broker = kafka.Broker(tmp_path)
    command = [sys.executable, EXAMPLE / "kafka_machines.py", "--wakeful", BINARY, "--brokers", broker.address,
               "--state", tmp_path / "state"]  # fmt: skip
    try:
        done, again = [subprocess.run([*command, "--seed", seed], check=True, capture_output=True, text=True, timeout=120)
                       for seed in ("7", "8")]  # fmt: skip
    finally:
        broker.stop()
    readings = list(generate.readings(7))
    lines = done.stdout.splitlines()
    both = len(readings) + len(list(generate.readings(8)))
    assert again.stdout.startswith(f"kafka-machines: {both} events")  # goes on; these come late
    assert f"{len(readings)} events, 0 without a value, 0 refused, 0 late" in lines[0]
    expected = [f"machine {a['key']}: {float(a['value'])} in the 5 s from {a['ts']}" for a in reckoned(readings)]
    assert collections.Counter(lines[1:]) == collections.Counter(expected) and expected
