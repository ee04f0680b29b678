#pragma once
// Searching models and versions with MLflow's filters and orderings, paged by key.
//
// Prompts stay out of both unless the filter asks for them: a clause on their tag that asks for none, as clients append
// it, is about every model, those without the tag above all. Source: mlflow-registry.md §3.
#include <string>
#include <vector>

#include "platform/db/database.hpp"
#include "registry/wire/read.hpp"
#include "registry/wire/types.hpp"

namespace wakeful::registry {

struct ModelPage {
  std::vector<RegisteredModel> models;
  std::string next_page_token;  // "" at the end
};
/// Errors: invalid naming filter, order_by, max_results or page_token.
/// Cost: that of the tag with the fewest models, where the filter compares tags for equality.
ModelPage search_models(db::Tx& tx, const Search& search);

struct VersionPage {
  std::vector<ModelVersion> versions;  // with tags, without aliases
  std::string next_page_token;
};
/// Errors: as search_models.
VersionPage search_versions(db::Tx& tx, const Search& search);

}  // namespace wakeful::registry
