import http.client
import json
import os
import pathlib
from urllib.parse import urlsplit

import mlflow
import pytest
import requests
from conftest import write
from mlflow.exceptions import MlflowException


def listing(client, run, path=None):
    return [(f.path, f.is_dir, f.file_size or None) for f in client.list_artifacts(run, path)]


def test_files_and_folders_round_trip(client, experiment, tmp_path):
    write(tmp_path / "in/a.txt", "alpha")
    write(tmp_path / "in/deep/er/b.json", '{"b": 1}')
    write(tmp_path / "in/empty", "")
    with mlflow.start_run() as active:
        mlflow.log_artifact(tmp_path / "in/a.txt")
        mlflow.log_artifact(tmp_path / "in/a.txt", "copies/one")
        mlflow.log_artifacts(str(tmp_path / "in"), "all")
    run = active.info.run_id
    assert listing(client, run) == [("a.txt", False, 5), ("all", True, None), ("copies", True, None)]
    assert listing(client, run, "all") == [("all/a.txt", False, 5), ("all/deep", True, None), ("all/empty", False, None)]
    assert listing(client, run, "all/deep/er") == [("all/deep/er/b.json", False, 8)]
    assert listing(client, run, "a.txt") == [] and listing(client, run, "none") == []
    fetched = pathlib.Path(client.download_artifacts(run, "all", str(tmp_path)))
    assert sorted(str(p.relative_to(fetched)) for p in fetched.rglob("*") if p.is_file()) == ["a.txt", "deep/er/b.json", "empty"]
    assert (fetched / "deep/er/b.json").read_text() == '{"b": 1}' and (fetched / "empty").read_text() == ""
    one = mlflow.artifacts.download_artifacts(run_id=run, artifact_path="copies/one/a.txt", dst_path=str(tmp_path / "one"))
    assert pathlib.Path(one).read_text() == "alpha"
    by_uri = mlflow.artifacts.download_artifacts(f"runs:/{run}/a.txt", dst_path=str(tmp_path / "two"))
    assert pathlib.Path(by_uri).read_text() == "alpha"


def test_text_dict_figure_and_table(client, experiment, tmp_path):
    import matplotlib.pyplot as plt
    import pandas

    figure, axes = plt.subplots()
    axes.plot([0, 1], [2, 3])
    with mlflow.start_run() as active:
        mlflow.log_text("héllo", "notes/text.md")
        mlflow.log_dict({"a": [1, 2], "ü": None}, "config.json")
        mlflow.log_dict({"a": 1}, "config.yaml")
        mlflow.log_figure(figure, "plots/line.png")
        mlflow.log_table({"x": [1, 2], "y": ["a", "b"]}, "table.json")
    plt.close(figure)
    run = active.info.run_id
    artifacts = client.get_run(run).info.artifact_uri
    assert mlflow.artifacts.load_text(artifacts + "/notes/text.md") == "héllo"
    assert mlflow.artifacts.load_dict(artifacts + "/config.json") == {"a": [1, 2], "ü": None}
    picture = pathlib.Path(client.download_artifacts(run, "plots/line.png", str(tmp_path)))
    assert picture.read_bytes().startswith(b"\x89PNG")
    frame = mlflow.load_table("table.json", run_ids=[run])
    pandas.testing.assert_frame_equal(frame[["x", "y"]], pandas.DataFrame({"x": [1, 2], "y": ["a", "b"]}))


def test_an_image_is_logged(client, experiment):
    import numpy

    with mlflow.start_run() as active:
        mlflow.log_image(numpy.zeros((4, 4, 3), dtype=numpy.uint8), "image.png")
    assert [f.path for f in client.list_artifacts(active.info.run_id)] == ["image.png"]


def test_a_file_is_replaced(client, run):
    client.log_text(run, "one", "f.txt")
    client.log_text(run, "two!", "f.txt")
    assert listing(client, run) == [("f.txt", False, 4)]


@pytest.mark.newer
@pytest.mark.parametrize("odd", ["sp ace.txt", "ünï.txt", "a+b.txt", "100%.txt", "q'u\"ote.txt", "名前", "a:b", "x&y=z.txt"])
def test_odd_names(client, run, tmp_path, odd):
    client.log_artifact(run, str(write(tmp_path / "in" / odd, odd)))
    assert [f.path for f in client.list_artifacts(run)] == [odd]
    assert pathlib.Path(client.download_artifacts(run, odd, str(tmp_path))).read_text() == odd


def test_a_larger_file_round_trips(client, run, tmp_path):
    content = os.urandom(1 << 20) * 24
    (tmp_path / "big.bin").write_bytes(content)
    client.log_artifact(run, str(tmp_path / "big.bin"), "d")
    (tmp_path / "out").mkdir()
    assert pathlib.Path(client.download_artifacts(run, "d/big.bin", str(tmp_path / "out"))).read_bytes() == content


def test_many_files_at_once(client, run, tmp_path):
    for i in range(60):
        write(tmp_path / "in" / f"{i % 4}" / f"{i}.txt", str(i))
    client.log_artifacts(run, str(tmp_path / "in"))
    fetched = pathlib.Path(client.download_artifacts(run, "", str(tmp_path / "in")))
    assert sorted(int(p.read_text()) for p in fetched.rglob("*.txt")) == list(range(60))


