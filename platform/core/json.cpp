#include "platform/core/json.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "platform/core/error.hpp"
#include "platform/core/json_numbers.hpp"
#include "platform/core/text.hpp"

namespace wakeful::core {
namespace {

constexpr std::size_t kMaxDepth = 64;

/// Refuses what the tree builder would take: deep nesting (the tree is destroyed recursively), and NUL in strings
/// (PostgreSQL cannot store it).
class Builder : public nlohmann::detail::json_sax_dom_parser<Json> {
  using Base = nlohmann::detail::json_sax_dom_parser<Json>;

 public:
  explicit Builder(Json& tree) : Base(tree, true) {}
  bool start_object(std::size_t n) {
    deepen();
    return Base::start_object(n);
  }
  bool start_array(std::size_t n) {
    deepen();
    return Base::start_array(n);
  }
  bool end_object() {
    --depth_;
    return Base::end_object();
  }
  bool end_array() {
    --depth_;
    return Base::end_array();
  }
  bool string(std::string& text) {
    refuse_nul(text);
    return Base::string(text);
  }
  bool key(std::string& text) {
    refuse_nul(text);
    return Base::key(text);
  }

 private:
  void deepen() {
    if (++depth_ > kMaxDepth) throw invalid(fmt::format("JSON nested deeper than {} levels", kMaxDepth));
  }
  static void refuse_nul(const std::string& text) {
    if (text.find('\0') != std::string::npos) throw invalid("JSON text with a NUL character (\\u0000)");
  }
  std::size_t depth_ = 0;
};

std::string where(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, std::min(byte > 0 ? byte - 1 : 0, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto start = before.rfind('\n');
  const auto column = before.size() - (start == std::string_view::npos ? 0 : start + 1) + 1;
  return fmt::format("line {}, column {}", line, column);
}

std::string quoted(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 80) text = text.substr(0, 77) + "...";
  return text;
}

Error mismatch(const std::string& path, const Json& value, std::string_view wanted) {
  return invalid(fmt::format("Invalid value {} for parameter '{}' supplied: expected {}", quoted(value), path, wanted),
                 path);
}

constexpr double kTwoTo63 = 9223372036854775808.0;

std::optional<std::int64_t> whole(double d) {
  if (std::isfinite(d) && d == std::floor(d) && d >= -kTwoTo63 && d < kTwoTo63) return static_cast<std::int64_t>(d);
  return std::nullopt;
}

std::optional<std::int64_t> integer_of(const std::string& text) {
  if (const auto integer = to_integer(text)) return integer;
  // R's client writes 1600000000000 as "1.6e+12".
  if (text.find_first_of("eE") == std::string::npos) return std::nullopt;
  const auto real = to_real(text);
  return real ? whole(*real) : std::nullopt;
}

std::optional<std::int64_t> integer_of(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto n = value.get<std::uint64_t>();
    if (n > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
    return static_cast<std::int64_t>(n);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float()) return whole(value.get<double>());
  if (value.is_string()) return integer_of(value.get_ref<const std::string&>());
  return std::nullopt;
}

std::optional<double> real_of(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return to_real(value.get_ref<const std::string&>());
  return std::nullopt;
}

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

/// "" for a name that is not lowerCamelCase.
std::string snake_case_of(std::string_view name) {
  if (name.empty() || is_upper(name.front()) || std::none_of(name.begin(), name.end(), is_upper)) return {};
  std::string snake;
  for (const char c : name) {
    if (is_upper(c)) snake += '_';
    snake += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return snake;
}

void rename_members(Json& value) {
  if (!value.is_structured()) return;
  std::vector<std::pair<std::string, std::string>> renamed;
  for (const auto& item : value.items()) {
    rename_members(item.value());
    if (!value.is_object()) continue;
    if (std::string snake = snake_case_of(item.key()); !snake.empty()) renamed.emplace_back(item.key(), snake);
  }
  for (const auto& [camel, snake] : renamed) {
    if (value.contains(snake)) {
      throw invalid(fmt::format("Request specifies both '{}' and '{}'; provide only one of them.", snake, camel),
                    snake);
    }
    value[snake] = std::move(value[camel]);
    value.erase(camel);
  }
}

}  // namespace

void use_snake_case(JsonDocument& document) { rename_members(*document.root_); }

JsonDocument::JsonDocument(Json root) : root_(std::make_unique<Json>(std::move(root))) {}
JsonDocument::~JsonDocument() = default;
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;

JsonDocument parse_json(std::string_view text) {
  Json root;
  Builder builder(root);
  try {
    Json::sax_parse(text.begin(), text.end(), &builder);
  } catch (const Json::parse_error& e) {
    throw invalid(fmt::format("Malformed JSON at {}", where(text, e.byte)));
  } catch (const Json::out_of_range&) {
    throw invalid("JSON with a number out of range");
  }
  return JsonDocument(std::move(root));
}

std::string dump_json(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

ObjectReader::ObjectReader(const Json& value, std::string path) : value_(&value), path_(std::move(path)) {
  if (!value.is_object())
    throw invalid(
        fmt::format("{} must be a JSON object, not {}", path_.empty() ? "The body" : "'" + path_ + "'", quoted(value)),
        path_);
}

std::string ObjectReader::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

std::vector<const Json*> elements_of(const Json& value, std::string_view path) {
  if (!value.is_array()) throw mismatch(std::string(path), value, "an array");
  std::vector<const Json*> all;
  all.reserve(value.size());
  for (const Json& element : value) all.push_back(&element);
  return all;
}

std::optional<std::string> find_text_of(const Json& value) {
  return value.is_string() ? std::optional(value.get<std::string>()) : std::nullopt;
}

bool is_array(const Json& value) { return value.is_array(); }
bool is_object(const Json& value) { return value.is_object(); }

const Json* ObjectReader::find_value(std::string_view name) const {
  const auto found = value_->find(name);
  return found == value_->end() || found->is_null() ? nullptr : &*found;
}

bool ObjectReader::has(std::string_view name) const { return find_value(name) != nullptr; }

std::vector<std::string> ObjectReader::names() const {
  std::vector<std::string> all;
  for (const auto& item : value_->items()) all.push_back(item.key());
  return all;
}

std::optional<std::string> ObjectReader::find_text(std::string_view name) const {
  const Json* value = find_value(name);
  if (!value) return std::nullopt;
  if (!value->is_string()) throw mismatch(path_of(name), *value, "a string");
  return value->get<std::string>();
}

std::optional<std::int64_t> ObjectReader::find_integer(std::string_view name) const {
  const Json* value = find_value(name);
  if (!value) return std::nullopt;
  const auto n = integer_of(*value);
  if (!n) throw mismatch(path_of(name), *value, "a 64-bit integer");
  return n;
}

std::optional<double> ObjectReader::find_real(std::string_view name) const {
  const Json* value = find_value(name);
  if (!value) return std::nullopt;
  const auto d = real_of(*value);
  if (!d) throw mismatch(path_of(name), *value, "a number");
  return d;
}

std::optional<bool> ObjectReader::find_boolean(std::string_view name) const {
  const Json* value = find_value(name);
  if (!value) return std::nullopt;
  if (!value->is_boolean()) throw mismatch(path_of(name), *value, "true or false");
  return value->get<bool>();
}

std::optional<ObjectReader> ObjectReader::find_object(std::string_view name) const {
  const Json* value = find_value(name);
  if (!value) return std::nullopt;
  return ObjectReader(*value, path_of(name));
}

std::vector<ObjectReader> ObjectReader::objects(std::string_view name) const {
  std::vector<ObjectReader> all;
  const Json* value = find_value(name);
  if (!value) return all;
  if (!value->is_array()) throw mismatch(path_of(name), *value, "an array of objects");
  all.reserve(value->size());
  for (std::size_t i = 0; i < value->size(); ++i)
    all.emplace_back((*value)[i], fmt::format("{}[{}]", path_of(name), i));
  return all;
}

namespace {

/// Absent: empty. `read` gives nothing for an element that is no `noun`.
template <class T, class Read>
std::vector<T> list(const ObjectReader& object, std::string_view name, std::string_view noun, Read read) {
  std::vector<T> all;
  const Json* value = object.find_value(name);
  if (!value) return all;
  if (!value->is_array()) throw mismatch(object.path_of(name), *value, fmt::format("an array of {}s", noun));
  all.reserve(value->size());
  for (const Json& item : *value) {
    std::optional<T> element = read(item);
    if (!element) {
      const std::string path = fmt::format("{}[{}]", object.path_of(name), all.size());
      throw mismatch(path, item, fmt::format("a {}", noun));
    }
    all.push_back(std::move(*element));
  }
  return all;
}

}  // namespace

std::vector<std::string> ObjectReader::texts(std::string_view name) const {
  return list<std::string>(*this, name, "string", find_text_of);
}

namespace {
template <class T>
T require(std::optional<T> value, const std::string& path) {
  if (!value) throw invalid(fmt::format("Missing value for required parameter '{}'.", path), path);
  return std::move(*value);
}
}  // namespace

std::string ObjectReader::text(std::string_view name) const { return require(find_text(name), path_of(name)); }
std::int64_t ObjectReader::integer(std::string_view name) const { return require(find_integer(name), path_of(name)); }
double ObjectReader::real(std::string_view name) const { return require(find_real(name), path_of(name)); }
bool ObjectReader::boolean(std::string_view name) const { return require(find_boolean(name), path_of(name)); }
ObjectReader ObjectReader::object(std::string_view name) const { return require(find_object(name), path_of(name)); }

void ObjectReader::refuse_unknown(std::span<const std::string_view> known) const {
  for (const auto& item : value_->items()) {
    const std::string_view name = item.key();
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const auto near = did_you_mean(name, known);
    throw invalid(
        fmt::format("Unknown key '{}'{}", path_of(name), near ? fmt::format("; did you mean '{}'?", *near) : ""),
        path_of(name));
  }
}

std::vector<double> plain_reals(const ObjectReader& object, std::string_view name) {
  return list<double>(object, name, "number",
                      [](const Json& item) { return item.is_number() ? real_of(item) : std::nullopt; });
}

std::vector<std::int64_t> integers(const ObjectReader& object, std::string_view name) {
  return list<std::int64_t>(object, name, "64-bit integer", [](const Json& item) { return integer_of(item); });
}

std::optional<double> find_cell(const Json& value) {
  if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
  return value.is_number() ? real_of(value) : std::nullopt;
}

double plain_real(const ObjectReader& object, std::string_view name) {
  const Json* value = object.find_value(name);
  if (value && !value->is_number()) throw mismatch(object.path_of(name), *value, "a number");
  return object.real(name);
}

}  // namespace wakeful::core
