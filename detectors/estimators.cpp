#include "detectors/estimators.hpp"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "detectors/mini_prophet.hpp"
#include "platform/core/clock.hpp"
#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::detectors {
namespace {

constexpr std::size_t kMaxTransformers = 8;
constexpr std::size_t kMaxDays = 1000;
constexpr std::size_t kMaxReals = 64;
constexpr core::Duration kDay = std::chrono::hours(24);

constexpr std::array<std::string_view, 2> kMiniProphetNames = {"MiniProphetForecaster", "MiniProphet"};
constexpr std::array<std::string_view, 1> kResidualsNames = {"ResidualsTransformer"};
/// Of the example systems, but not here: what to take instead.
constexpr std::array<std::string_view, 2> kProphetNames = {"prophetforecaster", "prophet"};

constexpr std::array<ParameterSpec, 1> kResidualsParameters = {{
    {.name = "model",
     .kind = ParameterKind::forecaster,
     .fallback = "mini_prophet",
     .doc = "the forecaster whose forecast is taken away"},
}};

const std::array<EstimatorRow, 2>& rows() {
  static const std::array<EstimatorRow, 2> table = {{
      {.name = "mini_prophet",
       .aliases = kMiniProphetNames,
       .role = EstimatorRole::forecaster,
       .summary = "piecewise linear trend with weekly and daily seasons",
       .parameters = mini_prophet_forecaster_parameters()},
      {.name = "residuals",
       .aliases = kResidualsNames,
       .role = EstimatorRole::transformer,
       .summary = "the value less the forecast of a forecaster that was fitted on the training",
       .parameters = kResidualsParameters},
  }};
  return table;
}

[[noreturn]] void refuse(const std::string& path, std::string_view why) {
  throw core::invalid(path.empty() ? std::string(why) : fmt::format("'{}': {}", path, why), path);
}

std::string_view last_part(std::string_view dotted) {
  const auto dot = dotted.rfind('.');
  return dot == std::string_view::npos ? dotted : dotted.substr(dot + 1);
}

std::string_view noun_of(EstimatorRole role) {
  return role == EstimatorRole::forecaster ? "forecaster" : "transformer";
}

const EstimatorRow& get_estimator(std::string_view name, EstimatorRole role, const ParameterSpec& spec,
                                  const std::string& path) {
  const EstimatorRow* row = find_estimator(name);
  if (row != nullptr && row->role == role) return *row;
  if (row != nullptr) {
    refuse(path, fmt::format("{} is a {}, and a {} is asked for here", row->name, noun_of(row->role), noun_of(role)));
  }
  const std::string lower = core::to_lower(last_part(name));
  if (std::find(kProphetNames.begin(), kProphetNames.end(), lower) != kProphetNames.end()) {
    refuse(path, fmt::format("{} is not available here; use MiniProphetForecaster, which has its trend and its seasons",
                             last_part(name)));
  }
  std::vector<std::string_view> known(spec.words.begin(), spec.words.end());
  for (const EstimatorRow& one : estimators()) {
    if (one.role != role) continue;
    known.push_back(one.name);
    known.insert(known.end(), one.aliases.begin(), one.aliases.end());
  }
  std::string list;
  for (const std::string_view one : known) list += (list.empty() ? "" : ", ") + std::string(one);
  const auto near = core::did_you_mean(last_part(name), known);
  refuse(path, near ? fmt::format("unknown {} '{}'; did you mean '{}'?", noun_of(role), name.substr(0, 80), *near)
                    : fmt::format("unknown {} '{}'; known are {}", noun_of(role), name.substr(0, 80), list));
}

std::string to_json(const EstimatorRow& row, const Parameters& parameters) {
  core::JsonWriter out;
  out.begin_object().key(row.name).raw(parameters.json());
  return out.end_object().take();
}

std::string of_name(std::string_view name, EstimatorRole role, const ParameterSpec& spec, const std::string& path) {
  const EstimatorRow& row = get_estimator(name, role, spec, path);
  return to_json(row, default_parameters(row.parameters));
}

std::string of_value(const core::Json& value, EstimatorRole role, const ParameterSpec& spec, const std::string& path) {
  if (const auto name = core::find_text_of(value)) return of_name(*name, role, spec, path);
  if (!core::is_object(value)) {
    refuse(path, fmt::format("'{}' is no {}: write its name, {{Name: {{…}}}} or {{cls: Name, args: {{…}}}}",
                             core::dump_json(value).substr(0, 80), noun_of(role)));
  }
  const core::ObjectReader object(value, path);
  if (object.names().size() == 1 && !object.has("cls")) {
    const std::string name = object.names().front();
    const EstimatorRow& row = get_estimator(name, role, spec, object.path_of(name));
    const auto arguments = object.find_object(name);
    return to_json(row, arguments ? read_parameters(row.parameters, *arguments) : default_parameters(row.parameters));
  }
  constexpr std::array<std::string_view, 2> kKeys{"cls", "args"};
  object.refuse_unknown(kKeys);
  const EstimatorRow& row = get_estimator(object.text("cls"), role, spec, object.path_of("cls"));
  const auto arguments = object.find_object("args");
  return to_json(row, arguments ? read_parameters(row.parameters, *arguments) : default_parameters(row.parameters));
}

/// JSON where it is some, and a bare word otherwise.
core::JsonDocument parse(std::string_view text, const std::string& field) {
  const std::string_view trimmed = core::trim(text);
  const bool is_json = !trimmed.empty() && (trimmed.front() == '{' || trimmed.front() == '[' || trimmed == "null" ||
                                            core::to_real(trimmed) || trimmed == "true");
  core::JsonWriter word;
  try {
    return core::parse_json(is_json ? trimmed : std::string_view(word.value(trimmed).text()));
  } catch (const core::Error& e) {
    refuse(field, e.what());
  }
}

std::string join(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items) out += (out.size() > 1 ? "," : "") + item;
  return out + "]";
}

