#pragma once
// What evaluations found: functions on a transaction. Scores are kept for every bucket that was evaluated; those that
// are anomalies are listed besides. Nothing is stored twice: an evaluation is known by its id, a score by its place.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/listing.hpp"
#include "monitor/online_models.hpp"
#include "monitor/wire/protocol.hpp"
#include "platform/db/database.hpp"

namespace wakeful::monitor {

std::optional<Evaluation> find_evaluation(db::Tx& tx, std::string_view id);

/// Keeps an evaluation of `model` with its scores and anomalies. `late_scores` become new revisions of their buckets.
/// Errors: conflict if the version it starts from had its successor already.
Evaluation add_evaluation(db::Tx& tx, const KeptModel& model, Evaluation evaluation, const std::vector<Score>& scores,
                          const std::vector<Score>& late_scores, std::int64_t fence);

struct EvaluationSearch {
  std::string model{};
  std::string detector{};
  PageTerms page{};
};
/// Order: newest first. Errors: not_found for a model that was never on watch, unless an applied detector will have it.
Page<Evaluation> list_evaluations(db::Tx& tx, const EvaluationSearch& search);

struct ScoreSearch {
  std::string model{};
  std::optional<core::Timestamp> from{};  // inclusive
  std::optional<core::Timestamp> to{};    // inclusive
  bool all_revisions = false;
  PageTerms page{};
};
/// Order: by time, then entity and algorithm in the order of their first use. Errors: as list_evaluations.
Page<Score> list_scores(db::Tx& tx, const ScoreSearch& search);

struct AnomalySearch {
  std::string detector{};
  std::string model{};
  std::optional<core::Timestamp> from{};
  std::optional<core::Timestamp> to{};
  PageTerms page{};
};
/// Order: newest first. Errors: as list_evaluations.
Page<Anomaly> list_anomalies(db::Tx& tx, const AnomalySearch& search);

}  // namespace wakeful::monitor
