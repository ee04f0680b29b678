"""What no client would send: every answer is a 4xx that says what was wrong, and nothing was stored.

Sources: the published holes of MLflow (path traversal, foreign URIs, forged tokens, huge and deep bodies) and the accidents
of its own server, which answers some of these with 500 or takes them silently.
"""

import json

import pytest

pytestmark = pytest.mark.differs("MLflow answers 500 or stores nonsense for several of these")

HUGE = 10**30
TYPES = [5, 1.5, True, [], ["x"], {}, {"x": 1}]


def refused(answer, *fields):
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:300])
    body = answer.json()
    assert body["error_code"] and body["message"]
    for field in fields:
        assert field in body["message"], body
    return True


@pytest.mark.parametrize("value", TYPES, ids=repr)
@pytest.mark.parametrize("path, body, field", [
    ("experiments/create", {"name": "?"}, "name"),
    ("experiments/create", {"name": "hostile", "artifact_location": "?"}, "artifact_location"),
    ("experiments/update", {"experiment_id": "0", "new_name": "?"}, "new_name"),
    ("runs/create", {"experiment_id": "0", "run_name": "?"}, "run_name"),
    ("runs/search", {"experiment_ids": ["0"], "filter": "?"}, "filter"),
    ("runs/search", {"experiment_ids": ["0"], "page_token": "?"}, "page_token"),
    ("registered-models/create", {"name": "?"}, "name"),
    ("registered-models/create", {"name": "hostile", "description": "?"}, "description"),
    ("model-versions/create", {"name": "hostile", "source": "?"}, "source"),
])
def test_a_text_is_a_text(rest, path, body, field, value):
    sent = {k: value if v == "?" else v for k, v in body.items()}
    assert refused(rest.post(path, **sent), field)


@pytest.mark.parametrize("value", ["x", 1.5, HUGE, -1, True, [], {}, "1e400"], ids=repr)
def test_numbers_are_numbers(rest, run, value):
    for path, body, field in (
        ("runs/search", {"experiment_ids": ["0"], "max_results": value}, "max_results"),
        ("experiments/search", {"max_results": value}, "max_results"),
        ("runs/log-metric", {"run_id": run, "key": "m", "value": 1, "timestamp": value}, "imestamp"),
    ):
        assert refused(rest.post(path, **body), field)


@pytest.mark.parametrize("value", ["x", [], {}, "", "0x1"], ids=repr)
def test_a_metric_is_a_number(rest, run, value):
    assert refused(rest.post("runs/log-metric", run_id=run, key="m", value=value, timestamp=1), "value")


@pytest.mark.parametrize("value", [5, "x", {"key": "k", "value": "v"}, ["x"], [5], [None], [[]], [{"value": "v"}], [{"key": 5}], [{"key": "k", "value": 5}]], ids=repr)
def test_tags_are_a_list_of_pairs(rest, run, name, value):
    for path, body in (
        ("experiments/create", {"name": name}),
        ("runs/create", {"experiment_id": "0"}),
        ("registered-models/create", {"name": name}),
        ("runs/log-batch", {"run_id": run}),
    ):
        assert refused(rest.post(path, tags=value, **body), "tags"), path


@pytest.mark.parametrize("body", [
    b"[]", b"5", b"null", b"{", b"{\"name\":}", b"\xff\xfe", b"{\"name\":\"\xff\"}", b"{\"name\":\"a\\u0000b\"}", b"{\"name\":\"\\ud800\"}",
    b"[" * 100_000, b"{\"a\":" * 50_000 + b"1" + b"}" * 50_000, b"{\"name\":\"a\",}", b"{\"name\":01}", b"\xef\xbb\xbf{}", b"{} {}",
], ids=lambda b: repr(b[:20]))
def test_bodies_that_are_no_request(rest, body):
    for path in ("experiments/create", "registered-models/create", "runs/create", "runs/log-batch"):
        answer = rest.send("POST", path, data=body, headers={"Content-Type": "application/json"})
        assert refused(answer), path


