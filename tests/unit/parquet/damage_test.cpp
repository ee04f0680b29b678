// Files that were cut, altered, or written to do harm: each is read or refused as the caller's mistake, at a bounded
// cost.
#include <gtest/gtest.h>

#include <algorithm>

#include "platform/core/error.hpp"
#include "platform/parquet/file.hpp"
#include "unit/parquet/seed.hpp"

namespace wakeful::parquet {
namespace {

/// Reads all there is; what was refused, or nothing.
std::string read_all(std::string_view bytes) {
  try {
    File file(bytes);
    if (file.rows() > 1'000'000) return "too many rows";  // callers bound them
    for (std::size_t g = 0; g < file.groups(); ++g) {
      for (std::size_t c = 0; c < file.columns().size(); ++c) {
        const Column& column = file.columns()[c];
        std::size_t rows = file.rows_of(g);
        if (column.kind == Kind::number)
          rows = file.read_numbers(g, c).size();
        else if (column.kind == Kind::text)
          rows = file.read_texts(g, c).size();
        else if (column.kind != Kind::other)
          rows = file.read_integers(g, c).size();
        EXPECT_EQ(rows, file.rows_of(g));
      }
    }
    return "";
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ErrorCode::invalid) << e.what();
    EXPECT_EQ(e.field(), "file");
    return e.what();
  }
}

TEST(Damage, EverySeedIsSound) {
  ASSERT_GE(seed_names().size(), 20U);
  for (const std::string& name : seed_names()) EXPECT_EQ(read_all(read_seed(name)), "") << name;
}

TEST(Damage, AFileThatIsCutAnywhereIsRefused) {
  for (const std::string name : {"plain_v1", "dictionary_v2_checksum", "zstd"}) {
    const std::string whole = read_seed(name);
    for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_NE(read_all(whole.substr(0, size)), "");
    for (std::size_t first = 1; first < whole.size(); ++first) EXPECT_NE(read_all(whole.substr(first)), "");
  }
}

TEST(Damage, AnyByteMayBeAnother) {
  for (const std::string& name : seed_names()) {
    std::string bytes = read_seed(name);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const char was = bytes[i];
      for (const int change : {0x01, 0x80, 0xFF}) {
        bytes[i] = static_cast<char>(was ^ change);
        read_all(bytes);
      }
      bytes[i] = was;
    }
  }
}

TEST(Damage, AChecksumFindsWhatElseWouldBeRead) {
  std::string bytes = read_seed("dictionary_v2_checksum");
  const double value = 9.75;  // of the column "real", in its second dictionary
  const std::string_view needle(reinterpret_cast<const char*>(&value), sizeof value);
  const auto at = bytes.find(needle);
  ASSERT_NE(at, std::string::npos);
  bytes[at] ^= 1;
  EXPECT_NE(read_all(bytes).find("checksum"), std::string::npos);
}

/// A file by hand: optional int32 columns "a" …, at most 13, that share one page, which says all `rows` missing.
std::string all_missing(std::uint32_t rows, int columns = 1) {
  const auto varint = [](std::uint64_t value) {
    std::string out;
    for (; value >= 0x80; value >>= 7U) out += static_cast<char>(value | 0x80);
    return out + static_cast<char>(value);
  };
  const auto zigzag = [&](std::uint64_t value) { return varint(value << 1U); };
  const std::string run = varint(std::uint64_t{rows} << 1U) + '\0';
  std::string page{static_cast<char>(run.size()), 0, 0, 0};
  page += run;
  std::string file = "PAR1";
  const std::string header = "\x15" + zigzag(0) + "\x15" + zigzag(page.size()) + "\x15" + zigzag(page.size()) +
                             "\x2C\x15" + zigzag(rows) + "\x15" + zigzag(0) + "\x15" + zigzag(3) + "\x15" + zigzag(3) +
                             std::string(2, '\0');
  file += header + page;
  std::string footer = std::string("\x15\x02\x19") + static_cast<char>((columns + 1) << 4 | 12);
  footer += std::string("\x48\x01r\x15") + zigzag(static_cast<std::uint64_t>(columns)) + '\0';
  std::string chunks;
  for (int i = 0; i < columns; ++i) {
    footer += std::string("\x15") + zigzag(1) + "\x25" + zigzag(1) + "\x18\x01" + static_cast<char>('a' + i) + '\0';
    chunks += std::string("\x3C\x15") + zigzag(1) + "\x35" + zigzag(0) + "\x16" + zigzag(rows) + "\x26" +
              zigzag(header.size() + page.size()) + "\x26" + zigzag(4) + std::string(2, '\0');
  }
  footer += "\x16" + zigzag(rows) + std::string("\x19\x1C\x19") + static_cast<char>(columns << 4 | 12) + chunks +
            "\x26" + zigzag(rows) + std::string(2, '\0');
  file += footer;
  for (unsigned i = 0; i < 4; ++i) file += static_cast<char>(footer.size() >> (8 * i));
  return file + "PAR1";
}

TEST(Damage, AFewBytesMayStandForManyRowsButNotForAnyNumberOfThem) {
  EXPECT_EQ(read_all(all_missing(3)), "");
  EXPECT_EQ(read_all(all_missing(3, 13)), "");
  const std::string many = all_missing(1'000'000'000);
  File file(many);
  EXPECT_EQ(file.rows(), 1'000'000'000U);
  EXPECT_THROW(file.read_numbers(0, 0), core::Error);
}

TEST(Damage, AFileIsGivenSoMuchToUnpackAndNoMore) {
  const std::string bytes = all_missing(1'000, 2);
  File file(bytes, {.bytes = 20'000});
  EXPECT_EQ(file.read_numbers(0, 0).size(), 1'000U);
  EXPECT_EQ(file.read_numbers(0, 1).size(), 1'000U);
  EXPECT_THROW(file.read_numbers(0, 0), core::Error);
}

TEST(Damage, ATextThatComesInEveryRowIsCountedInEveryRow) {
  const std::string bytes = read_seed("times");
  File file(bytes, {.text_bytes = 7});  // "noon"
  const auto is_text = [](const Column& column) { return column.kind == Kind::text; };
  const auto at = std::find_if(file.columns().begin(), file.columns().end(), is_text) - file.columns().begin();
  EXPECT_EQ(file.read_texts(0, static_cast<std::size_t>(at)).size(), 3U);
  EXPECT_THROW(file.read_texts(0, static_cast<std::size_t>(at)), core::Error);
}

TEST(Damage, SaysWhatItIsNot) {
  EXPECT_NE(read_all("mean,sd\n1,2\n").find("PAR1"), std::string::npos);
  EXPECT_NE(read_all(""), "");
  EXPECT_NE(read_all("PAR1PAR1"), "");
  EXPECT_NE(read_all("PARE\x01\x02\x03\x04PARE").find("encryption"), std::string::npos);
}

}  // namespace
}  // namespace wakeful::parquet
