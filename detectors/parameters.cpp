#include "detectors/parameters.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/core.h>

#include "detectors/estimators.hpp"
#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::detectors {
namespace {

std::string join(std::span<const std::string_view> words) {
  std::string out;
  for (std::string_view w : words) out += (out.empty() ? "" : ", ") + std::string(w);
  return out;
}

std::string expected(const ParameterSpec& spec) {
  const std::string words = spec.words.empty() ? "" : " or " + join(spec.words);
  switch (spec.kind) {
    case ParameterKind::integer:
      return fmt::format("a whole number from {} to {}{}", core::format_real(spec.least), core::format_real(spec.most),
                         words);
    case ParameterKind::real:
      return fmt::format("a number from {} to {}{}", core::format_real(spec.least), core::format_real(spec.most),
                         words);
    case ParameterKind::boolean:
      return "true or false";
    case ParameterKind::choice:
      return "one of " + join(spec.words);
    case ParameterKind::days:
    case ParameterKind::reals:
    case ParameterKind::forecaster:
    case ParameterKind::transformers:
      break;  // read_nested says it
  }
  return {};
}

/// A member of a file is told by its path.
std::string at(const std::string& field) {
  return field.find('.') == std::string::npos ? "" : fmt::format("'{}': ", field);
}

[[noreturn]] void refuse(const ParameterSpec& spec, std::string_view given, const std::string& field) {
  throw core::invalid(fmt::format("{}parameter '{}' must be {}, not '{}'", at(field), spec.name, expected(spec), given),
                      field);
}

std::optional<Parameters::Value> read_word(const ParameterSpec& spec, std::string_view text) {
  const auto found = std::find(spec.words.begin(), spec.words.end(), text);
  if (found != spec.words.end()) return std::string(text);
  if (spec.kind == ParameterKind::boolean) {
    if (text == "true" || text == "1") return true;
    if (text == "false" || text == "0") return false;
  }
  return std::nullopt;
}

bool is_nested(ParameterKind kind) {
  return kind == ParameterKind::days || kind == ParameterKind::reals || kind == ParameterKind::forecaster ||
         kind == ParameterKind::transformers;
}

Parameters::Value read_text(const ParameterSpec& spec, std::string_view text, const std::string& field) {
  if (auto word = read_word(spec, text)) return *word;
  if (spec.kind == ParameterKind::integer) {
    auto number = core::to_integer(text);
    // YAML and JSON writers like to say 200.0.
    if (const auto real = core::to_real(text);
        !number && real && std::abs(*real) < 1e15 && *real == std::trunc(*real)) {
      number = static_cast<std::int64_t>(*real);
    }
    if (number && static_cast<double>(*number) >= spec.least && static_cast<double>(*number) <= spec.most) {
      return *number;
    }
  } else if (spec.kind == ParameterKind::real) {
    const auto number = core::to_real(text);
    if (number && *number >= spec.least && *number <= spec.most) return *number;  // NaN fails both
  }
  if (is_nested(spec.kind)) return Parameters::Nested{read_nested(spec, text, field)};
  refuse(spec, text, field);
}

const ParameterSpec& get_spec(std::span<const ParameterSpec> table, std::string_view name, const std::string& field) {
  for (const ParameterSpec& spec : table) {
    if (spec.name == name) return spec;
  }
  std::vector<std::string_view> known;
  for (const ParameterSpec& spec : table) known.push_back(spec.name);
  const auto near = core::did_you_mean(name, known);
  throw core::invalid(at(field) + (near ? fmt::format("unknown parameter '{}'; did you mean '{}'?", name, *near)
                                        : fmt::format("unknown parameter '{}'; known are {}", name, join(known))),
                      field);
}

}  // namespace

/// Fills Parameters; the only one that may.
class ParameterReader {
 public:
  explicit ParameterReader(std::span<const ParameterSpec> table) {
    for (const ParameterSpec& spec : table) {
      out_.values_.emplace_back(spec.name, read_text(spec, spec.fallback, std::string(spec.name)));
    }
  }
  void set(const ParameterSpec& spec, Parameters::Value value) {
    for (auto& [name, held] : out_.values_) {
      if (name != spec.name) continue;
      held = std::move(value);
      return;
    }
  }
  Parameters take() { return std::move(out_); }

 private:
  Parameters out_;
};

namespace {

Parameters::Value read_member(const ParameterSpec& spec, const core::ObjectReader& object) {
  const std::string field = object.path_of(spec.name);
  const std::string text = core::dump_json(*object.find_value(spec.name));
  const bool quoted = text.size() >= 2 && text.front() == '"';
  return read_text(spec, quoted ? object.text(spec.name) : text, field);
}

}  // namespace

const Parameters::Value& Parameters::get(std::string_view name) const {
  for (const auto& [known, value] : values_) {
    if (known == name) return value;
  }
  throw core::internal("no parameter '" + std::string(name) + "'");
}

std::int64_t Parameters::integer(std::string_view name) const { return std::get<std::int64_t>(get(name)); }
double Parameters::real(std::string_view name) const { return std::get<double>(get(name)); }
bool Parameters::boolean(std::string_view name) const { return std::get<bool>(get(name)); }
const std::string& Parameters::choice(std::string_view name) const { return std::get<std::string>(get(name)); }

std::optional<std::int64_t> Parameters::find_integer(std::string_view name) const {
  const auto* value = std::get_if<std::int64_t>(&get(name));
  return value ? std::optional(*value) : std::nullopt;
}

std::optional<double> Parameters::find_real(std::string_view name) const {
  const auto* value = std::get_if<double>(&get(name));
  return value ? std::optional(*value) : std::nullopt;
}

std::optional<std::string_view> Parameters::find_nested(std::string_view name) const {
  const auto* value = std::get_if<Nested>(&get(name));
  return value ? std::optional<std::string_view>(value->json) : std::nullopt;
}

std::string Parameters::text(std::string_view name) const {
  const Value& value = get(name);
  if (const auto* n = std::get_if<Nested>(&value)) return n->json;
  if (const auto* i = std::get_if<std::int64_t>(&value)) return std::to_string(*i);
  if (const auto* d = std::get_if<double>(&value)) return core::format_real(*d);
  if (const auto* b = std::get_if<bool>(&value)) return *b ? "true" : "false";
  return std::get<std::string>(value);
}

std::string Parameters::json() const {
  core::JsonWriter out;
  out.begin_object();
  for (const auto& [name, value] : values_) {
    if (const auto* nested = std::get_if<Nested>(&value)) {
      out.key(name).raw(nested->json);
      continue;
    }
    std::visit(
        [&out, &key = name](const auto& v) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(v)>, Nested>) out.member(key, v);
        },
        value);
  }
  return out.end_object().take();
}

Parameters default_parameters(std::span<const ParameterSpec> table) { return ParameterReader(table).take(); }

Parameters parse_parameters(std::span<const ParameterSpec> table,
                            std::span<const std::pair<std::string, std::string>> settings) {
  ParameterReader reader(table);
  for (const auto& [name, text] : settings) {
    const ParameterSpec& spec = get_spec(table, name, name);
    reader.set(spec, read_text(spec, text, name));
  }
  return reader.take();
}

Parameters read_parameters(std::span<const ParameterSpec> table, const core::ObjectReader& object) {
  ParameterReader reader(table);
  for (const std::string& name : object.names()) {
    const ParameterSpec& spec = get_spec(table, name, object.path_of(name));
    if (object.has(name)) reader.set(spec, read_member(spec, object));
  }
  return reader.take();
}

}  // namespace wakeful::detectors
