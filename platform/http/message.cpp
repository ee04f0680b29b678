#include "platform/http/message.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::http {
namespace {

constexpr std::size_t kPiece = 64U << 10U;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
}

void check(std::string_view name, std::string_view value) {
  if (name.empty() || has_control(name) || name.find_first_of(": \t") != std::string_view::npos)
    throw core::invalid("a header's name is not a token");
  if (has_control(value)) throw core::invalid("a header's value holds a control character", std::string(name));
}

std::string read_whole(BodyReader& body, std::uint64_t limit, std::optional<std::uint64_t> expected) {
  if (auto* text = dynamic_cast<TextBody*>(&body)) {
    std::string rest = text->take_rest();
    if (rest.size() > limit) throw core::exhausted("the body is larger than allowed");
    return rest;
  }
  std::string whole;
  std::size_t used = 0;
  // A declared length is only a wish: it never makes us take more than a piece at once.
  std::size_t step = static_cast<std::size_t>(std::min<std::uint64_t>(expected.value_or(4096) + 1, kPiece));
  for (;;) {
    if (used == whole.size()) {
      whole.resize(used + step);
      step = std::max(kPiece, used / 2);
    }
    const std::size_t n = body.read(std::span(whole).subspan(used));
    if (n == 0) break;
    used += n;
    if (used > limit) throw core::exhausted("the body is larger than allowed");
  }
  whole.resize(used);
  return whole;
}

std::string decode(std::string_view text, std::string_view what) {
  auto decoded = core::percent_decode(text, true);
  if (!decoded) throw core::invalid("the query's percent escape is not two hexadecimal digits", std::string(what));
  const bool nul = decoded->find('\0') != std::string::npos;
  if (nul || !core::is_utf8(*decoded)) {
    throw core::invalid(fmt::format("the query{} {}", what.empty() ? std::string() : fmt::format("'s '{}'", what),
                                    nul ? "holds a NUL" : "is not UTF-8"),
                        std::string(what));
  }
  return *std::move(decoded);
}

}  // namespace

std::string_view reason_phrase(int status) {
  static constexpr std::pair<int, std::string_view> kPhrases[] = {
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {206, "Partial Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Content"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
      {507, "Insufficient Storage"},
  };
  for (const auto& [known, phrase] : kPhrases)
    if (known == status) return phrase;
  return "Unknown";
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

void Headers::add(std::string name, std::string value) {
  check(name, value);
  items_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string name, std::string value) {
  check(name, value);
  remove(name);
  items_.emplace_back(std::move(name), std::move(value));
}

void Headers::remove(std::string_view name) {
  std::erase_if(items_, [&](const auto& item) { return equal_ignoring_case(item.first, name); });
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const auto& [key, value] : items_)
    if (equal_ignoring_case(key, name)) return value;
  return std::nullopt;
}

std::size_t TextBody::read(std::span<char> out) {
  const std::size_t n = std::min(out.size(), text_.size() - at_);
  if (n != 0) std::memcpy(out.data(), text_.data() + at_, n);
  at_ += n;
  return n;
}

std::string TextBody::take_rest() {
  std::string rest = at_ == 0 ? std::move(text_) : text_.substr(at_);
  text_.clear();
  at_ = 0;
  return rest;
}

Query Query::parse(std::string_view raw) {
  Query query;
  while (!raw.empty()) {
    const auto end = raw.find('&');
    const std::string_view part = raw.substr(0, end);
    raw.remove_prefix(end == std::string_view::npos ? raw.size() : end + 1);
    if (part.empty()) continue;
    const auto equals = part.find('=');
    std::string name = decode(part.substr(0, equals), {});
    std::string value = equals == std::string_view::npos ? std::string() : decode(part.substr(equals + 1), name);
    query.add(std::move(name), std::move(value));
  }
  return query;
}

std::optional<std::string> Query::find(std::string_view name) const {
  for (const auto& [key, value] : items_)
    if (key == name) return value;
  return std::nullopt;
}

std::vector<std::string> Query::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : items_)
    if (key == name) values.push_back(value);
  return values;
}

const std::string& Request::path_param(std::string_view name) const {
  for (const auto& [key, value] : path_params)
    if (key == name) return value;
  throw core::internal("the route has no parameter " + std::string(name));
}

std::string Request::read_body(std::uint64_t limit) {
  if (!body) return {};
  return read_whole(*body, limit, content_length);
}

Response Response::json(std::string text, int status) {
  return Response::text(std::move(text), status, "application/json");
}

Response Response::text(std::string text, int status, std::string type) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", std::move(type));
  response.body = std::move(text);
  return response;
}

std::string Response::read_all() {
  if (auto* text = std::get_if<std::string>(&body)) return std::move(*text);
  auto& reader = std::get<std::unique_ptr<BodyReader>>(body);
  return reader ? read_whole(*reader, kNoLimit, content_length) : std::string();
}

}  // namespace wakeful::http