std::string transformers_of(const core::Json& value, const ParameterSpec& spec, const std::string& field) {
  std::vector<std::string> items;
  if (core::find_text_of(value) || core::is_object(value)) {  // one alone
    items.push_back(of_value(value, EstimatorRole::transformer, spec, field));
    return join(items);
  }
  const auto elements = core::elements_of(value, field);
  if (elements.size() > kMaxTransformers) refuse(field, fmt::format("more than {} transformers", kMaxTransformers));
  for (std::size_t i = 0; i < elements.size(); ++i)
    items.push_back(of_value(*elements[i], EstimatorRole::transformer, spec, fmt::format("{}[{}]", field, i)));
  return join(items);
}

core::Timestamp day_of(std::string_view text, const std::string& path) {
  try {
    if (text.size() == 10) return core::parse_rfc3339(std::string(text) + "T00:00:00Z");
  } catch (const core::Error&) {
    // said below
  }
  refuse(path, fmt::format("'{}' is no day like 2026-12-25", text.substr(0, 80)));
}

std::string days_of(const core::Json& value, const std::string& field) {
  std::vector<std::string> days;
  const auto add = [&](std::string_view text, const std::string& path) {
    days.push_back(fmt::format("\"{}\"", core::format_rfc3339(day_of(core::trim(text), path)).substr(0, 10)));
  };
  if (const auto text = core::find_text_of(value)) {
    for (const std::string_view part : core::split(*text, ',')) add(part, field);
  } else {
    const auto elements = core::elements_of(value, field);
    for (std::size_t i = 0; i < elements.size(); ++i)
      add(core::find_text_of(*elements[i]).value_or(""), fmt::format("{}[{}]", field, i));
  }
  std::sort(days.begin(), days.end());
  days.erase(std::unique(days.begin(), days.end()), days.end());
  if (days.size() > kMaxDays) refuse(field, fmt::format("more than {} days", kMaxDays));
  return join(days);
}

std::string reals_of(const core::Json& value, const ParameterSpec& spec, const std::string& field) {
  const auto elements = core::elements_of(value, field);
  if (elements.size() > kMaxReals) refuse(field, fmt::format("more than {} numbers", kMaxReals));
  std::vector<std::string> reals;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const std::string path = fmt::format("{}[{}]", field, i);
    const std::string text = core::find_text_of(*elements[i]).value_or(core::dump_json(*elements[i]));
    const auto real = core::to_real(text);
    if (!real || !(*real >= spec.least && *real <= spec.most))
      refuse(path, fmt::format("'{}' is no number from {} to {}", text.substr(0, 80), core::format_real(spec.least),
                               core::format_real(spec.most)));
    const std::string said = core::format_real(*real);
    if (std::find(reals.begin(), reals.end(), said) != reals.end()) refuse(path, fmt::format("{} stands twice", said));
    reals.push_back(said);
  }
  return join(reals);
}

Estimator estimator_of(const core::Json& value) {
  const core::ObjectReader object(value);
  const auto names = object.names();
  const EstimatorRow* row = names.size() == 1 ? find_estimator(names.front()) : nullptr;
  if (row == nullptr) throw core::internal("an estimator that was not read by read_nested");
  return {row, read_parameters(row->parameters, object.object(names.front()))};
}

}  // namespace

std::span<const EstimatorRow> estimators() { return rows(); }

const EstimatorRow* find_estimator(std::string_view name) {
  const std::string lower = core::to_lower(last_part(name));
  for (const EstimatorRow& row : rows()) {
    if (row.name == lower) return &row;
    for (const std::string_view alias : row.aliases) {
      if (core::to_lower(alias) == lower) return &row;
    }
  }
  return nullptr;
}

std::string read_nested(const ParameterSpec& spec, std::string_view text, const std::string& field) {
  const core::JsonDocument document = parse(text, field);
  if (spec.kind == ParameterKind::days) return days_of(document.root(), field);
  if (spec.kind == ParameterKind::reals) return reals_of(document.root(), spec, field);
  if (spec.kind == ParameterKind::transformers) return transformers_of(document.root(), spec, field);
  return of_value(document.root(), EstimatorRole::forecaster, spec, field);
}

Estimator read_estimator(std::string_view json) {
  const core::JsonDocument document = core::parse_json(json);
  return estimator_of(document.root());
}

std::vector<Estimator> read_estimators(std::string_view json) {
  const core::JsonDocument document = core::parse_json(json);
  std::vector<Estimator> out;
  for (const core::Json* element : core::elements_of(document.root(), "transformers"))
    out.push_back(estimator_of(*element));
  return out;
}

std::vector<double> read_reals(std::string_view json) {
  const core::JsonDocument document = core::parse_json(json);
  std::vector<double> reals;
  for (const core::Json* element : core::elements_of(document.root(), "reals"))
    reals.push_back(core::to_real(core::dump_json(*element)).value());
  return reals;
}

std::vector<std::int64_t> read_days(std::string_view json) {
  const core::JsonDocument document = core::parse_json(json);
  std::vector<std::int64_t> days;
  for (const core::Json* element : core::elements_of(document.root(), "days"))
    days.push_back(day_of(core::find_text_of(*element).value_or(""), "days").time_since_epoch() / kDay);
  return days;
}

}  // namespace wakeful::detectors
