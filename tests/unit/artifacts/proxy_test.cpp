// The proxy's routes on a real folder, through the Router and without a socket.
#include "platform/artifacts/proxy.hpp"

#include <gtest/gtest.h>

#include "platform/artifacts/download.hpp"
#include "unit/artifacts/folder_of_test.hpp"

namespace wakeful::artifacts {
namespace {

constexpr std::string_view kPrefix = "/api/2.0/mlflow-artifacts";

class ArtifactProxy : public ::testing::Test {
 protected:
  ArtifactProxy() { router_.add(proxy_routes(*store_, {})); }

  http::Response send(std::string method, std::string target, std::optional<std::string> body = std::nullopt,
                      std::vector<std::pair<std::string, std::string>> headers = {}) {
    http::Request request;
    request.method = std::move(method);
    request.target =
        target.starts_with("/a") && target.find("/2.0/") != std::string::npos ? target : std::string(kPrefix) + target;
    for (auto& [name, value] : headers) request.headers.add(name, value);
    if (body) request.body = std::make_unique<http::TextBody>(std::move(*body));
    return router_.handle(std::move(request));
  }
  std::string text(std::string method, std::string target) {
    return send(std::move(method), std::move(target)).read_all();
  }
  int put(std::string path, std::string body = "x") {
    return send("PUT", "/artifacts/" + path, std::move(body)).status;
  }

  std::unique_ptr<Store> store_ = testing::fresh_local_store();
  core::Telemetry telemetry_;
  http::Router router_{telemetry_};
};

TEST_F(ArtifactProxy, StoresAndGivesUnderBothPrefixes) {
  EXPECT_EQ(put("1/r/artifacts/model/MLmodel", "flavors"), 200);
  EXPECT_EQ(text("GET", "/artifacts/1/r/artifacts/model/MLmodel"), "flavors");
  EXPECT_EQ(text("GET", "/ajax-api/2.0/mlflow-artifacts/artifacts/1/r/artifacts/model/MLmodel"), "flavors");
}

TEST_F(ArtifactProxy, StoresAnEmptyFileWithOrWithoutABody) {
  EXPECT_EQ(put("d/a", ""), 200);
  EXPECT_EQ(send("PUT", "/artifacts/d/b").status, 200);
  EXPECT_EQ(text("GET", "/artifacts?path=d"),
            R"({"files":[{"path":"a","is_dir":false,"file_size":0},{"path":"b","is_dir":false,"file_size":0}]})");
}

TEST_F(ArtifactProxy, DecodesAPathOnce) {
  EXPECT_EQ(put("d/sp%20%2541+%C3%A9.txt", "x"), 200);
  EXPECT_EQ(text("GET", "/artifacts?path=d"),
            "{\"files\":[{\"path\":\"sp %41+é.txt\",\"is_dir\":false,\"file_size\":1}]}");
  EXPECT_EQ(text("GET", "/artifacts/d/sp%20%2541+%C3%A9.txt"), "x");
}

TEST_F(ArtifactProxy, ListsBaseNamesAndNothingForFilesAndWhatIsMissing) {
  put("e/r/artifacts/model/MLmodel", "12");
  put("e/r/artifacts/a.txt", "1");
  EXPECT_EQ(text("GET", "/artifacts?path=e/r/artifacts"),
            R"({"files":[{"path":"a.txt","is_dir":false,"file_size":1},{"path":"model","is_dir":true}]})");
  EXPECT_EQ(text("GET", "/artifacts?path=e/r/artifacts/"), text("GET", "/artifacts?path=e%2Fr%2Fartifacts"));
  EXPECT_EQ(text("GET", "/artifacts"), R"({"files":[{"path":"e","is_dir":true}]})");
  EXPECT_EQ(text("GET", "/artifacts?path=e/r/artifacts/a.txt"), "{}");
  EXPECT_EQ(text("GET", "/artifacts?path=no/such"), "{}");
}

TEST_F(ArtifactProxy, AnswersWhatIsMissingWith404AndNoServerPath) {
  http::Response response = send("GET", "/artifacts/no/such");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.read_all(), R"({"error_code":"RESOURCE_DOES_NOT_EXIST","message":"No such artifact: 'no/such'"})");
}

TEST_F(ArtifactProxy, AnswersAFolderWith400) {
  put("d/a");
  EXPECT_EQ(send("GET", "/artifacts/d").status, 400);
}

TEST_F(ArtifactProxy, RefusesWhatLeavesTheRootEverywhere) {
  for (const std::string& bad :
       std::vector<std::string>{"%2E%2E%2Fx", "a%2F..%2F..%2Fx", "%252e%252e%252fx", "%2Fetc%2Fpasswd", "a%00b",
                                "a%23b", "a%5Cb", "C:%5Cx", "a%0Ab"}) {
    for (const std::string& target : {"/artifacts/" + bad, "/presigned/" + bad})
      EXPECT_EQ(send("GET", target).status, 400) << target;
    EXPECT_EQ(send("GET", "/artifacts?path=" + bad).status, 400) << bad;
    EXPECT_EQ(put(bad), 400) << bad;
    EXPECT_EQ(send("DELETE", "/artifacts/" + bad).status, 400) << bad;
    EXPECT_EQ(send("POST", "/mpu/create/" + bad, "{}").status, 400) << bad;
  }
  EXPECT_EQ(text("GET", "/artifacts"), "{}");
}

TEST_F(ArtifactProxy, RefusesAFileBelowAFile) {
  put("h.txt");
  EXPECT_EQ(put("h.txt/under"), 409);
}

TEST_F(ArtifactProxy, RemovesFilesAndFoldersButNeverEverything) {
  put("r/a");
  put("r/t/b");
  EXPECT_EQ(text("DELETE", "/artifacts/r/t/"), "{}");
  EXPECT_EQ(send("DELETE", "/artifacts/r/none").status, 200);
  EXPECT_EQ(send("DELETE", "/artifacts/").status / 100, 4);
  EXPECT_EQ(send("DELETE", "/artifacts").status, 405);
  EXPECT_EQ(text("GET", "/artifacts?path=r"), R"({"files":[{"path":"a","is_dir":false,"file_size":1}]})");
}

TEST_F(ArtifactProxy, AnswersUploadsInPartsAsUnsupported) {
  for (const std::string& target : std::vector<std::string>{"/mpu/create/a/b", "/mpu/complete/a/b", "/mpu/abort/a/b"}) {
    http::Response response = send("POST", target, "{}");
    EXPECT_EQ(response.status, 501);
    EXPECT_EQ(
        response.read_all(),
        R"({"error_code":"NOT_IMPLEMENTED","message":"Multipart upload is not supported for the current artifact repository"})");
  }
  EXPECT_EQ(send("GET", "/presigned/a/b").status, 501);
}

TEST_F(ArtifactProxy, AnswersRanges) {
  put("f", "0123456789");
  http::Response whole = send("GET", "/artifacts/f");
  EXPECT_EQ(whole.headers.find("Accept-Ranges"), "bytes");
  const std::string etag(whole.headers.find("ETag").value());
  struct Case {
    std::string range;
    int status;
    std::string body;
    std::string content_range;
  };
  for (const Case& c : {Case{"bytes=0-3", 206, "0123", "bytes 0-3/10"},
                        {"bytes=7-", 206, "789", "bytes 7-9/10"},
                        {"bytes=-2", 206, "89", "bytes 8-9/10"},
                        {"bytes=-200", 206, "0123456789", "bytes 0-9/10"},
                        {"bytes=5-500", 206, "56789", "bytes 5-9/10"},
                        {"bytes=10-", 416, "", "bytes */10"},
                        {"bytes=-0", 416, "", "bytes */10"},
                        {"bytes=3-2", 200, "0123456789", ""},
                        {"bytes=0-1,3-4", 200, "0123456789", ""},
                        {"lines=1-2", 200, "0123456789", ""},
                        {"bytes=a-b", 200, "0123456789", ""},
                        {"bytes=-", 200, "0123456789", ""}}) {
    http::Response response = send("GET", "/artifacts/f", std::nullopt, {{"Range", c.range}});
    EXPECT_EQ(response.status, c.status) << c.range;
    EXPECT_EQ(std::string(response.headers.find("Content-Range").value_or("")), c.content_range) << c.range;
    EXPECT_EQ(response.read_all(), c.body) << c.range;
  }
  EXPECT_EQ(send("GET", "/artifacts/f", std::nullopt, {{"Range", "bytes=1-2"}, {"If-Range", etag}}).status, 206);
  EXPECT_EQ(send("GET", "/artifacts/f", std::nullopt, {{"Range", "bytes=1-2"}, {"If-Range", "\"older\""}}).status, 200);
  EXPECT_EQ(send("GET", "/artifacts/f", std::nullopt, {{"If-None-Match", etag}}).status, 304);
}

TEST_F(ArtifactProxy, AnswersHeadWithTheLength) {
  put("f", "0123456789");
  http::Response response = send("HEAD", "/artifacts/f");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_length, 10U);
  EXPECT_EQ(response.read_all(), "");
}

