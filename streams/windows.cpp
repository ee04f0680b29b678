#include "streams/windows.hpp"

#include <algorithm>
#include <cmath>

#include "platform/core/error.hpp"

namespace wakeful::streams {
namespace {

void put(Window& window, std::int64_t ts, double value) {
  window.min = window.count == 0 ? value : std::min(window.min, value);
  window.max = window.count == 0 ? value : std::max(window.max, value);
  window.first = window.count == 0 ? ts : std::min(window.first, ts);
  window.last = window.count == 0 ? ts : std::max(window.last, ts);
  window.sum += value;
  ++window.count;
}

/// The smallest multiple of step above `from`, not negative.
std::int64_t first_start(std::int64_t from, std::int64_t step) { return from < 0 ? 0 : (from / step + 1) * step; }

constexpr double kMostWhole = 9e15;  // below it every whole number is a double

[[noreturn]] void refuse() { throw core::invalid("the state of a key does not fit together", "state"); }

/// The numbers of a state, one after the other.
class Numbers {
 public:
  Numbers(const std::vector<double>& numbers, std::size_t& at) : numbers_(numbers), at_(at) {}
  double real() {
    if (at_ >= numbers_.size() || std::isnan(numbers_[at_])) refuse();
    return numbers_[at_++];
  }
  std::int64_t whole() {
    const double value = real();
    if (value != std::floor(value) || std::abs(value) > kMostWhole) refuse();
    return static_cast<std::int64_t>(value);
  }
  std::size_t count() {
    const std::int64_t value = whole();
    if (value < 0 || static_cast<std::size_t>(value) > numbers_.size() - at_) refuse();
    return static_cast<std::size_t>(value);
  }

 private:
  const std::vector<double>& numbers_;
  std::size_t& at_;
};

}  // namespace

double Window::value(Aggregate aggregate) const {
  switch (aggregate) {
    case Aggregate::sum:
      return sum;
    case Aggregate::count:
      return static_cast<double>(count);
    case Aggregate::min:
      return min;
    case Aggregate::max:
      return max;
    default:
      return sum / static_cast<double>(count);
  }
}

void Outcome::clear() {
  updated.clear();
  closed.clear();
  late.clear();
}

void KeyWindows::add(const WindowSpec& spec, std::int64_t ts, double value, Outcome& out) {
  out.clear();
  spec.kind == WindowKind::sliding ? add_sliding(spec, ts, value, out) : add_hopping(spec, ts, value, out);
}

void KeyWindows::add_hopping(const WindowSpec& spec, std::int64_t ts, double value, Outcome& out) {
  const std::int64_t closed_before = std::max(ts, latest_) - spec.grace_ms;
  const std::int64_t first = first_start(ts - spec.size_ms, spec.step_ms);
  auto at = std::lower_bound(windows_.begin(), windows_.end(), first,
                             [](const Window& w, std::int64_t start) { return w.start < start; });
  for (std::int64_t start = first; start <= ts; start += spec.step_ms) {
    const std::int64_t end = start + spec.size_ms;
    if (end <= closed_before) {
      out.late.push_back({start, end, closed_before - ts});
      continue;
    }
    while (at != windows_.end() && at->start < start) ++at;
    if (at == windows_.end() || at->start != start) {
      Window fresh;
      fresh.start = start;
      fresh.end = end;
      at = windows_.insert(at, fresh);
    }
    put(*at, ts, value);
    out.updated.push_back(*at);
  }
  if (!out.updated.empty()) latest_ = std::max(latest_, ts);
  const auto open = std::find_if(windows_.begin(), windows_.end(),
                                 [closed_before](const Window& w) { return w.end > closed_before; });
  out.closed.assign(windows_.begin(), open);
  windows_.erase(windows_.begin(), open);
}

void KeyWindows::add_sliding(const WindowSpec& spec, std::int64_t ts, double value, Outcome& out) {
  const std::int64_t closed_before = std::max(ts, latest_) - spec.grace_ms;
  if (ts < closed_before) {
    out.late.push_back({ts - spec.size_ms, ts, closed_before - ts});
    return;
  }
  latest_ = std::max(latest_, ts);
  const auto place =
      std::upper_bound(points_.begin(), points_.end(), ts, [](std::int64_t t, const Point& p) { return t < p.ts; });
  const auto first = static_cast<std::size_t>(place - points_.begin());
  points_.insert(place, {ts, value, false});
  for (std::size_t i = first; i < points_.size() && points_[i].ts - spec.size_ms <= ts; ++i) {
    const bool is_last_of_its_time = i + 1 == points_.size() || points_[i + 1].ts != points_[i].ts;
    if (is_last_of_its_time) out.updated.push_back(window_at(spec, i));
  }
  for (std::size_t i = 0; i < points_.size() && points_[i].ts < closed_before; ++i) {
    if (points_[i].given) continue;
    points_[i].given = true;
    const bool is_last_of_its_time = i + 1 == points_.size() || points_[i + 1].ts != points_[i].ts;
    if (is_last_of_its_time) out.closed.push_back(window_at(spec, i));
  }
  points_.erase(points_.begin(), std::find_if(points_.begin(), points_.end(),
                                              [&](const Point& p) { return p.ts >= closed_before - spec.size_ms; }));
}

Window KeyWindows::window_at(const WindowSpec& spec, std::size_t point) const {
  Window out;
  out.end = points_[point].ts;
  out.start = out.end - spec.size_ms;
  for (std::size_t i = 0; i <= point; ++i) {
    if (points_[i].ts >= out.start) put(out, points_[i].ts, points_[i].value);
  }
  return out;
}

std::int64_t read_whole(const std::vector<double>& numbers, std::size_t& at) { return Numbers(numbers, at).whole(); }

std::vector<double> KeyWindows::save() const {
  std::vector<double> out{static_cast<double>(latest_), static_cast<double>(windows_.size())};
  for (const Window& w : windows_) {
    for (const std::int64_t whole : {w.start, w.end, w.count, w.first, w.last})
      out.push_back(static_cast<double>(whole));
    out.insert(out.end(), {w.sum, w.min, w.max});
  }
  out.push_back(static_cast<double>(points_.size()));
  for (const Point& p : points_) out.insert(out.end(), {static_cast<double>(p.ts), p.value, p.given ? 1.0 : 0.0});
  return out;
}

void KeyWindows::read(const std::vector<double>& numbers, std::size_t& at) {
  Numbers in(numbers, at);
  latest_ = in.whole();
  windows_.resize(in.count());
  for (Window& w : windows_) {
    for (std::int64_t* whole : {&w.start, &w.end, &w.count, &w.first, &w.last}) *whole = in.whole();
    for (double* real : {&w.sum, &w.min, &w.max}) *real = in.real();
  }
  points_.resize(in.count());
  for (Point& p : points_) {
    p.ts = in.whole();
    p.value = in.real();
    p.given = in.real() != 0;
  }
}

}  // namespace wakeful::streams
