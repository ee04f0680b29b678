#include "detectors/evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <numeric>

namespace wakeful::detectors {
namespace {

constexpr double kLowest = -std::numeric_limits<double>::infinity();

double rank_value(double score) { return std::isnan(score) ? kLowest : score; }

/// Rows by falling score, NaN last.
std::vector<std::size_t> by_score(std::span<const double> scores) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [scores](std::size_t a, std::size_t b) {
    const double x = rank_value(scores[a]), y = rank_value(scores[b]);
    return x != y ? x > y : a < b;
  });
  return order;
}

Quality quality_of(double threshold, double hits, double flagged, double anomalous) {
  Quality out{.threshold = threshold};
  out.precision = flagged > 0 ? hits / flagged : 0;
  out.recall = anomalous > 0 ? hits / anomalous : 0;
  out.f1 = flagged + anomalous > 0 ? 2 * hits / (flagged + anomalous) : 0;
  return out;
}

struct Counts {
  double hits = 0, flagged = 0;
};
Counts count_at(std::span<const double> scores, std::span<const std::uint8_t> labels, double threshold) {
  Counts out;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!(scores[i] > threshold)) continue;
    out.flagged += 1;
    out.hits += labels[i] != 0 ? 1 : 0;
  }
  return out;
}

double count_anomalous(std::span<const std::uint8_t> labels) {
  return static_cast<double>(std::count_if(labels.begin(), labels.end(), [](std::uint8_t l) { return l != 0; }));
}

/// Walks the distinct thresholds downwards: at_row(row) for each row newly flagged, then at_threshold(value) where the
/// rows above `value` are flagged; `value` is the next lower score.
template <class AtRow, class AtThreshold>
void sweep(std::span<const double> scores, AtRow at_row, AtThreshold at_threshold) {
  const std::vector<std::size_t> order = by_score(scores);
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (std::isnan(scores[order[i]])) break;
    at_row(order[i]);
    const double next = i + 1 < order.size() ? rank_value(scores[order[i + 1]]) : kLowest;
    if (next != scores[order[i]]) at_threshold(std::isfinite(next) ? next : std::nextafter(scores[order[i]], kLowest));
  }
}

/// sigma of the benchmark: 1 far inside a window, 0 at its end, towards -1 behind it.
double nab_sigmoid(double position) { return position > 3 ? -1 : 2 / (1 + std::exp(5 * position)) - 1; }

}  // namespace

std::vector<double> refractory(std::span<const double> scores, std::size_t span) {
  std::vector<double> out(scores.begin(), scores.end());
  std::deque<std::size_t> falling;  // rows of the span whose scores fall: the first is the largest
  for (std::size_t i = 0; i < scores.size(); ++i) {
    while (!falling.empty() && falling.front() + span < i) falling.pop_front();
    if (std::isnan(scores[i])) continue;
    if (!falling.empty() && scores[i] <= scores[falling.front()]) out[i] = 0;
    while (!falling.empty() && scores[falling.back()] <= scores[i]) falling.pop_back();
    falling.push_back(i);
  }
  return out;
}

std::vector<std::size_t> alarms(std::span<const double> scores) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] > 1) out.push_back(i);
  }
  return out;
}

WindowResult compare_with_windows(std::span<const std::size_t> alarm_rows, std::span<const Interval> windows,
                                  std::size_t gap) {
  WindowResult out;
  out.windows = windows.size();
  std::vector<bool> hit(windows.size(), false);
  for (std::size_t row : alarm_rows) {
    bool inside = false;
    for (std::size_t w = 0; w < windows.size(); ++w) {
      if (row < windows[w].first || row > windows[w].last) continue;
      inside = true;
      hit[w] = true;
    }
    if (inside) {
      ++out.true_alarms;
      continue;
    }
    ++out.false_alarms;
    if (!out.false_episodes.empty() && row - out.false_episodes.back().last < gap) {
      out.false_episodes.back().last = row;
    } else {
      out.false_episodes.push_back({row, row});
    }
  }
  out.detected = static_cast<std::size_t>(std::count(hit.begin(), hit.end(), true));
  return out;
}