TEST_F(ArtifactProxy, FixesTypeAndDispositionByName) {
  put("MLmodel");
  put("page.html");
  for (const auto& [path, type] : {std::pair{"MLmodel", "text/plain"}, {"page.html", "text/html"}}) {
    http::Response response =
        send("GET", std::string("/artifacts/") + path, std::nullopt, {{"Accept", "application/x-evil"}});
    EXPECT_EQ(response.headers.find("Content-Type"), type);
    EXPECT_EQ(response.headers.find("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(response.headers.find("Content-Disposition"), std::string("attachment; filename=") + path);
  }
}

TEST(ContentType, FollowsTheNameAlone) {
  for (const auto& [name, type] : {std::pair{"a.txt", "text/plain"},
                                   {"a.JSON", "text/plain"},
                                   {"conda.yaml", "text/plain"},
                                   {"mlproject", "text/plain"},
                                   {"x.py", "text/plain"},
                                   {"a.png", "image/png"},
                                   {"a.pdf", "application/pdf"},
                                   {"model.pkl", "application/octet-stream"},
                                   {"noending", "application/octet-stream"},
                                   {"", "application/octet-stream"}}) {
    EXPECT_EQ(content_type_of(name), type) << name;
  }
}

TEST(Disposition, IsBareQuotedOrEncoded) {
  EXPECT_EQ(disposition_of("a-b.txt"), "attachment; filename=a-b.txt");
  EXPECT_EQ(disposition_of("sp \"q.txt"), "attachment; filename=\"sp \\\"q.txt\"; filename*=UTF-8''sp%20%22q.txt");
  EXPECT_EQ(disposition_of("é.txt"), "attachment; filename=\"_.txt\"; filename*=UTF-8''%C3%A9.txt");
}

TEST(ArtifactProxyOff, Answers503) {
  auto store = testing::fresh_local_store();
  core::Telemetry telemetry;
  http::Router router(telemetry);
  router.add(proxy_routes(*store, {.serve = false}));
  http::Request request;
  request.target = std::string(kPrefix) + "/artifacts";
  http::Response response = router.handle(std::move(request));
  EXPECT_EQ(response.status, 503);
  EXPECT_NE(response.read_all().find("--no-serve-artifacts"), std::string::npos);
}

}  // namespace
}  // namespace wakeful::artifacts
