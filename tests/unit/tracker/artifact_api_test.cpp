// The artifact endpoints of runs, logged models and versions, on a real folder, through the Router.
#include "tracker/artifact_api.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "platform/core/error.hpp"
#include "unit/artifacts/folder_of_test.hpp"

namespace wakeful::tracker {
namespace {

using artifacts::testing::TemporaryFolder;

class ArtifactApi : public ::testing::Test {
 protected:
  ArtifactApi() {
    const auto look_up = [](const std::map<std::string, std::string>& rows) {
      return [&rows](const std::string& id) {
        const auto row = rows.find(id);
        if (row == rows.end()) throw core::not_found("Run with id=" + id + " not found");
        return row->second;
      };
    };
    router_.add(artifact_routes(*store_,
                                {.run = look_up(runs_),
                                 .model = look_up(models_),
                                 .version =
                                     [this](const std::string& name, const std::string& version) {
                                       const auto row = versions_.find(name + "/" + version);
                                       if (row == versions_.end()) throw core::not_found("no version");
                                       return row->second;
                                     }},
                                {.local_roots = {local_.path().string()}}));
    put("1/r1/artifacts/a.txt", "alpha");
    put("1/r1/artifacts/model/MLmodel", "flavors");
    put("1/models/m-1/artifacts/MLmodel", "logged");
  }

  void put(std::string_view path, std::string text) {
    http::TextBody body(std::move(text));
    store_->put(artifacts::Path::parse(path), body);
  }
  http::Response send(std::string method, std::string target, std::optional<std::string> body = std::nullopt) {
    http::Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    if (body) request.content_length = body->size();
    if (body) request.body = std::make_unique<http::TextBody>(std::move(*body));
    return router_.handle(std::move(request));
  }
  std::string get(std::string target) { return send("GET", std::move(target)).read_all(); }
  int status(std::string target) { return send("GET", std::move(target)).status; }

