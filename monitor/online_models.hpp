#pragma once
// The models on watch: functions on a transaction. Each stands beside a registered model of the same name; control
// moves both together. A model's mark (last_evaluation) never moves back.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/wire/protocol.hpp"
#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"

namespace wakeful::monitor {

struct KeptModel {
  std::int64_t key = 0;
  std::int64_t query_key = 0;
  std::string query{};  // JSON of the metric
  std::string datasource{};
  bool retired = false;
  OnlineModel model{};
};

/// Also a retired one.
std::optional<KeptModel> find_kept_model(db::Tx& tx, std::string_view name);
/// Errors: not_found, also for a retired one.
KeptModel get_online_model(db::Tx& tx, std::string_view name);
/// Those on watch. Order: by name.
std::vector<OnlineModel> list_online_models(db::Tx& tx, std::string_view detector);
/// Those of several detectors.
std::vector<OnlineModel> list_online_models(db::Tx& tx, std::string_view first_detector,
                                            std::string_view last_detector);

struct ModelStep {
  std::string name;
  std::int64_t row_version = 0;  // expected
  core::Timestamp from{};        // expected
  core::Timestamp to{};
  std::int64_t version = 0;  // the registered version that now stands for it
  StoredFile artifact{};
  std::int64_t fence = 0;
};
/// The compare-and-set: moves the model on, or throws conflict naming `row_version` if it is not at (row_version,
/// from).
void step_model(db::Tx& tx, const ModelStep& step);

/// Puts a trained model on watch: a new row, or over the one of that name, whose mark stays where it is further.
/// Errors: conflict if a model of that name belongs to another detector.
OnlineModel put_on_watch(db::Tx& tx, const OnlineModel& model, std::int64_t fence);
void retire_model(db::Tx& tx, std::string_view name, core::Timestamp now);

/// The last time up to which anything reads this source of the built-in store as evaluated: the end of that bucket.
std::optional<core::Timestamp> evaluated_until(db::Tx& tx, std::string_view observations);

/// Whether the file of a model on watch has `path` in its URI. Cost: a look at every model.
bool is_named_by_model(db::Tx& tx, std::string_view path);

/// Gives the name free and marks the row and all that hangs on it for purge_models.
void drop_models(db::Tx& tx, std::string_view detector);
/// The same for one model, whose registered one is gone; nothing if it is not there.
void drop_model(db::Tx& tx, std::string_view name);
/// Deletes up to `most` rows that hang on dropped models; false when nothing is left. For a loop of bulk writes.
bool purge_models(db::Tx& tx, std::int64_t most);

}  // namespace wakeful::monitor
