#include "monitor/wire/columns.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "platform/core/error.hpp"

namespace wakeful::monitor {
namespace {

using core::Json;
using core::JsonWriter;
using core::ObjectReader;

struct RealColumn {
  std::string_view name;
  std::optional<double> Score::*member;
};
constexpr std::array<RealColumn, 5> kReals{{{"value", &Score::value},
                                            {"expected", &Score::expected},
                                            {"lower", &Score::lower},
                                            {"upper", &Score::upper},
                                            {"score", &Score::score}}};

constexpr std::size_t kMostMetadata = 64U << 10U;

/// Texts by the order of their first use.
class Names {
 public:
  std::int64_t index_of(const std::string& name) {
    const auto [found, fresh] = known_.try_emplace(name, static_cast<std::int64_t>(known_.size()));
    if (fresh) order_.push_back(&found->first);
    return found->second;
  }
  void write(JsonWriter& json, std::string_view member) const {
    json.key(member).begin_array();
    for (const std::string* name : order_) json.value(*name);
    json.end_array();
  }

 private:
  std::map<std::string, std::int64_t> known_;
  std::vector<const std::string*> order_;
};

[[noreturn]] void refuse(const std::string& path, std::string_view why) {
  throw core::invalid(fmt::format("'{}': {}", path, why), path);
}

const Json& column(const ObjectReader& object, std::string_view name, std::optional<std::size_t> size) {
  const Json* value = object.find_value(name);
  const std::string path = object.path_of(name);
  if (!value || !value->is_array()) refuse(path, "must be an array");
  if (size && value->size() != *size) refuse(path, fmt::format("{} values for {} rows", value->size(), *size));
  return *value;
}

std::int64_t integer(const Json& value, const ObjectReader& object, std::string_view name, std::size_t row) {
  const bool fits = value.is_number_integer() &&
                    !(value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX));
  if (!fits) refuse(fmt::format("{}[{}]", object.path_of(name), row), "must be a whole number");
  return value.get<std::int64_t>();
}

void read_names(const ObjectReader& object, std::string_view member, std::string_view names, std::string Score::*target,
                std::vector<Score>& scores) {
  const std::vector<std::string> known = object.texts(names);
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (known[i].size() > 2'000) refuse(fmt::format("{}[{}]", object.path_of(names), i), "longer than 2000 bytes");
  }
  const Json& indices = column(object, member, scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const std::int64_t index = integer(indices[i], object, member, i);
    if (index < 0 || index >= static_cast<std::int64_t>(known.size()))
      refuse(fmt::format("{}[{}]", object.path_of(member), i), fmt::format("{} is no index of '{}'", index, names));
    scores[i].*target = known[static_cast<std::size_t>(index)];
  }
}

void write_metadata(JsonWriter& json, const std::vector<Score>& scores) {
  if (std::all_of(scores.begin(), scores.end(), [](const Score& score) { return score.metadata.empty(); })) return;
  json.key("metadata").begin_array();
  for (const Score& score : scores) score.metadata.empty() ? json.null() : json.raw(score.metadata);
  json.end_array();
}

void read_metadata(const ObjectReader& object, std::vector<Score>& scores) {
  if (!object.has("metadata")) return;
  const Json& values = column(object, "metadata", scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (values[i].is_null()) continue;
    const std::string path = fmt::format("{}[{}]", object.path_of("metadata"), i);
    if (!values[i].is_object()) refuse(path, "must be an object or null");
    if (values[i].empty()) continue;
    if (!scores[i].is_anomaly) refuse(path, "metadata of a row that is no anomaly");
    scores[i].metadata = core::dump_json(values[i]);
    if (scores[i].metadata.size() > kMostMetadata) refuse(path, "larger than 64 KiB");
  }
}

}  // namespace

void write_columns(JsonWriter& json, const std::vector<Score>& scores) {
  Names entities;
  Names algorithms;
  json.begin_object().key("ts_us").begin_array();
  for (const Score& score : scores) json.value(core::to_us(score.timestamp));
  json.end_array().key("entity").begin_array();
  for (const Score& score : scores) json.value(entities.index_of(score.entity));
  json.end_array().key("algorithm").begin_array();
  for (const Score& score : scores) json.value(algorithms.index_of(score.algorithm));
  json.end_array();
  for (const RealColumn& real : kReals) {
    json.key(real.name).begin_array();
    for (const Score& score : scores) {
      const auto& value = score.*real.member;
      if (value && std::isfinite(*value))
        json.value(*value);
      else
        json.null();
    }
    json.end_array();
  }
  json.key("is_anomaly").begin_array();
  for (const Score& score : scores) json.value(score.is_anomaly ? 1 : 0);
  json.end_array();
  write_metadata(json, scores);
  entities.write(json, "entities");
  algorithms.write(json, "algorithms");
  json.end_object();
}

std::vector<Score> read_columns(const ObjectReader& object, std::int64_t most) {
  constexpr std::array<std::string_view, 12> kKeys{"ts_us",      "entity",   "algorithm", "value",
                                                   "expected",   "lower",    "upper",     "score",
                                                   "is_anomaly", "metadata", "entities",  "algorithms"};
  object.refuse_unknown(kKeys);
  const Json& times = column(object, "ts_us", std::nullopt);
  if (static_cast<std::int64_t>(times.size()) > most)
    refuse(object.path_of("ts_us"), fmt::format("more than {} rows", most));
  std::vector<Score> scores(times.size());
  for (std::size_t i = 0; i < scores.size(); ++i)
    scores[i].timestamp = core::from_us(integer(times[i], object, "ts_us", i));
  read_names(object, "entity", "entities", &Score::entity, scores);
  read_names(object, "algorithm", "algorithms", &Score::algorithm, scores);
  for (const RealColumn& real : kReals) {
    const Json& values = column(object, real.name, scores.size());
    for (std::size_t i = 0; i < scores.size(); ++i) {
      if (values[i].is_null()) continue;
      if (!values[i].is_number())
        refuse(fmt::format("{}[{}]", object.path_of(real.name), i), "must be a number or null");
      scores[i].*real.member = values[i].get<double>();
    }
  }
  const Json& flags = column(object, "is_anomaly", scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const std::int64_t flag = integer(flags[i], object, "is_anomaly", i);
    if (flag != 0 && flag != 1) refuse(fmt::format("{}[{}]", object.path_of("is_anomaly"), i), "must be 0 or 1");
    scores[i].is_anomaly = flag == 1;
    if (scores[i].is_anomaly && !scores[i].score)
      refuse(fmt::format("{}[{}]", object.path_of("is_anomaly"), i), "an anomaly without a score");
  }
  read_metadata(object, scores);
  return scores;
}

}  // namespace wakeful::monitor
