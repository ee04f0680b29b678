#include "platform/artifacts/download.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::artifacts {
namespace {

constexpr std::array<std::string_view, 25> kText{
    "txt", "log", "err",  "cfg", "conf", "cnf", "cf",  "ini", "properties", "prop", "hocon",   "toml",     "yaml",
    "yml", "xml", "json", "js",  "py",   "py3", "csv", "tsv", "md",         "rst",  "mlmodel", "mlproject"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 21> kOther{{
    {"html", "text/html"},        {"htm", "text/html"},       {"css", "text/css"},
    {"png", "image/png"},         {"jpg", "image/jpeg"},      {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},         {"svg", "image/svg+xml"},   {"webp", "image/webp"},
    {"bmp", "image/bmp"},         {"ico", "image/x-icon"},    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},       {"pdf", "application/pdf"}, {"zip", "application/zip"},
    {"tar", "application/x-tar"}, {"mp3", "audio/mpeg"},      {"wav", "audio/x-wav"},
    {"mp4", "video/mp4"},         {"webm", "video/webm"},     {"geojson", "application/geo+json"},
}};

bool is_token(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         kMarks.find(c) != std::string_view::npos;
}

bool matches_tag(std::string_view header, std::string_view etag) {
  for (std::string_view one : core::split(header, ',')) {
    one = core::trim(one);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == "*" || one == etag) return true;
  }
  return false;
}

std::optional<Range> wanted_range(const http::Request& request, std::uint64_t size, std::string_view etag) {
  const auto header = request.headers.find("Range");
  if (!header) return std::nullopt;
  const auto condition = request.headers.find("If-Range");
  if (condition && core::trim(*condition) != etag) return std::nullopt;
  return parse_range(*header, size);
}

}  // namespace

std::string_view content_type_of(std::string_view name) {
  const std::string ending = core::to_lower(name.substr(name.rfind('.') + 1));
  if (std::find(kText.begin(), kText.end(), ending) != kText.end()) return "text/plain";
  for (const auto& [known, type] : kOther) {
    if (known == ending) return type;
  }
  return "application/octet-stream";
}

std::string disposition_of(std::string_view name) {
  if (!name.empty() && std::all_of(name.begin(), name.end(), is_token))
    return fmt::format("attachment; filename={}", name);
  std::string plain;
  for (const char c : name) {
    if (c == '"' || c == '\\') plain += '\\';
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U)
      plain += (static_cast<unsigned char>(c) & 0x80U) != 0 ? '_' : c;
  }
  return fmt::format("attachment; filename=\"{}\"; filename*=UTF-8''{}", plain, core::percent_encode(name));
}

std::optional<Range> parse_range(std::string_view header, std::uint64_t size) {
  header = core::trim(header);
  if (core::to_lower(header.substr(0, 6)) != "bytes=") return std::nullopt;
  header.remove_prefix(6);
  const auto dash = header.find('-');
  if (dash == std::string_view::npos || header.find(',') != std::string_view::npos) return std::nullopt;
  const auto digits = [](std::string_view text) -> std::optional<std::int64_t> {
    text = core::trim(text);
    const auto number = core::to_integer(text);
    return number && *number >= 0 && text.front() != '+' ? number : std::nullopt;
  };
  const auto first = digits(header.substr(0, dash));
  const auto last = digits(header.substr(dash + 1));
  const bool open_ended = core::trim(header.substr(dash + 1)).empty();
  if (first && (last || open_ended)) {
    if (last && *last < *first) return std::nullopt;
    Range range{.first = static_cast<std::uint64_t>(*first)};
    if (last) range.last = static_cast<std::uint64_t>(*last);
    return range;
  }
  if (!core::trim(header.substr(0, dash)).empty() || !last) return std::nullopt;
  // The last so many bytes; none at all cannot be satisfied.
  const auto tail = static_cast<std::uint64_t>(*last);
  return Range{.first = tail == 0 ? size : size - std::min(size, tail)};
}

http::Response download(Store& store, const Path& path, const http::Request& request) {
  Opened opened = store.open(path);
  const std::string etag = fmt::format("\"{}\"", opened.etag);
  http::Response response;
  response.headers.add("ETag", etag);
  response.headers.add("Accept-Ranges", "bytes");
  const auto known = request.headers.find("If-None-Match");
  if (known && matches_tag(*known, etag)) {
    response.status = 304;
    return response;
  }
  if (const auto range = wanted_range(request, opened.size_bytes, etag)) {
    if (range->first >= opened.size_bytes) {
      response.status = 416;
      response.headers.add("Content-Range", fmt::format("bytes */{}", opened.size_bytes));
      return response;
    }
    opened = store.open(path, range);
    response.status = 206;
    response.headers.add("Content-Range", fmt::format("bytes {}-{}/{}", opened.first, opened.first + opened.length - 1,
                                                      opened.size_bytes));
    response.headers.set("ETag", fmt::format("\"{}\"", opened.etag));
  }
  response.headers.add("Content-Type", std::string(content_type_of(path.name())));
  response.headers.add("Content-Disposition", disposition_of(path.name()));
  response.headers.add("X-Content-Type-Options", "nosniff");
  response.content_length = opened.length;
  response.body = std::move(opened.body);
  return response;
}

}  // namespace wakeful::artifacts