std::vector<Interval> segments(std::span<const std::uint8_t> labels) {
  std::vector<Interval> out;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == 0) continue;
    if (!out.empty() && out.back().last + 1 == i) {
      out.back().last = i;
    } else {
      out.push_back({i, i});
    }
  }
  return out;
}

Quality quality_at(std::span<const double> scores, std::span<const std::uint8_t> labels, double threshold) {
  const auto [hits, flagged] = count_at(scores, labels, threshold);
  return quality_of(threshold, hits, flagged, count_anomalous(labels));
}

Quality best_f1(std::span<const double> scores, std::span<const std::uint8_t> labels) {
  const double anomalous = count_anomalous(labels);
  Quality best;
  double hits = 0, flagged = 0;
  sweep(
      scores,
      [&](std::size_t row) {
        flagged += 1;
        hits += labels[row] != 0 ? 1 : 0;
      },
      [&](double threshold) {
        const Quality here = quality_of(threshold, hits, flagged, anomalous);
        if (here.f1 > best.f1) best = here;
      });
  return best;
}

Quality best_point_adjusted_f1(std::span<const double> scores, std::span<const std::uint8_t> labels) {
  const double anomalous = count_anomalous(labels);
  std::vector<std::size_t> segment_of(scores.size(), 0);
  const std::vector<Interval> all = segments(labels);
  for (std::size_t s = 0; s < all.size(); ++s) {
    for (std::size_t i = all[s].first; i <= all[s].last; ++i) segment_of[i] = s;
  }
  std::vector<bool> found(all.size(), false);
  Quality best;
  double hits = 0, wrong = 0;
  sweep(
      scores,
      [&](std::size_t row) {
        if (labels[row] == 0) {
          wrong += 1;
        } else if (!found[segment_of[row]]) {
          found[segment_of[row]] = true;
          hits += static_cast<double>(all[segment_of[row]].last - all[segment_of[row]].first + 1);
        }
      },
      [&](double threshold) {
        const Quality here = quality_of(threshold, hits, hits + wrong, anomalous);
        if (here.f1 > best.f1) best = here;
      });
  return best;
}

Quality point_adjusted_at(std::span<const double> scores, std::span<const std::uint8_t> labels, double threshold,
                          double share) {
  double hits = 0, flagged = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) flagged += labels[i] == 0 && scores[i] > threshold ? 1 : 0;
  for (const Interval& s : segments(labels)) {
    const auto rows = static_cast<double>(s.last - s.first + 1);
    double found = 0;
    for (std::size_t i = s.first; i <= s.last; ++i) found += scores[i] > threshold ? 1 : 0;
    hits += found > 0 && found >= share * rows ? rows : found;
  }
  return quality_of(threshold, hits, flagged + hits, count_anomalous(labels));
}

Quality windowed_at(std::span<const double> scores, std::span<const std::uint8_t> labels, double threshold,
                    std::size_t size) {
  double hits = 0, flagged = 0, anomalous = 0;
  for (std::size_t first = 0; first < scores.size(); first += size) {
    bool is_flagged = false, is_anomalous = false;
    for (std::size_t i = first; i < std::min(first + size, scores.size()); ++i) {
      is_flagged = is_flagged || scores[i] > threshold;
      is_anomalous = is_anomalous || labels[i] != 0;
    }
    flagged += is_flagged ? 1 : 0;
    anomalous += is_anomalous ? 1 : 0;
    hits += is_flagged && is_anomalous ? 1 : 0;
  }
  return quality_of(threshold, hits, flagged, anomalous);
}

