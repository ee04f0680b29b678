"""examples/detector_job, run as a reader would run it: what it finds, and what must not happen on the way."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/detector_job"
sys.path.append(str(EXAMPLE))
import sensors  # noqa: E402
BINARY = os.environ.get("WAKEFUL_BINARY", str(ROOT / "build/ci/wakeful"))
BY_REGION = "transactions__num_transactions__dim_customer_region__dev_online"
AMOUNT = "transactions__transaction_amount____dev_online"


def run(*words, code=0):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=400)
    assert done.returncode == code, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def report():
    return json.loads(run(sys.executable, EXAMPLE / "run.py", "--wakeful", BINARY, "--json").stdout)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("metrics")
    run(sys.executable, EXAMPLE / "generate.py", folder)
    for file in (EXAMPLE / "metrics").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def rows(*words, store):
    printed = run(BINARY, "metrics", *words, "--config", store).stdout
    sql, table = printed.split("\n\n")
    return sql, [line.split() for line in table.strip().splitlines()[1:]]


def test_the_day_on_which_europe_bought_is_found_and_nothing_else(report):
    found = {(a["timestamp"], a["entity"], a["algorithm"]) for a in report["anomalies"]}
    day = "2023-12-20T00:00:00Z"
    algorithms = ("UnivariateModelAnomalyDetection", "seasonal")
    assert found == {(day, entity, algorithm) for entity in ("EU", "") for algorithm in algorithms}
    europe = next(a for a in report["anomalies"] if a["entity"] == "EU" and a["algorithm"] == "seasonal")
    assert europe["value"] > 200 > europe["upper"] > europe["expected"] and europe["score"] > 1
    assert europe["detector"] == "transactions" and europe["run_id"] and europe["model_version"] == 5


def test_no_anomaly_is_there_twice_though_the_last_evaluation_ran_twice(report):
    keys = [(a["timestamp"], a["entity"], a["algorithm"], a["model"]) for a in report["anomalies"]]
    assert len(keys) == len(set(keys))
    again, before = report["turns"][-1], report["turns"][-2]
    assert again["models"] == before["models"]  # no new version for nothing


def test_the_mark_survives_a_training_and_no_version_is_lost_in_between(report):
    turns = report["turns"]
    assert [turn["what"] for turn in turns] == ["train", "evaluate", "evaluate", "train", "evaluate", "evaluate", "evaluate"]
    for model in (BY_REGION, AMOUNT):
        marks = [turn["models"][model]["mark"][:10] for turn in turns]
        assert marks == ["2023-11-30", "2023-12-07", "2023-12-14", "2023-12-14", "2023-12-21", "2023-12-31", "2023-12-31"]
        assert [turn["models"][model]["version"] for turn in turns] == [1, 2, 3, 4, 5, 6, 6]


def test_five_versions_of_an_online_model_are_kept(report):
    assert report["versions"] == {BY_REGION: [2, 3, 4, 5, 6], AMOUNT: [2, 3, 4, 5, 6]}


def test_every_transaction_of_the_year_is_counted_in_one_bucket(report, store):
    months = re.findall(r"^2023-\d\d-01T00:00:00Z +(\d+)$", report["by_month"], re.MULTILINE)
    assert len(months) == 12 and sum(map(int, months)) == 1200
    for grain in ("minute", "hour", "day", "week", "month", "quarter", "year"):
        assert sum(int(row[-1]) for row in rows("num_transactions", "-t", grain, store=store)[1]) == 1000
    # A boundary that two spans share belongs to the later one.
    parts = [("2023-01-01", "2023-08-01"), ("2023-08-01", "2024-01-01")]
    counted = [rows("num_transactions", "-t", "YEAR", "-s", s, "-e", e, store=store)[1] for s, e in parts]
    assert sum(int(row[-1]) for part in counted for row in part) == 1000


def test_metrics_join_filter_and_bind(store):
    sql, found = rows("transaction_amount", "-d", "dim_customer_region", "-t", "year", store=store)
    assert "LEFT JOIN \"dim_customers\"" in sql and "BETWEEN" not in sql and "2023" not in sql
    assert [row[1] for row in found] == ["APAC", "EU", "LATAM", "NA"]
    total = float(rows("transaction_amount", "-t", "year", store=store)[1][0][-1])
    assert sum(float(row[-1]) for row in found) == pytest.approx(total)
    where = ["--filter", "dim_payment_type = 'cash'", "--filter", "dim_customer_region = 'EU'"]
    sql, part = rows("transaction_amount", "-t", "year", *where, store=store)
    assert "cash" not in sql and 0 < float(part[0][-1]) < total


def test_metrics_say_what_they_cannot_do(store):
    def refused(*words, code):
        return run(BINARY, "metrics", *words, "--config", store, code=code).stderr

    assert "did you mean 'transaction_amount'" in refused("transaction_amout", code=4)
    assert "cannot determine source of 'dim_shop'" in refused("transaction_amount", "-d", "dim_shop", code=2)
    assert "no grain" in refused("transaction_amount", "-t", "fortnight", code=2)


def test_the_generator_gives_the_same_bytes_for_the_same_seed(tmp_path):
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        run(sys.executable, EXAMPLE / "generate.py", tmp_path / name, "--seed", seed)
    for file in ("dim_customers.csv", "fct_transactions.csv"):
        a, b, c = ((tmp_path / name / file).read_bytes() for name in "abc")
        assert a == b != c
    facts = (tmp_path / "a/fct_transactions.csv").read_text().splitlines()
    assert len(facts) == 1000 and len((tmp_path / "a/dim_customers.csv").read_text().splitlines()) == 200


def test_a_mistake_in_nested_arguments_is_told_with_its_path(tmp_path):
    file = tmp_path / "detector.yaml"
    text = (EXAMPLE / "detector.yaml").read_text().replace("daily_order: 0", "dayly_order: 0")
    file.write_text(text)
    server = subprocess.Popen(
        [BINARY, "server", "--port", "0", "--backend-store-uri", f"sqlite:///{tmp_path}/s.db",
         "--artifacts-destination", str(tmp_path / "a"), "--no-runner"], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True)
    try:
        url = server.stdout.readline().split()[-1]
        said = run(BINARY, "apply", "-f", file, "--tracking-uri", url, code=1).stderr
        assert "algorithms.seasonal.args.model.args.dayly_order" in said and "did you mean 'daily_order'?" in said
        # Original names, and a mode in any case, are what they were meant to be.
        file.write_text((EXAMPLE / "detector.yaml").read_text().replace("mode: dev", "mode: Dev"))
        assert '"dev"' in run(BINARY, "apply", "-f", file, "--tracking-uri", url, "--json").stdout
    finally:
        server.terminate()
        server.wait(timeout=30)
        server.stdout.close()


def incident():
    return {sensors.at(hour) for hour in range(sensors.STUCK_FROM, sensors.STUCK_FROM + 12)}


@pytest.fixture(scope="module")
def jointly(tmp_path_factory):
    def play(steps):
        return sensors.play(sensors.run.Job(BINARY, tmp_path_factory.mktemp("sensors")), steps)

    return {"in steps": play(sensors.STEPS), "at once": play(sensors.STEPS[-1:])}


def test_autoencoders_find_the_sensor_that_reads_too_high_by_distance_and_by_share(jointly):
    found = {(a["algorithm"], a["timestamp"]) for a in jointly["in steps"]["anomalies"]}
    assert {algorithm for algorithm, _ in found} == {"RanSynCodersDetector", "by_share"}
    assert {time for _, time in found} <= incident()


def test_an_anomaly_of_a_joint_model_says_which_sensor_it_was(jointly):
    for anomaly in jointly["in steps"]["anomalies"]:
        assert anomaly["entity"] == "" and anomaly["value"] is None
        metadata = anomaly["metadata"]
        told = metadata["channels"]
        assert max(told, key=lambda name: told[name]["contribution"]) == sensors.STUCK
        assert told[sensors.STUCK]["value"] > told[sensors.STUCK]["upper"] > told[sensors.STUCK]["expected"]
        assert metadata["channel_count"] == 6 and 1 <= metadata["out_of_bounds"] <= 6
        assert sum(channel["contribution"] for channel in told.values()) == pytest.approx(anomaly["score"])
    lines = list(sensors.lines(jointly["in steps"]))
    assert lines and all(re.fullmatch(r"anomaly at 2026-\S+ by \w+: score \d+\.\d\d, s4 \d+ %(, s\d \d+ %)*", line) for line in lines)


def test_a_joint_model_carries_its_state_from_evaluation_to_evaluation(jointly):
    def told(report):
        return [(s["timestamp"], s["algorithm"], s["score"]) for s in report["scores"]]

    assert [turn["rows"] for turn in jointly["in steps"]["turns"]] == [1920, 48, 72, 48, 72]
    assert told(jointly["in steps"]) == told(jointly["at once"])
    metadata = [[a["metadata"] for a in played["anomalies"]] for played in jointly.values()]
    assert metadata[0] == metadata[1]
    assert len(told(jointly["at once"])) == 2 * 240


def test_a_joint_model_says_which_sensor_it_was(tmp_path):
    table = {}
    for row in sensors.readings():
        table.setdefault(row["ts"], {})[row["sensor"]] = row["reading"]
    names = [f"s{i}" for i in range(1, 7)]
    lines = ["ts," + ",".join(names), *(",".join([ts, *(str(row[n]) for n in names)]) for ts, row in table.items())]
    (tmp_path / "sensors.csv").write_text("\n".join(lines) + "\n")
    settings = {"n_estimators": 20, "max_features": 3, "latent_dim": 2, "synchronize": "true", "max_freqs": 1, "epochs": 400,
                "sin_warmup": 100}  # fmt: skip
    words = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
    out = run(BINARY, "detect", tmp_path / "sensors.csv", "--algorithm", "ransyncoders", *words, "--train-rows",
              sensors.TRAINED).stdout.splitlines()  # fmt: skip
    rows = [dict(zip(out[0].split(","), line.split(","))) for line in out[1:]]
    wrong = [row for row in rows[sensors.TRAINED:] if row["is_anomaly"] == "1"]
    assert wrong and {row["ts"] for row in wrong} <= incident()
    for row in wrong:
        assert max(names, key=lambda name: float(row[f"contribution_{name}"])) == sensors.STUCK
