"""examples/installs, run as a reader would run it, and what must not happen on the way."""

import contextlib
import datetime
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/installs"
BINARY = os.environ.get("WAKEFUL_BINARY", str(ROOT / "build/ci/wakeful"))
TODAY = datetime.date(2026, 8, 22)
MODEL = "installs__new_users__country_code__platform__channel_online"
COLUMNS = ["created_at", "country_code", "platform", "channel", "new_users", "prediction", "score", "model"]
COLUMNS += ["model_version", "run_id", "detector", "algorithm"]

sys.dont_write_bytecode = True
sys.path.insert(0, str(EXAMPLE))
import installs  # noqa: E402


class Given:
    wakeful, tracking_uri, today, days, seed = BINARY, "", TODAY, 1000, 7

    def __init__(self, folder):
        self.database = folder / "installs.db"


@contextlib.contextmanager
def played(folder, days):
    pipelines = installs.Pipelines(Given(folder))
    pipelines.days = days
    with pipelines.server(folder):
        pipelines.created = [pipelines.create(), pipelines.create()]
        pipelines.jobs = pipelines.train()
        pipelines.inferred = pipelines.infer()
        yield pipelines


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    with played(tmp_path_factory.mktemp("installs"), 1000) as pipelines:
        yield pipelines


@pytest.fixture
def few(tmp_path):
    """Of five months: quickly trained."""
    with played(tmp_path, 150) as pipelines:
        yield pipelines


def ask(pipelines, sql, *values):
    with contextlib.closing(sqlite3.connect(pipelines.database)) as db, db:
        return db.execute(sql, values).fetchall()


def facts(pipelines, job):
    run = pipelines.ask("GET", "/api/2.0/mlflow/runs/get", run_id=job["run_id"])["run"]
    return {metric["key"].rpartition("/")[2]: metric["value"] for metric in run["data"]["metrics"]}


def outliers(pipelines, detector):
    counted = "SELECT SUM(prediction = 'outlier'), COUNT(*) FROM predictions WHERE detector = ?"
    return ask(pipelines, counted, detector)[0]


def test_creating_twice_leaves_the_rows_of_once(trained):
    assert [made["rows"] for made in trained.created] == [25_533, 25_533]
    assert ask(trained, "SELECT COUNT(*) FROM new_users_metrics") == [(25_533,)]
    held_back = (TODAY - datetime.timedelta(days=7)).isoformat()
    assert ask(trained, "SELECT COUNT(*) FROM new_users_metrics WHERE created_at < ?", held_back) == [(25_335,)]


def test_one_model_learns_as_scikit_learns(trained):
    """scikit-learn 1.2.1: rho 42.785, 3,322 support vectors, 10.13 % of the training outside, 12 of 198. The date that this
    was measured on is not known; this one gives the same vectors and outliers, and scikit-learn a rho of 42.903."""
    learnt = facts(trained, trained.jobs["installs"])
    assert learnt["rho"] == pytest.approx(42.785, rel=0.005)
    assert learnt["rho"] == pytest.approx(42.9031, abs=1e-3)
    assert learnt["support_vectors"] == pytest.approx(3_322, abs=10)
    trained.wakeful("run", "installs", "--kind", "predict", "--from", trained.day(-1000), "--until", trained.day(-7), "--wait")
    flagged, count = ask(trained, "SELECT SUM(prediction = 'outlier'), COUNT(*) FROM predictions WHERE detector = 'installs' "
                         "AND created_at < ?", trained.day(-7)[:10])[0]  # fmt: skip
    assert count == 25_335
    assert flagged / count == pytest.approx(0.1013, abs=0.002)


def test_the_week_is_predicted_row_by_row_and_each_row_says_by_what(trained):
    names = [row[1] for row in ask(trained, "SELECT * FROM pragma_table_info('predictions')")]
    assert names == COLUMNS
    result = trained.inferred["installs"]["result"]
    assert result["rows"] == 198 and result["output"] == "installs:predictions"
    assert result["outliers"] == 12
    run = trained.inferred["installs"]["run_id"]
    week = "FROM predictions WHERE detector = 'installs' AND run_id = ?"
    assert ask(trained, f"SELECT COUNT(*), MIN(created_at), MAX(created_at) {week}", run) == [(198, "2026-08-15", "2026-08-22")]
    assert ask(trained, f"SELECT DISTINCT model, model_version {week}", run) == [(MODEL, 1)]
    assert ask(trained, f"SELECT COUNT(*) {week} AND (score > 1) <> (prediction = 'outlier')", run) == [(0,)]
    joined = "SELECT COUNT(*) FROM predictions JOIN new_users_metrics USING (created_at, country_code, platform, channel, new_users)"
    assert ask(trained, f"{joined} WHERE run_id = ?", run) == [(198,)]


def test_predicting_again_leaves_the_rows_of_once(trained):
    before = ask(trained, "SELECT created_at, country_code, platform, channel, detector, score FROM predictions ORDER BY 1, 2, 3, 4, 5")
    again = trained.infer()
    assert again["installs"]["id"] != trained.inferred["installs"]["id"], "it ran"
    after = ask(trained, "SELECT created_at, country_code, platform, channel, detector, score FROM predictions ORDER BY 1, 2, 3, 4, 5")
    assert after == before


