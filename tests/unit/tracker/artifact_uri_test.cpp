#include "tracker/artifact_uri.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "platform/core/error.hpp"

namespace wakeful::tracker {
namespace {

TEST(ArtifactUris, GrowAtTheirPath) {
  EXPECT_EQ(append_to_uri("mlflow-artifacts:/", "1"), "mlflow-artifacts:/1");
  EXPECT_EQ(append_to_uri("mlflow-artifacts:/1", "r/artifacts"), "mlflow-artifacts:/1/r/artifacts");
  EXPECT_EQ(append_to_uri("s3://bucket", "1"), "s3://bucket/1");
  EXPECT_EQ(append_to_uri("s3://bucket/p/?v=1&w=2", "r"), "s3://bucket/p/r?v=1&w=2");
  EXPECT_EQ(append_to_uri("file:///", "r"), "file:///r");
  EXPECT_EQ(append_to_uri("/data/what?", "r"), "/data/what?/r");
  EXPECT_EQ(append_to_uri("./mlruns", "0"), "./mlruns/0");
  EXPECT_EQ(default_location({.default_artifact_root = "s3://b/prefix"}, 7), "s3://b/prefix/7");
}

TEST(ArtifactLocations, BecomeAbsolute) {
  const std::string here = std::filesystem::current_path().string();
  EXPECT_EQ(check_artifact_location("my_location", {}), here + "/my_location");
  EXPECT_EQ(check_artifact_location("./a/b", {}), here + "/a/b");
  EXPECT_EQ(check_artifact_location("file:my_location", {}), "file://" + here + "/my_location");
  for (const char* kept :
       {"/a/b", "file:///a/b", "s3://b/p", "mlflow-artifacts:/x", "gs://b/p?x=1", "s3://b/a..b/..c/100%"})
    EXPECT_EQ(check_artifact_location(kept, {}), kept);
}

TEST(ArtifactLocations, AreRefusedWhereTheyCannotBeUsed) {
  const Settings settings{.max_artifact_location = 20};
  for (const char* bad : {"runs:/a/b", "RUNS:/a", "s3://b/p#f", "s3://b?x=..", "s3://b?x=%2e%2e",
                          "s3://b?x=%25252e%25252e", "s3://b/0123456789abcdef", "../a", "/a/..", "file:///a/../b",
                          "s3://b/%2e%2E/c", "x:/..%2f..%2fx", "/a%00b", "a\nb", "/a%0ab"}) {
    EXPECT_THROW(check_artifact_location(bad, settings), core::Error) << bad;
  }
}

}  // namespace
}  // namespace wakeful::tracker