def test_artifacts_are_deleted(client, experiment, run):
    client.log_text(run, "x", "d/a.txt")
    client.log_text(run, "x", "b.txt")
    # The client has no call for it; its repositories do, and `mlflow gc` uses them.
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    repository = get_artifact_repository(client.get_run(run).info.artifact_uri)
    repository.delete_artifacts("d")
    assert [f.path for f in client.list_artifacts(run)] == ["b.txt"]
    repository.delete_artifacts("none")


def test_what_is_missing_is_said(client, run, tmp_path):
    with pytest.raises((MlflowException, requests.HTTPError)):
        client.download_artifacts(run, "none.txt", str(tmp_path))
    with pytest.raises(MlflowException):
        client.list_artifacts("0" * 32)


@pytest.mark.newer
def test_the_tracking_server_lists_and_gives_artifacts(client, rest, run):
    client.log_text(run, "hello", "d/a.txt")
    answer = rest.get("artifacts/list", run_id=run).json()
    assert answer["root_uri"] == client.get_run(run).info.artifact_uri
    assert answer["files"] == [{"path": "d", "is_dir": True}]
    assert rest.get("artifacts/list", run_uuid=run, path="d").json()["files"] == [{"path": "d/a.txt", "is_dir": False, "file_size": 5}]
    assert "files" not in rest.get("artifacts/list", run_id=run, path="none").json()
    answer = rest.get("/get-artifact", run_id=run, path="d/a.txt")
    assert answer.text == "hello"
    assert answer.headers["Content-Disposition"] == "attachment; filename=a.txt"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert rest.get("/get-artifact", run_id=run, path="none").status_code == 404
    assert rest.get("/get-artifact", run_id=run).status_code == 400
    assert rest.get("/get-artifact", path="x").status_code in (400, 404)
    assert rest.get("/get-artifact", run_id="0" * 32, path="x").status_code == 404


def test_a_page_uploads_a_small_file(client, rest, run):
    def upload(data, **params):
        return rest.send("POST", "/ajax-api/2.0/mlflow/upload-artifact", params=params, data=data)

    assert upload(b"data", run_uuid=run, path="up/a.txt").status_code == 200
    assert [f.path for f in client.list_artifacts(run, "up")] == ["up/a.txt"]
    assert upload(b"data", path="a").status_code == 400
    assert "Request must specify path." in upload(b"data", run_uuid=run).text
    assert "Request must specify data." in upload(b"", run_uuid=run, path="a").text
    assert upload(b"x" * (10 * 1024 * 1024 + 1), run_uuid=run, path="a").status_code == 400


@pytest.mark.parametrize("bad", [
    "../x", "a/../../x", "%2e%2e/x", "%2e%2e%2fx", "%252e%252e%252fx", "%2fetc%2fpasswd", "a%23b", "..%2f..%2f..%2fetc%2fpasswd",
])
def test_paths_cannot_leave_the_store(server, rest, run, bad):
    """As raw as it goes: `requests` would resolve dots by itself."""
    host = urlsplit(server)

    def raw(method, target, body=b""):
        connection = http.client.HTTPConnection(host.hostname, host.port, timeout=60)
        connection.putrequest(method, target)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        status = connection.getresponse().status
        connection.close()
        return status

    base = "/api/2.0/mlflow-artifacts/artifacts"
    for method, body in (("GET", b""), ("PUT", b"x"), ("DELETE", b"")):
        assert raw(method, f"{base}/{bad}", body) in (308, 400, 404), method
    assert raw("GET", f"{base}?path={bad}") in (400, 404)
    assert raw("GET", f"/get-artifact?run_id={run}&path={bad}") in (400, 404)
    assert raw("GET", f"/api/2.0/mlflow/artifacts/list?run_id={run}&path={bad}") in (400, 404)


def test_parts_and_presigned_urls_are_not_offered(rest, run):
    base = "/api/2.0/mlflow-artifacts"
    answer = rest.post(f"{base}/mpu/create/a/b", path="a/b", num_parts=2)
    assert answer.status_code == 501 and json.loads(answer.text)["error_code"] == "NOT_IMPLEMENTED"


@pytest.mark.differs("MLflow streams whole files only up to 3.17")
def test_a_part_of_a_file(client, rest, experiment, run):
    client.log_text(run, "0123456789", "f")
    path = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts/f"
    answer = rest.send("GET", path, headers={"Range": "bytes=2-4"})
    assert answer.status_code == 206 and answer.text == "234" and answer.headers["Content-Range"] == "bytes 2-4/10"
    assert rest.send("GET", path, headers={"Range": "bytes=10-"}).status_code == 416
    assert rest.send("HEAD", path).headers["Content-Length"] == "10"


@pytest.mark.differs("MLflow answers 500 or 200 here")
def test_a_file_below_a_file_is_a_conflict(client, rest, experiment, run):
    client.log_text(run, "x", "f")
    base = f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts"
    assert rest.send("PUT", base + "/f/under", data=b"x").status_code == 409
    assert rest.send("PUT", base + "/a%00b", data=b"x").status_code == 400
    assert rest.send("PUT", base + "/a%5Cb", data=b"x").status_code == 400
