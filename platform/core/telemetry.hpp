#pragma once
// What the program counts about itself, shown at /metrics in Prometheus' text format.
//
// A metric is declared once, where it is counted, and lives as long as the program; a child per label set is made on
// first use and kept. Counting is one atomic addition. Names: base units, `_total` for counters, few label values.
// Threads: any.
#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wakeful::core {

class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(double v) { value_.store(v, std::memory_order_relaxed); }
  void add(double v);
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

/// How many values lie below each of some bounds. Without bounds of its own: durations in seconds, 100 µs to 10 s.
class Histogram {
 public:
  static constexpr double kDurations[] = {.0001, .00025, .0005, .001, .0025, .005, .01, .025,
                                          .05,   .1,     .25,   .5,   1,     2.5,  5,   10};
  /// `bounds`: ascending; must live as long.
  explicit Histogram(std::span<const double> bounds = kDurations)
      : bounds_(bounds), buckets_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds.size() + 1)) {}

  /// Not negative: a sum that falls is no counter to whoever reads it.
  void observe(double value);
  std::span<const double> bounds() const { return bounds_; }
  /// Values up to bound i that are above the one before; the last bucket, bounds().size(), is that of all larger ones.
  std::uint64_t bucket(std::size_t i) const { return buckets_[i].load(std::memory_order_relaxed); }
  double sum() const { return sum_.value(); }

 private:
  std::span<const double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> buckets_;
  Gauge sum_;
};

struct Label {
  std::string_view name;
  std::string_view value;
};

/// All metrics of one program (or of one test). Names are checked by the writer, not here.
class Telemetry {
 public:
  Telemetry();
  ~Telemetry();
  Telemetry(const Telemetry&) = delete;
  Telemetry& operator=(const Telemetry&) = delete;

  /// The metric of that name and those labels, made on first use. References stay valid for the life of Telemetry.
  Counter& counter(std::string_view name, std::string_view help, std::initializer_list<Label> labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, std::initializer_list<Label> labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, std::initializer_list<Label> labels = {},
                       std::span<const double> bounds = Histogram::kDurations);

  std::string prometheus_text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wakeful::core
