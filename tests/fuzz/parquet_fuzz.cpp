// Any bytes are a Parquet file or refused as the caller's mistake: what is read has as many rows as the file says, and
// a model that takes its numbers is given rows of finite width, each with its time or none.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"
#include "platform/parquet/file.hpp"
#include "serving/asked_rows.hpp"

namespace {

using namespace wakeful;

/// A run of a few bytes may stand for millions of rows; they say nothing new.
constexpr std::uint64_t kMostRows = 20'000;
constexpr parquet::Bounds kBounds{.bytes = 4U << 20U, .text_bytes = 1U << 20U};

/// The names of the columns of numbers, as a model's channels.
std::vector<std::string> read_columns(std::string_view bytes) {
  parquet::File file(bytes, kBounds);
  std::vector<std::string> channels;
  if (file.rows() > kMostRows) return channels;
  for (std::size_t c = 0; c < file.columns().size(); ++c) {
    const parquet::Column& column = file.columns()[c];
    if (!core::is_utf8(column.name)) std::abort();
    for (std::size_t g = 0; g < file.groups(); ++g) {
      try {
        std::uint64_t rows = file.rows_of(g);
        if (column.kind == parquet::Kind::number)
          rows = file.read_numbers(g, c).size();
        else if (column.kind == parquet::Kind::text)
          rows = file.read_texts(g, c).size();
        else if (column.kind != parquet::Kind::other)
          rows = file.read_integers(g, c).size();
        if (rows != file.rows_of(g)) std::abort();
      } catch (const core::Error& e) {  // the other columns may be sound
        if (e.code() != core::ErrorCode::invalid) std::abort();
      }
    }
    if (column.kind == parquet::Kind::number && channels.size() < 8) channels.push_back(column.name);
  }
  return channels;
}

/// As a model that was trained with features: texts and numbers are categories, and times its time.
void ask_raw(std::string_view bytes) {
  parquet::File file(bytes, kBounds);
  if (file.rows() > kMostRows) return;
  using Kind = detectors::RawColumn::Kind;
  serving::Wanted wanted;
  for (const parquet::Column& column : file.columns()) {
    if (column.kind == parquet::Kind::text || column.kind == parquet::Kind::number)
      wanted.raw.push_back({column.name, Kind::text});
    else if (column.kind != parquet::Kind::other)
      wanted.raw.push_back({column.name, Kind::time});
  }
  if (wanted.raw.empty()) return;
  const serving::AskedRows asked = serving::read_asked_parquet(bytes, wanted);
  if (asked.rows() == 0 || asked.texts.size() % asked.rows() != 0) std::abort();
}

void ask(std::string_view bytes, const std::vector<std::string>& channels) {
  const serving::AskedRows asked = serving::read_asked_parquet(bytes, {.channels = channels});
  if (asked.width != channels.size() || asked.values.size() != asked.rows() * asked.width || asked.rows() == 0)
    std::abort();
  if (!asked.times.empty() && asked.times.size() != asked.rows()) std::abort();
  for (const std::string& time : asked.times)
    if (time.empty() || !core::is_utf8(time)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const std::vector<std::string> channels = read_columns(bytes);
    if (!channels.empty()) ask(bytes, channels);
    ask_raw(bytes);
  } catch (const core::Error& e) {
    if (e.code() != core::ErrorCode::invalid) std::abort();
  }
  return 0;
}
