#pragma once
// The registry's types and requests from MLflow's JSON. Every violation is `invalid` and names the field. Presence and
// type are checked here; lengths, characters and limits are the server's rules (registry/rules.hpp).
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/core/json.hpp"
#include "registry/wire/types.hpp"

namespace wakeful::registry {

/// registered-models/create
struct NewModel {
  std::string name;
  std::string description{};
  std::vector<Tag> tags{};  // of one key given twice, the last counts
};

/// model-versions/create
struct NewVersion {
  std::string name;
  std::string source;
  std::string run_id{};
  std::string run_link{};
  std::string description{};
  std::string model_id{};
  std::vector<Tag> tags{};
};

/// registered-models/search and model-versions/search
struct Search {
  std::string filter{};
  std::vector<std::string> order_by{};
  std::optional<std::int64_t> max_results{};
  std::string page_token{};
};

NewModel read_new_model(const core::ObjectReader& body);
NewVersion read_new_version(const core::ObjectReader& body);
Search read_search(const core::ObjectReader& body);
RegisteredModel read_registered_model(const core::ObjectReader& object);
ModelVersion read_model_version(const core::ObjectReader& object);

/// The list "tags" of {key, value}: a key is needed, a value that is absent is "".
std::vector<Tag> read_tags(const core::ObjectReader& object);

/// A text that must be there and not be empty: MLflow counts "" as missing.
/// Errors: invalid "Missing value for required parameter '…'. See the API docs …".
std::string required_text(const core::ObjectReader& object, std::string_view name);

/// A version's number: ASCII digits and nothing else. Errors: invalid naming `field`.
std::int64_t parse_version(std::string_view text, std::string_view field = "version");

/// In any case of letters. Errors: invalid "Invalid Model Version stage: X. Value must be one of …".
Stage parse_stage(std::string_view text, std::string_view field = "stage");

}  // namespace wakeful::registry