def test_a_week_without_germany_shifts_no_code(trained):
    italy = "SELECT created_at, platform, channel, score FROM predictions WHERE country_code = 'it' AND detector = 'installs' AND created_at >= '2026-08-15' ORDER BY 1, 2, 3"
    before = ask(trained, italy)
    kept = ask(trained, "SELECT * FROM new_users_metrics WHERE country_code <> 'it' AND created_at >= '2026-08-15'")
    ask(trained, "DELETE FROM new_users_metrics WHERE country_code <> 'it' AND created_at >= '2026-08-15'")
    try:
        trained.infer()
        assert len(before) > 60 and ask(trained, italy) == before
        assert ask(trained, "SELECT COUNT(*) FROM predictions WHERE country_code <> 'it' AND created_at >= '2026-08-15'") == [(0,)]
    finally:
        with contextlib.closing(sqlite3.connect(trained.database)) as db, db:
            db.executemany("INSERT INTO new_users_metrics VALUES (?, ?, ?, ?, ?)", kept)
        trained.infer()


def test_a_country_that_was_never_shown_is_refused_by_name(trained):
    ask(trained, "INSERT INTO new_users_metrics VALUES ('2026-08-22', 'es', 'ios', 'paid', 5)")
    try:
        with pytest.raises(SystemExit, match="has not shown 'es' as a country_code; it knows de, fr, it"):
            trained.infer()
    finally:
        ask(trained, "DELETE FROM new_users_metrics WHERE country_code = 'es'")


def test_each_group_has_a_registered_model_that_looks_at_its_numbers(trained):
    result = trained.jobs["installs-by-group"]["result"]
    assert result["models"] == 27
    search = "/api/2.0/mlflow/registered-models/search"
    found = trained.ask("GET", search, filter="tags.detector = 'installs-by-group' AND tags.online = 'True'", max_results=100)
    names = {model["name"] for model in found["registered_models"]}
    assert len(names) == 27 and "installs-by-group__new_users__de__ios__paid_online" in names
    for model in found["registered_models"]:
        tags = {tag["key"] for tag in model["latest_versions"][0]["tags"]}
        assert {"last_evaluation_ts", "datasource", "query"} <= tags
    flagged, count = outliers(trained, "installs-by-group")
    assert count == 198 and 0.03 < flagged / count < 0.2


def test_a_group_has_the_share_of_outliers_that_was_asked_for(few):
    """Of raw counts, at gamma 0.1, every row is its own neighbourhood: 38 % would lie outside, though nu is 0.1."""
    words = ("--kind", "predict", "--from", few.day(-150), "--until", few.day(-7))
    result = few.run("installs-by-group", *words)["result"]
    assert result["rows"] == few.created[0]["rows"] - few.inferred["installs"]["result"]["rows"]
    assert result["outliers"] / result["rows"] == pytest.approx(0.1, abs=0.02)


def test_an_unusual_number_of_users_is_an_outlier_of_its_group(few):
    ask(few, "UPDATE new_users_metrics SET new_users = 90000 WHERE created_at = '2026-08-21' AND platform = 'web'")
    few.infer()
    seen = ask(few, "SELECT DISTINCT prediction FROM predictions WHERE new_users = 90000 AND detector = ?", "installs-by-group")
    assert seen == [("outlier",)]


def test_both_pipelines_have_a_schedule(trained):
    for name in installs.DETECTORS:
        status = trained.ask("GET", f"/api/v1/detectors/{name}")["detector"]
        assert status["definition"]["schedule"] == {"every": "1d"}
        assert status["next_evaluation_at"].endswith("T00:00:00Z")
        assert status["definition"]["predict"]["interval"] == "1d"


def test_destroying_takes_what_was_made_and_nothing_else(few):
    few.ask("POST", "/api/2.0/mlflow/registered-models/create", {"name": "somebody-elses"})
    row = ("2026-08-22", "de", "ios", "paid", 1.0, "correct", 0.5, "m", 1, "r", "somebody-elses", "a")
    ask(few, f"INSERT INTO predictions VALUES ({', '.join('?' * len(row))})", *row)
    gone = few.destroy()
    assert len(gone["models"]) == 28 and gone["rows"] > 0
    assert few.destroy() == {"models": [], "rows": 0}
    left = few.ask("GET", "/api/2.0/mlflow/registered-models/search")["registered_models"]
    assert [model["name"] for model in left] == ["somebody-elses"]
    assert ask(few, "SELECT * FROM predictions") == [row]
    assert few.ask("GET", "/api/v1/detectors")["detectors"] == []


def test_the_steps_of_the_page_are_commands(tmp_path):
    """As they stand there, but for the place of the database, the server's port, and the day."""
    page = (EXAMPLE / "README.md").read_text().replace("/tmp/installs.db", f"{tmp_path}/installs.db")
    (block,) = re.findall(r"^```\n(export .*?)^```$", page, re.DOTALL | re.MULTILINE)
    connection, server, *steps = block.splitlines()
    assert server == "wakeful server &"
    name, _, uri = connection.removeprefix("export ").partition("=")
    environment = {**os.environ, "WAKEFUL_BINARY": BINARY, name: uri}

    def step(command):
        command = f"{command} --today {TODAY} --days 150 --json"
        done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen([BINARY, "server", "--port", "0"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=log, text=True,
                                   env=environment)  # fmt: skip
    try:
        environment["MLFLOW_TRACKING_URI"] = process.stdout.readline().split()[-1]
        created, trained, inferred, destroyed = map(step, steps)
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()
    assert created["rows"] > 3_000
    assert {name: job["models"] for name, job in trained.items()} == {"installs": 1, "installs-by-group": 27}
    assert {name: job["rows"] for name, job in inferred.items()} == {"installs": 198, "installs-by-group": 198}
    assert len(destroyed["models"]) == 28 and destroyed["rows"] == 396