  std::map<std::string, std::string> runs_{
      {"r1", "mlflow-artifacts:/1/r1/artifacts"},
      {"full", "mlflow-artifacts://host:5000/1/r1/artifacts"},
      {"http", "https://other/api/2.0/mlflow-artifacts/artifacts/1/r1/artifacts"},
      {"s3", "s3://bucket/1/r1/artifacts"},
      {"etc", "file:///etc"},
      {"web", "http://169.254.169.254/latest"},
      {"up", "mlflow-artifacts:/../x"},
      {"up2", "mlflow-artifacts:/a/%2e%2e/%2e%2e/x"},
      {"fragment", "mlflow-artifacts:/1#/../x"},
  };
  std::map<std::string, std::string> models_{{"m-1", "mlflow-artifacts:/1/models/m-1/artifacts"}};
  std::map<std::string, std::string> versions_{{"n/1", "mlflow-artifacts:/1/r1/artifacts/model"},
                                               {"n/2", "runs:/r1/model"},
                                               {"n/3", "models:/m-1"},
                                               {"n/4", "models:/other/1"},
                                               {"n/5", "runs:/r1/../../x"},
                                               {"n/6", "runs:/none/model"},
                                               {"n/7", "runs://none/r1/model"}};
  TemporaryFolder local_;
  std::unique_ptr<artifacts::Store> store_ = artifacts::testing::fresh_local_store();
  core::Telemetry telemetry_;
  http::Router router_{telemetry_};
};

TEST_F(ArtifactApi, ListsARunRelativeToItsRoot) {
  EXPECT_EQ(
      get("/api/2.0/mlflow/artifacts/list?run_id=r1"),
      R"({"root_uri":"mlflow-artifacts:/1/r1/artifacts","files":[{"path":"a.txt","is_dir":false,"file_size":5},{"path":"model","is_dir":true}]})");
  EXPECT_EQ(
      get("/ajax-api/2.0/mlflow/artifacts/list?run_uuid=r1&path=model"),
      R"({"root_uri":"mlflow-artifacts:/1/r1/artifacts","files":[{"path":"model/MLmodel","is_dir":false,"file_size":7}]})");
  for (const char* path : {"a.txt", "none", "none/deeper"}) {
    EXPECT_EQ(get(std::string("/api/2.0/mlflow/artifacts/list?run_id=r1&path=") + path),
              R"({"root_uri":"mlflow-artifacts:/1/r1/artifacts"})");
  }
}

TEST_F(ArtifactApi, FindsTheStoreBehindEveryFormOfItsUri) {
  for (const char* run : {"r1", "full", "http"})
    EXPECT_EQ(get(std::string("/get-artifact?path=a.txt&run_id=") + run), "alpha") << run;
}

TEST_F(ArtifactApi, GivesAFileAsAnAttachment) {
  http::Response response = send("GET", "/get-artifact?run_uuid=r1&path=model%2FMLmodel");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.find("Content-Disposition"), "attachment; filename=MLmodel");
  EXPECT_EQ(response.headers.find("Content-Type"), "text/plain");
  EXPECT_EQ(response.read_all(), "flavors");
}

TEST_F(ArtifactApi, SaysWhatIsMissing) {
  EXPECT_EQ(status("/get-artifact?run_id=r1"), 400);
  EXPECT_EQ(status("/get-artifact?path=a.txt"), 400);
  EXPECT_EQ(status("/get-artifact?run_id=none&path=a.txt"), 404);
  EXPECT_EQ(status("/get-artifact?run_id=r1&path=none"), 404);
  EXPECT_EQ(status("/get-artifact?run_id=r1&path=model"), 400);
  EXPECT_NE(get("/api/2.0/mlflow/artifacts/list").find("Missing value for required parameter 'run_id'"),
            std::string::npos);
}

TEST_F(ArtifactApi, RefusesPathsThatLeaveTheRun) {
  for (const std::string& path :
       std::vector<std::string>{"../x", "..%2F..%2Fx", "/etc/passwd", "%252e%252e/x", "a%23b", "C:%5Cx", "%00"}) {
    EXPECT_EQ(status("/get-artifact?run_id=r1&path=" + path), 400) << path;
    EXPECT_EQ(status("/api/2.0/mlflow/artifacts/list?run_id=r1&path=" + path), 400) << path;
    EXPECT_EQ(status("/model-versions/get-artifact?name=n&version=1&path=" + path), 400) << path;
    EXPECT_EQ(status("/api/2.0/mlflow/logged-models/m-1/artifacts/directories?artifact_directory_path=" + path), 400)
        << path;
    EXPECT_EQ(send("POST", "/ajax-api/2.0/mlflow/upload-artifact?run_uuid=r1&path=" + path, "x").status, 400) << path;
  }
}

TEST_F(ArtifactApi, FetchesNothingThatItDoesNotKeep) {
  for (const char* run : {"s3", "web", "up", "up2", "fragment"}) {
    EXPECT_EQ(status(std::string("/get-artifact?path=passwd&run_id=") + run), 400) << run;
    EXPECT_EQ(status(std::string("/api/2.0/mlflow/artifacts/list?run_id=") + run), 400) << run;
  }
  EXPECT_EQ(status("/get-artifact?path=passwd&run_id=etc"), 403);
  EXPECT_EQ(status("/api/2.0/mlflow/artifacts/list?run_id=etc"), 403);
}

TEST_F(ArtifactApi, ReadsLocalUrisBelowTheAllowedFoldersOnly) {
  std::filesystem::create_directories(local_.path() / "1/r/artifacts");
  std::ofstream(local_.path() / "1/r/artifacts/x.txt") << "local";
  runs_["plain"] = (local_.path() / "1/r/artifacts").string();
  runs_["uri"] = "file://" + (local_.path() / "1/r/artifacts").string();
  runs_["beside"] = local_.path().string() + "-beside/1";
  runs_["dots"] = (local_.path() / "../etc").string();
  runs_["host"] = "file://evil" + local_.path().string();
  runs_["relative"] = "1/r/artifacts";
  EXPECT_EQ(get("/get-artifact?run_id=plain&path=x.txt"), "local");
  EXPECT_EQ(get("/get-artifact?run_id=uri&path=x.txt"), "local");
  EXPECT_NE(get("/api/2.0/mlflow/artifacts/list?run_id=uri").find(R"({"path":"x.txt")"), std::string::npos);
  for (const char* run : {"beside", "dots", "host", "relative"}) {
    EXPECT_EQ(status(std::string("/get-artifact?path=x.txt&run_id=") + run) / 100, 4) << run;
  }
}

TEST_F(ArtifactApi, GivesTheArtifactsOfALoggedModel) {
  EXPECT_EQ(
      get("/api/2.0/mlflow/logged-models/m-1/artifacts/directories"),
      R"({"root_uri":"mlflow-artifacts:/1/models/m-1/artifacts","files":[{"path":"MLmodel","is_dir":false,"file_size":6}]})");
  EXPECT_EQ(get("/ajax-api/2.0/mlflow/logged-models/m-1/artifacts/files?artifact_file_path=MLmodel"), "logged");
  EXPECT_EQ(status("/ajax-api/2.0/mlflow/logged-models/m-1/artifacts/files"), 400);
  EXPECT_EQ(status("/api/2.0/mlflow/logged-models/m-2/artifacts/directories"), 404);
}

TEST_F(ArtifactApi, FollowsTheSourceOfAVersion) {
  EXPECT_EQ(get("/model-versions/get-artifact?name=n&version=1&path=MLmodel"), "flavors");
  EXPECT_EQ(get("/model-versions/get-artifact?name=n&version=2&path=MLmodel"), "flavors");
  EXPECT_EQ(get("/model-versions/get-artifact?name=n&version=7&path=MLmodel"), "flavors");
  EXPECT_EQ(get("/model-versions/get-artifact?name=n&version=3&path=MLmodel"), "logged");
  EXPECT_EQ(status("/model-versions/get-artifact?name=n&version=4&path=MLmodel"), 400);
  EXPECT_EQ(status("/model-versions/get-artifact?name=n&version=5&path=MLmodel"), 400);
  EXPECT_EQ(status("/model-versions/get-artifact?name=n&version=6&path=MLmodel"), 404);
  EXPECT_EQ(status("/model-versions/get-artifact?name=n&version=9&path=MLmodel"), 404);
  EXPECT_EQ(status("/model-versions/get-artifact?name=n&version=1"), 400);
  EXPECT_EQ(status("/model-versions/get-artifact?name=n&version=1&path=MLmodel&presigned=true"), 501);
}

TEST_F(ArtifactApi, TakesSmallUploadsOfThePage) {
  const std::string target = "/ajax-api/2.0/mlflow/upload-artifact";
  EXPECT_EQ(send("POST", target + "?run_uuid=r1&path=up/load.txt", "data").status, 200);
  EXPECT_EQ(get("/get-artifact?run_id=r1&path=up/load.txt"), "data");
  const auto message = [&](std::string query, std::string body) {
    return send("POST", target + query, std::move(body)).read_all();
  };
  EXPECT_NE(message("?path=x", "d").find("Request must specify run_uuid"), std::string::npos);
  EXPECT_NE(message("?run_uuid=r1", "d").find("Request must specify path."), std::string::npos);
  EXPECT_NE(message("?run_uuid=r1&path=x", "").find("Request must specify data."), std::string::npos);
  EXPECT_EQ(send("POST", target + "?run_uuid=r1&path=x", std::string(10U << 20U, 'x')).status, 200);
  const std::string too_large((10U << 20U) + 1, 'x');
  EXPECT_NE(message("?run_uuid=r1&path=y", too_large).find("Artifact size is too large. Max size is 10MB."),
            std::string::npos);
  EXPECT_EQ(status("/get-artifact?run_id=r1&path=y"), 404);
}

TEST_F(ArtifactApi, StopsALargeUploadWithoutALength) {
  http::Request request;
  request.method = "POST";
  request.target = "/ajax-api/2.0/mlflow/upload-artifact?run_uuid=r1&path=y";
  request.body = std::make_unique<http::TextBody>(std::string(11U << 20U, 'x'));
  EXPECT_EQ(router_.handle(std::move(request)).status, 400);
  EXPECT_EQ(status("/get-artifact?run_id=r1&path=y"), 404);
}

TEST_F(ArtifactApi, RefusesPresignedUrls) {
  runs_["local"] = local_.path().string();
  for (const char* direction : {"upload", "download"}) {
    const std::string target = std::string("/api/2.0/mlflow/artifacts/presigned-") + direction + "-url";
    EXPECT_EQ(send("POST", target, R"({"run_id":"r1","path":"x"})").status, 400);
    EXPECT_EQ(send("POST", target, R"({"run_id":"local","path":"x"})").status, 501);
    EXPECT_EQ(send("POST", target, R"({"run_id":"r1"})").status, 400);
    EXPECT_EQ(send("POST", target, R"({"run_id":"r1","model_id":"m-1","path":"x"})").status, 400);
    EXPECT_EQ(send("POST", target, R"({"run_id":"r1","path":"../x"})").status, 400);
    EXPECT_EQ(send("POST", target, R"({"model_id":"m-9","path":"x"})").status, 404);
  }
}

}  // namespace
}  // namespace wakeful::tracker
