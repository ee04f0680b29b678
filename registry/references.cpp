#include "registry/references.hpp"

#include "platform/search/sql.hpp"

namespace wakeful::registry {
namespace {

constexpr db::Sql kOfRun{"references.of_run", "SELECT 1 FROM model_versions WHERE run_id = $1 LIMIT 1"};
constexpr db::Sql kNaming{"references.naming",
                          "SELECT 1 FROM model_versions WHERE source LIKE $1 ESCAPE '!' OR location LIKE $1 ESCAPE '!' "
                          "LIMIT 1"};

}  // namespace

bool has_version_of_run(db::Tx& tx, std::string_view run_id) {
  return tx.find(kOfRun, {run_id}, [](const db::Row&) { return true; }).has_value();
}

bool is_named_by_version(db::Tx& tx, std::string_view path) {
  return tx.find(kNaming, {search::like_containing(path)}, [](const db::Row&) { return true; }).has_value();
}

}  // namespace wakeful::registry
