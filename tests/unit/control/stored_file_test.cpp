#include "control/stored_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "platform/artifacts/store.hpp"
#include "platform/core/digest.hpp"
#include "platform/core/error.hpp"
#include "platform/core/id.hpp"

namespace wakeful::control {
namespace {

class StoredFiles : public ::testing::Test {
 protected:
  StoredFiles() {
    http::TextBody body("model");
    store_->put(artifacts::Path::parse("1/r/artifacts/m.model"), body);
  }
  ~StoredFiles() override { std::filesystem::remove_all(folder_); }

  static monitor::StoredFile good() {
    return {.uri = "mlflow-artifacts:/1/r/artifacts/m.model", .sha256 = core::sha256_hex("model"), .size_bytes = 5};
  }
  std::string field_of(const monitor::StoredFile& file) {
    try {
      check_stored_file(files_, file, "artifact");
    } catch (const core::Error& e) {
      EXPECT_EQ(e.code(), core::ErrorCode::invalid) << e.what();
      return e.field();
    }
    return "good";
  }

 private:
  std::filesystem::path folder_ = std::filesystem::temp_directory_path() / core::new_hex_id();
  std::unique_ptr<artifacts::Store> store_ = artifacts::open_store(folder_.string());
  tracker::ArtifactLocator files_{*store_, {}, {}};
};

TEST_F(StoredFiles, AreWhatTheyAreSaidToBe) {
  EXPECT_EQ(field_of(good()), "good");
  auto file = good();
  file.sha256 = core::sha256_hex("other");
  EXPECT_EQ(field_of(file), "artifact.sha256");
  file = good();
  file.sha256 = "";
  EXPECT_EQ(field_of(file), "artifact.sha256");
  file = good();
  file.size_bytes = 4;
  EXPECT_EQ(field_of(file), "artifact.size_bytes");
  for (const char* uri : {"mlflow-artifacts:/1/r/artifacts/none", "mlflow-artifacts:/1/r/artifacts", "s3://b/x",
                          "file:///etc/passwd", "/etc/passwd", "mlflow-artifacts:/1/../../etc/passwd", "x"}) {
    file = good();
    file.uri = uri;
    EXPECT_EQ(field_of(file), "artifact.uri") << uri;
  }
}

TEST_F(StoredFiles, LieBelowTheirRun) {
  const std::string root = "mlflow-artifacts:/1/r/artifacts";
  check_place(good(), root, "artifact");
  for (const char* uri : {"mlflow-artifacts:/1/r/artifacts", "mlflow-artifacts:/1/s/artifacts/m",
                          "mlflow-artifacts:/1/r/artifacts2/m", "mlflow-artifacts:/1/r/artifacts/../../s/m"}) {
    EXPECT_THROW(check_place({.uri = uri}, root, "artifact"), core::Error) << uri;
  }
}

}  // namespace
}  // namespace wakeful::control
