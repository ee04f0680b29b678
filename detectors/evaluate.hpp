#pragma once
// How good scores are, against labels or windows; and the refractory rule. Pure functions over one score per row.
//
// A NaN score (missing, warming up) is never an alarm and ranks below every number. A score above 1 is an alarm; the
// measures that search a threshold say so in their name. Point-adjusted F1 is given for comparability only: a random
// score reaches .8 on common data. Reasons: DESIGN.md.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace wakeful::detectors {

/// Rows first..last, both included.
struct Interval {
  std::size_t first;
  std::size_t last;
  bool operator==(const Interval&) const = default;
};

/// The refractory rule: a score survives only if it is above every score of the `span` rows before it; the others
/// become 0, NaN stays. One lasting disturbance then gives one alarm, or a few that grow, and the next alarm must be
/// worse. Causal. Cost: O(rows).
std::vector<double> refractory(std::span<const double> scores, std::size_t span);

/// The rows whose score is above 1.
std::vector<std::size_t> alarms(std::span<const double> scores);

/// What alarms are worth against windows in which an anomaly lies.
struct WindowResult {
  std::size_t windows = 0;
  std::size_t detected = 0;  // windows that hold an alarm
  std::size_t true_alarms = 0;
  std::size_t false_alarms = 0;
  /// False alarms, those less than `gap` rows apart counted once.
  std::vector<Interval> false_episodes;
};
WindowResult compare_with_windows(std::span<const std::size_t> alarm_rows, std::span<const Interval> windows,
                                  std::size_t gap);

/// Runs of rows whose label is not 0.
std::vector<Interval> segments(std::span<const std::uint8_t> labels);

struct Quality {
  double threshold = 1;  // a row is flagged if its score is above it
  double precision = 0;
  double recall = 0;
  double f1 = 0;
};
/// Row by row at a given threshold. Nothing flagged or nothing anomalous: 0.
Quality quality_at(std::span<const double> scores, std::span<const std::uint8_t> labels, double threshold);
/// The threshold with the best row-wise F1, searched exactly over all score values. Cost: O(n log n).
Quality best_f1(std::span<const double> scores, std::span<const std::uint8_t> labels);
/// The same after each true segment that is hit once counts as found whole.
Quality best_point_adjusted_f1(std::span<const double> scores, std::span<const std::uint8_t> labels);
/// `share`: how much of a segment has to be flagged before it counts as found whole (PA%K, Kim et al. 2022); 0: one
/// row.
Quality point_adjusted_at(std::span<const double> scores, std::span<const std::uint8_t> labels, double threshold,
                          double share = 0);
/// By stretches of `size` rows, one behind the other: flagged if a row is, anomalous if a row is. size > 0.
Quality windowed_at(std::span<const double> scores, std::span<const std::uint8_t> labels, double threshold,
                    std::size_t size);
/// Row by row, with 1e-5 added to every denominator, as published tables often are.
Quality smoothed_quality_at(std::span<const double> scores, std::span<const std::uint8_t> labels, double threshold);
/// Rows from a segment's first to the first of it that is flagged, the mean over the segments found; NaN for none.
double mean_detection_latency(std::span<const double> scores, std::span<const std::uint8_t> labels, double threshold);

/// Area under precision over recall as a step function (average precision), ties taken together. NaN without anomalies.
double average_precision(std::span<const double> scores, std::span<const std::uint8_t> labels);
/// Area under the ROC curve, ties half. NaN if one class is empty.
double auroc(std::span<const double> scores, std::span<const std::uint8_t> labels);

/// NAB's score of one series: each window's earliest alarm earns, false alarms cost, and 0 is silence, 100 perfection.
/// Source: Lavin and Ahmad 2015, "Evaluating real-time anomaly detection algorithms"; the scorer of the benchmark.
struct NabProfile {
  double true_positive = 1;
  double false_positive = 0.11;
  double false_negative = 1;
};
inline constexpr NabProfile kNabStandard{};
inline constexpr NabProfile kNabLowFalsePositives{1, 0.22, 1};
inline constexpr NabProfile kNabLowFalseNegatives{1, 0.11, 2};

struct NabResult {
  double raw = 0;      // sums over series
  double null = 0;     // of a detector that never alarms
  double perfect = 0;  // of one that alarms at each window's first row and nowhere else
  double score() const { return perfect > null ? 100 * (raw - null) / (perfect - null) : 0; }
};
/// `probation` rows at the start are not judged (NAB: 15 % of the rows, at most 750).
NabResult nab(std::span<const std::size_t> alarm_rows, std::span<const Interval> windows, std::size_t probation,
              const NabProfile& profile = kNabStandard);

}  // namespace wakeful::detectors
