#include "detectors/model_file.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>

#include "platform/core/digest.hpp"
#include "platform/core/error.hpp"

namespace wakeful::detectors {
namespace {

std::string sample() {
  ModelWriter out;
  out.add_text("algorithm", "none");
  out.add_integers("counts", std::vector<std::int64_t>{1, -2, 3});
  out.add_reals("weights", std::vector<double>{0.5, std::nan(""), -1e308});
  out.add_bytes("tree", std::as_bytes(std::span("abc", 3)));
  out.add_reals("empty", {});
  return out.bytes();
}

/// What the reader says against `bytes`, or "" if it takes them.
std::string verdict(const std::string& bytes) {
  try {
    ModelReader reader(bytes);
    return "";
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ErrorCode::invalid);
    EXPECT_EQ(e.field(), "model");
    return e.what();
  }
}

bool says(const std::string& message, std::string_view part) { return message.find(part) != std::string::npos; }

TEST(ModelFile, GivesEverySectionBack) {
  const std::string bytes = sample();
  const ModelReader in(bytes);
  EXPECT_EQ(in.text("algorithm"), "none");
  EXPECT_EQ(in.integers("counts")[1], -2);
  EXPECT_EQ(in.reals("weights", 3)[2], -1e308);
  EXPECT_TRUE(std::isnan(in.reals("weights")[1]));
  EXPECT_EQ(in.bytes("tree").size(), 3U);
  EXPECT_TRUE(in.reals("empty").empty());
  EXPECT_EQ(bytes, sample());
  EXPECT_EQ(bytes.size() % 64, 0U);
}

TEST(ModelFile, NamesTheSectionThatIsMissingOrOfAnotherKindOrLength) {
  const std::string bytes = sample();
  const ModelReader in(bytes);
  EXPECT_TRUE(in.has("tree"));
  EXPECT_FALSE(in.has("forest"));
  EXPECT_THROW(in.text("forest"), core::Error);
  EXPECT_THROW(in.reals("counts"), core::Error);
  EXPECT_THROW(in.reals("weights", 4), core::Error);
}

TEST(ModelFile, RefusesEveryTruncation) {
  const std::string bytes = sample();
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_NE(verdict(bytes.substr(0, size)), "") << size;
  EXPECT_TRUE(says(verdict(bytes.substr(0, 500)), "cut"));
  EXPECT_TRUE(says(verdict(bytes + std::string(8, '\0')), "padded"));
  EXPECT_TRUE(says(verdict("PK\x03\x04 a pickle, a zip, anything"), "not a model"));
}

TEST(ModelFile, RefusesEveryAlteredByte) {
  const std::string bytes = sample();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string altered = bytes;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    EXPECT_NE(verdict(altered), "") << "byte " << i;
  }
  std::string altered = bytes;
  altered[bytes.size() - 64] ^= 4;
  EXPECT_TRUE(says(verdict(altered), "altered"));
}

TEST(ModelFile, SaysThatANewerFormatNeedsANewerProgram) {
  std::string newer = sample();
  newer[8] = 2;
  EXPECT_TRUE(says(verdict(newer), "newer"));
}

/// `bytes` with the checksum that fits them, as malice would write it.
std::string resealed(std::string bytes) {
  core::Sha256 digest;
  digest.update(std::string_view(bytes).substr(0, 24));
  digest.update(std::string_view(bytes).substr(56));
  const std::string hex = digest.hex();
  for (std::size_t i = 0; i < 32; ++i) bytes[24 + i] = static_cast<char>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
  return bytes;
}

TEST(ModelFile, ChecksEveryBoundOfAResealedFile) {
  const std::string bytes = sample();
  const auto with = [&bytes](std::size_t at, std::uint64_t value) {
    std::string changed = bytes;
    std::memcpy(changed.data() + at, &value, sizeof value);
    return verdict(resealed(changed));
  };
  EXPECT_EQ(verdict(resealed(bytes)), "");
  EXPECT_NE(with(64 + 64, 9), "");                      // kind
  EXPECT_NE(with(64 + 72, 3), "");                      // offset not aligned
  EXPECT_NE(with(64 + 72, 1ULL << 62), "");             // offset beyond the file
  EXPECT_NE(with(64 + 80, 1ULL << 40), "");             // too many elements
  EXPECT_NE(with(64 + 96 + 80, (1ULL << 61) + 1), "");  // elements * 8 would wrap
  EXPECT_NE(with(64, 0), "");                           // no name
  std::string many = bytes;
  many[13] = 1;  // 256 sections more
  EXPECT_NE(verdict(resealed(many)), "");
}

TEST(ModelFile, IsMappedFromDisk) {
  const auto path = std::filesystem::path(testing::TempDir()) / ("model_file_test." + std::to_string(::getpid()));
  std::ofstream(path, std::ios::binary) << sample();
  {
    const MappedFile file(path);
    EXPECT_EQ(ModelReader(file.bytes()).text("algorithm"), "none");
  }
  std::filesystem::remove(path);
  EXPECT_THROW(MappedFile{path}, core::Error);
  EXPECT_THROW(MappedFile{testing::TempDir()}, core::Error);
}

}  // namespace
}  // namespace wakeful::detectors