def test_a_body_has_a_type(rest, name):
    for kind in (None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        headers = {"Content-Type": kind} if kind else {}
        assert refused(rest.send("POST", "experiments/create", data=json.dumps({"name": name}).encode(), headers=headers), "Content-Type")
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert rest.send("POST", "experiments/create", data=json.dumps({"name": name}).encode(), headers=headers).status_code == 200


@pytest.mark.parametrize("location", [
    "mlflow-artifacts:/../x", "mlflow-artifacts:/a/%2e%2e/%2e%2e/x", "s3://bucket/x#/../../y", "http:///#/../../etc/", "file:///etc/../x",
    "s3://b/x?y=../..", "https://h/..%2f..%2fx", "s3://b/%00", "x\ny",
])
def test_artifact_locations_that_leave_their_place(rest, name, location):
    assert refused(rest.post("experiments/create", name=name, artifact_location=location))
    assert rest.get("experiments/get-by-name", experiment_name=name).status_code == 404


def test_the_files_of_the_server_are_not_given(client, rest, name):
    for location in ("/etc", "file:///etc", "/proc/self"):
        answer = rest.post("experiments/create", name=name + location.replace("/", "-"), artifact_location=location)
        if answer.status_code != 200:
            continue
        run = client.create_run(answer.json()["experiment_id"]).info.run_id
        for path in ("passwd", "environ", "../../passwd"):
            assert refused(rest.get("/get-artifact", run_id=run, path=path))
        assert refused(rest.get("artifacts/list", run_id=run))


@pytest.mark.parametrize("token", [
    "x", "%", "eyJvZmZzZXQiOiAtMX0=", "eyJvZmZzZXQiOiAxMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwfQ==", "e30=", "bnVsbA==", "A" * 100_000, "../..", "\u0000",
], ids=lambda t: repr(t[:20]))
def test_forged_page_tokens(rest, run, token):
    assert refused(rest.post("experiments/search", max_results=5, page_token=token))
    assert refused(rest.post("runs/search", experiment_ids=["0"], page_token=token))
    if len(token) < 1_000:
        assert refused(rest.get("registered-models/search", page_token=token))
        assert refused(rest.get("model-versions/search", page_token=token))
        assert refused(rest.get("metrics/get-history", run_id=run, metric_key="m", max_results=5, page_token=token))


@pytest.mark.parametrize("text", [
    "tags.a = '" + "x" * 70_000 + "'", " and ".join(["tags.a = 'x'"] * 1_001), "(" * 5_000, "'" * 5_001, "tags.`" + "`" * 3_001, "name = 'x' " * 2_000,
    "tags.a = 'x\u0000'", "\ud83d = 'x'".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
], ids=lambda t: repr(t[:20]))
def test_filters_that_want_to_hurt(rest, text):
    for path in ("runs/search", "experiments/search"):
        assert refused(rest.post(path, experiment_ids=["0"], max_results=5, filter=text)), path


def test_filters_are_values_and_never_sql(rest, experiment, run):
    for text in ("tags.a = 'x'' OR 1=1 --'", "tags.`a' OR '1'='1` = 'x'", "params.`x\"; DROP TABLE runs; --` = 'x'", "metrics.`a) OR (1=1` > 0"):
        answer = rest.post("runs/search", experiment_ids=[experiment], filter=text)
        assert answer.status_code == 200 and answer.json().get("runs", []) == [], text


def test_a_pattern_of_many_wildcards_is_answered(rest, run, client, experiment):
    client.set_tag(run, "t", "a" * 8_000)
    answer = rest.post("runs/search", experiment_ids=[experiment], filter="tags.t LIKE '" + "%a" * 2_000 + "b'")
    assert answer.status_code in (200, 400)


@pytest.mark.parametrize("version", ["", "-1", "1e3", "0x1", " 1", "१", str(2**63), str(HUGE), "1.0", "latest", "1\n"], ids=repr)
def test_versions_that_are_no_numbers(client, rest, name, version):
    client.create_registered_model(name)
    assert refused(rest.get("model-versions/get", name=name, version=version))
    assert refused(rest.get("/model-versions/get-artifact", name=name, version=version, path="x"))


@pytest.mark.parametrize("source", [
    "file:///etc", "/etc", "//proc/self/root", "file://evil.example/etc", "mlflow-artifacts:/../../etc", "mlflow-artifacts:/%2e%2e/x",
    "http://127.0.0.1:1/api/2.0/mlflow-artifacts/artifacts/../../x", "dbfs:/a%3f/../../..", "s3://b/x%00y", "C:\\Windows", "\\\\server\\share",
    "models:/nobody/1", "models:/", "runs:/", "s3://b/" + "x" * 5_000,
], ids=lambda s: repr(s[:40]))
def test_sources_that_name_the_servers_own_files(client, rest, name, source):
    client.create_registered_model(name)
    assert refused(rest.post("model-versions/create", name=name, source=source))
    tags = [{"key": "mlflow.prompt.is_prompt", "value": "false"}]
    assert refused(rest.post("model-versions/create", name=name, source=source, tags=tags))
    assert client.search_model_versions(f"name = '{name}'") == []


def test_large_requests_are_refused_quickly_or_taken(rest, name):
    assert refused(rest.post("experiments/create", name="x" * 2_000_000))
    tags = [{"key": f"k{i}", "value": "v"} for i in range(100_000)]
    for path, body in (
        ("experiments/create", {"name": name}), ("runs/create", {"experiment_id": "0"}), ("registered-models/create", {"name": name}),
        ("logged-models", {"experiment_id": "0"}),
    ):
        assert refused(rest.post(path, tags=tags, **body), "tags"), path
        assert rest.post(path, tags=tags[:1_000], **body).status_code == 200, path


def test_control_characters_in_names(rest, name):
    for bad in ("a\u0000b", "a\nb", "a\x7fb"):
        assert refused(rest.post("registered-models/create", name=name + bad))
        assert refused(rest.post("runs/set-tag", run_id="0" * 32, key=bad, value="v"))


def test_unknown_endpoints_and_methods(rest):
    assert rest.get("no/such").status_code == 404
    assert rest.send("GET", "/api/3.0/mlflow/traces/none").status_code == 404
    assert rest.send("PUT", "experiments/create").status_code == 405
    assert rest.send("GET", "/api/2.0/preview/mlflow/experiments/list").status_code == 404
    for answer in (rest.get("no/such"), rest.send("PUT", "experiments/create")):
        try:
            assert answer.json()["error_code"] == "ENDPOINT_NOT_FOUND"
        except ValueError:
            pass  # a page is as good: clients take the code from the status


def test_a_strange_host_is_refused(rest):
    assert rest.send("GET", "experiments/get?experiment_id=0", headers={"Host": "evil.example"}).status_code == 403
    assert rest.send("GET", "/health", headers={"Host": "evil.example"}).status_code == 200
    answer = rest.send("POST", "experiments/create", json={"name": "hostile"}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
