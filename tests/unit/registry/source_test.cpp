#include "registry/source.hpp"

#include <gtest/gtest.h>

#include "platform/core/error.hpp"

namespace wakeful::registry {
namespace {

bool is_refused(std::string_view source, const Settings& settings = {}) {
  try {
    check_source_text(source, settings);
    return false;
  } catch (const core::Error& error) {
    EXPECT_EQ(error.code(), core::ErrorCode::invalid);
    EXPECT_EQ(error.field(), "source");
    return true;
  }
}

TEST(Sources, MayNameAPlaceInAnyStore) {
  for (const char* source :
       {"mlflow-artifacts:/models", "mlflow-artifacts://host:9000/models", "mlflow-artifacts:///models/",
        "s3://bucket/a/b", "S3://b/x", "gs://b/foo///bar", "s3://b/..../x", "s3://b/a..b", "s3://b/dog%step%",
        "s3://b/a+b", "models:/m-1", "models:/name/1", "models:/a%2fb/1", "runs:/abc/model", "ftp:///x", "dbfs:/p/m",
        "https://host/api/2.0/mlflow-artifacts/artifacts/0/r/m"}) {
    EXPECT_FALSE(is_refused(source)) << source;
  }
}

// Source: MLflow's published advisories; mlflow-registry.md §2.7, §10 rows 1 to 3 and 9.
TEST(Sources, MayNotLeadUpwardsNorNowhere) {
  for (const char* source : {"mlflow-artifacts:/../x",
                             "s3a://b/../x",
                             "https://h/api/2.0/mlflow-artifacts/artifacts/../../x",
                             "ftp:///../x",
                             "s3://b/%2e%2e/x",
                             "s3://b/%252e%252e/x",
                             "s3://b/..%2fx",
                             "s3://b/..%5cx",
                             "s3://b/a\\..\\b",
                             "dbfs:/path/to/a%3f/../../../etc",
                             "s3://b/x#/../../etc",
                             "s3://b/x;/../y",
                             "s3://b/x?/../y",
                             "s3://b/x%00",
                             "s3://b/x%2500",
                             "s3://b/x%0A",
                             "s3://bucket",
                             "s3://bucket/",
                             "mlflow-artifacts:",
                             "mlflow-artifacts:/",
                             "models:/",
                             "runs:///",
                             "s3://b/./x",
                             "/srv/../etc",
                             "file:///a/..%2fb"}) {
    EXPECT_TRUE(is_refused(source)) << source;
  }
}

TEST(Sources, MayNotBeEscapedForEver) {
  std::string source = "s3://b/";
  for (int i = 0; i < 20; ++i) source += "%25";
  EXPECT_FALSE(is_refused(source + "41")) << "many escapes side by side are one round";
  std::string nested = "41";
  for (int i = 0; i < 12; ++i) nested = "25" + nested;
  EXPECT_TRUE(is_refused("s3://b/%" + nested));
}

TEST(Sources, MayNotMakeTheServerAskAForeignHost) {
  for (const char* scheme : {"http", "https", "ftp", "sftp", "hdfs", "viewfs", "r2", "b2", "abfss", "HTTPS"})
    EXPECT_TRUE(is_refused(std::string(scheme) + "://evil.example/m")) << scheme;
  EXPECT_FALSE(is_refused("hdfs://evil.example/m", {.allowed_host_schemes = {"hdfs"}}));
  EXPECT_TRUE(is_refused("https://evil.example/m", {.allowed_host_schemes = {"hdfs"}}));
  EXPECT_FALSE(is_refused("hdfs://own:1/m", {.artifact_root = "hdfs://own:1/artifacts"}));
  EXPECT_TRUE(is_refused("hdfs://own:2/m", {.artifact_root = "hdfs://own:1/artifacts"}));
}

TEST(Places, LieBelowOthersByWholeSegments) {
  EXPECT_TRUE(lies_below("mlflow-artifacts:/0/r/artifacts/m", "mlflow-artifacts:/0/r/artifacts"));
  EXPECT_TRUE(lies_below("mlflow-artifacts:/0/r/artifacts", "mlflow-artifacts:/0/r/artifacts/"));
  EXPECT_TRUE(lies_below("MLFLOW-ARTIFACTS:///0//r/artifacts/m", "mlflow-artifacts:/0/r/artifacts"));
  EXPECT_TRUE(lies_below("s3://b/a%20b/m", "s3://b/a b"));
  EXPECT_TRUE(lies_below("file:///srv/r/m", "/srv/r"));
  EXPECT_TRUE(lies_below("/srv/r/m", "file:///srv/r"));
}

TEST(Places, LieNotBelowOthersThatOnlyLookLikeIt) {
  EXPECT_FALSE(lies_below("mlflow-artifacts:/0/r/artifacts2", "mlflow-artifacts:/0/r/artifacts"));
  EXPECT_FALSE(lies_below("mlflow-artifacts:/0/r", "mlflow-artifacts:/0/r/artifacts"));
  EXPECT_FALSE(lies_below("mlflow-artifacts://h/0/r/m", "mlflow-artifacts:/0/r"));
  EXPECT_FALSE(lies_below("s3://other/a/m", "s3://b/a"));
  EXPECT_FALSE(lies_below("gs://b/a/m", "s3://b/a"));
  EXPECT_FALSE(lies_below("srv/r/m", "/srv/r"));
  EXPECT_FALSE(lies_below("/srv/r/../x", "/srv/r"));
  EXPECT_FALSE(lies_below("/srv/r/m", "s3://srv/r"));
}

}  // namespace
}  // namespace wakeful::registry
