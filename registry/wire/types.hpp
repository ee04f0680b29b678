#pragma once
// What MLflow's registry API speaks of: registered models, their versions, tags, aliases and stages.
//
// Plain values, as the wire has them, shared by server and client. Times are milliseconds since 1970 (`_ms`); a version
// is a number here and a string of digits on the wire. Reading and writing: read.hpp, write.hpp.
// Source: mlflow-registry.md §2.1. No thread contract: values.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wakeful::registry {

enum class Stage { none = 0, staging = 1, production = 2, archived = 3 };
/// "None", "Staging", "Production", "Archived".
std::string_view name_of(Stage stage);

struct Tag {
  std::string key;
  std::string value;
  bool operator==(const Tag&) const = default;
};

struct Alias {
  std::string alias;
  std::int64_t version = 0;
  bool operator==(const Alias&) const = default;
};

struct ModelVersion {
  std::string name;
  std::int64_t version = 0;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  Stage stage = Stage::none;
  std::optional<std::string> description{};
  std::string source{};
  std::string run_id{};
  std::string run_link{};
  std::vector<Tag> tags{};
  std::vector<std::string> aliases{};
  std::string model_id{};  // of the logged model; not on the wire
};

struct RegisteredModel {
  std::string name;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  std::string description{};
  std::vector<Tag> tags{};
  std::vector<Alias> aliases{};
  std::vector<ModelVersion> latest_versions{};  // of each stage that has one
};

}  // namespace wakeful::registry
