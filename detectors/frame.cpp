#include "detectors/frame.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

#include "platform/core/error.hpp"

namespace wakeful::detectors {

FrameView::FrameView(std::span<const std::string> names, std::span<const double> values,
                     std::span<const core::Timestamp> times)
    : names_(names), values_(values), times_(times), rows_(names.empty() ? 0 : values.size() / names.size()) {
  if (!names.empty() && values.size() % names.size() != 0) throw core::internal("frame: values are no whole rows");
  if (!times.empty() && times.size() != rows_) throw core::internal("frame: times and rows differ in number");
}

FrameView FrameView::slice(std::size_t first, std::size_t count) const {
  first = std::min(first, rows_);
  count = std::min(count, rows_ - first);
  return {names_, values_.subspan(first * channels(), count * channels()),
          times_.empty() ? times_ : times_.subspan(first, count)};
}

std::vector<double> FrameView::channel(std::size_t i) const {
  std::vector<double> out(rows_);
  for (std::size_t r = 0; r < rows_; ++r) out[r] = at(r, i);
  return out;
}

Frame::Frame(std::vector<std::string> names) : names_(std::move(names)) {
  if (names_.empty()) throw core::invalid("a frame needs at least one channel", "channels");
  std::unordered_set<std::string_view> seen;
  for (const std::string& name : names_) {
    if (name.empty()) throw core::invalid("a channel needs a name", "channels");
    if (!seen.insert(name).second) throw core::invalid("channel '" + name + "' comes twice", "channels");
  }
}

void Frame::reserve(std::size_t rows) { values_.reserve(rows * names_.size()); }

void Frame::append_values(std::span<const double> row) {
  if (row.size() != names_.size()) {
    throw core::invalid(
        "a row has " + std::to_string(row.size()) + " values, the frame " + std::to_string(names_.size()) + " channels",
        "row");
  }
  for (double v : row) values_.push_back(std::isfinite(v) ? v : std::numeric_limits<double>::quiet_NaN());
  ++rows_;
}

void Frame::append(std::span<const double> row) {
  if (!times_.empty()) throw core::invalid("a row without a time follows rows that have one", "time");
  append_values(row);
}

void Frame::append(core::Timestamp time, std::span<const double> row) {
  if (times_.size() != rows_) throw core::invalid("a row with a time follows rows that have none", "time");
  append_values(row);
  times_.push_back(time);
}

Frame align(const FrameView& frame, std::span<const std::string> names) {
  Frame out(std::vector<std::string>(names.begin(), names.end()));
  constexpr auto kAbsent = static_cast<std::size_t>(-1);
  std::vector<std::size_t> from;
  for (const std::string& name : names) {
    const auto found = std::find(frame.names().begin(), frame.names().end(), name);
    from.push_back(found == frame.names().end() ? kAbsent : static_cast<std::size_t>(found - frame.names().begin()));
  }
  out.reserve(frame.rows());
  std::vector<double> row(names.size());
  for (std::size_t i = 0; i < frame.rows(); ++i) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      row[c] = from[c] == kAbsent ? std::numeric_limits<double>::quiet_NaN() : frame.at(i, from[c]);
    }
    if (frame.times().empty()) {
      out.append(row);
    } else {
      out.append(frame.times()[i], row);
    }
  }
  return out;
}

}  // namespace wakeful::detectors