Quality smoothed_quality_at(std::span<const double> scores, std::span<const std::uint8_t> labels, double threshold) {
  constexpr double kSmoothing = 1e-5;
  const auto [hits, flagged] = count_at(scores, labels, threshold);
  Quality out{.threshold = threshold};
  out.precision = hits / (flagged + kSmoothing);
  out.recall = hits / (count_anomalous(labels) + kSmoothing);
  out.f1 = 2 * out.precision * out.recall / (out.precision + out.recall + kSmoothing);
  return out;
}

double mean_detection_latency(std::span<const double> scores, std::span<const std::uint8_t> labels, double threshold) {
  double rows = 0, found = 0;
  for (const Interval& s : segments(labels)) {
    for (std::size_t i = s.first; i <= s.last; ++i) {
      if (!(scores[i] > threshold)) continue;
      rows += static_cast<double>(i - s.first);
      found += 1;
      break;
    }
  }
  return found > 0 ? rows / found : std::numeric_limits<double>::quiet_NaN();
}

double average_precision(std::span<const double> scores, std::span<const std::uint8_t> labels) {
  const double anomalous = count_anomalous(labels);
  if (anomalous == 0) return std::numeric_limits<double>::quiet_NaN();
  double hits = 0, flagged = 0, hits_before = 0, area = 0;
  const auto close = [&] {
    if (flagged > 0) area += (hits - hits_before) / anomalous * (hits / flagged);
    hits_before = hits;
  };
  sweep(
      scores,
      [&](std::size_t row) {
        flagged += 1;
        hits += labels[row] != 0 ? 1 : 0;
      },
      [&](double) { close(); });
  // Rows without a score come last, all at once.
  hits = anomalous;
  flagged = static_cast<double>(scores.size());
  close();
  return area;
}

double auroc(std::span<const double> scores, std::span<const std::uint8_t> labels) {
  const double anomalous = count_anomalous(labels);
  const double normal = static_cast<double>(labels.size()) - anomalous;
  if (anomalous == 0 || normal == 0) return std::numeric_limits<double>::quiet_NaN();
  double hits = 0, wrong = 0, hits_before = 0, wrong_before = 0, area = 0;
  const auto close = [&] {
    area += (wrong - wrong_before) * (hits + hits_before) / 2;
    hits_before = hits;
    wrong_before = wrong;
  };
  sweep(
      scores, [&](std::size_t row) { (labels[row] != 0 ? hits : wrong) += 1; }, [&](double) { close(); });
  hits = anomalous;
  wrong = normal;
  close();
  return area / (anomalous * normal);
}

NabResult nab(std::span<const std::size_t> alarm_rows, std::span<const Interval> windows, std::size_t probation,
              const NabProfile& profile) {
  NabResult out;
  std::vector<double> best(windows.size(), 0);
  std::vector<bool> hit(windows.size(), false);
  for (std::size_t row : alarm_rows) {
    if (row < probation) continue;
    const Interval* before = nullptr;
    bool inside = false;
    for (std::size_t w = 0; w < windows.size(); ++w) {
      const double width = static_cast<double>(windows[w].last - windows[w].first + 1);
      if (row >= windows[w].first && row <= windows[w].last) {
        inside = true;
        const double earned = nab_sigmoid(-static_cast<double>(windows[w].last - row + 1) / width) / nab_sigmoid(-1);
        best[w] = hit[w] ? std::max(best[w], earned) : earned;
        hit[w] = true;
      } else if (windows[w].last < row) {
        before = &windows[w];
      }
    }
    if (inside) continue;
    const double width = before ? static_cast<double>(before->last - before->first) : 0;
    out.raw += profile.false_positive *
               (before && width > 0 ? nab_sigmoid(static_cast<double>(row - before->last) / width) : -1);
  }
  for (std::size_t w = 0; w < windows.size(); ++w) {
    out.raw += hit[w] ? profile.true_positive * best[w] : -profile.false_negative;
    out.null -= profile.false_negative;
    out.perfect += profile.true_positive;
  }
  return out;
}

}  // namespace wakeful::detectors
