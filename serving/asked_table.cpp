#include "serving/asked_table.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "platform/core/error.hpp"

namespace wakeful::serving {

using Kind = detectors::RawColumn::Kind;

AskedTable::AskedTable(const Wanted& wanted) : wanted_(wanted) {
  for (const auto& [name, kind] : wanted.raw) {
    if (kind == Kind::time) wanted_places_.emplace(name, Place{Role::time});
    if (kind == Kind::text) wanted_places_.emplace(name, Place{Role::text, text_width_++});
    if (kind != Kind::number) continue;
    wanted_places_.emplace(name, Place{Role::number, out_.names.size()});
    out_.names.push_back(name);
  }
}

AskedTable::Place AskedTable::place_of(const std::string& name) {
  if (const auto known = places_.find(name); known != places_.end()) return known->second;
  Place place;
  const auto found = wanted_places_.find(name);
  if (found != wanted_places_.end()) {
    place = found->second;
  } else if (is_time_name(name)) {
    return {Role::other_time};
  } else if (wanted_.raw.empty()) {
    place = {Role::number, out_.names.size()};
    out_.names.push_back(name);
  } else {
    return {};
  }
  places_.emplace(name, place);
  return place;
}

void AskedTable::grow(std::size_t cells) {
  cell_count_ += cells;
  if (cell_count_ > kMostCells)
    throw core::invalid(fmt::format("rows times columns are more than {}", kMostCells), "dataframe_records");
}

void AskedTable::begin_row() {
  cells_.emplace_back();
  if (wanted_.raw.empty()) return;
  grow(out_.names.size() + text_width_ * kCellsOfAText);
  cells_.back().resize(out_.names.size(), std::numeric_limits<double>::quiet_NaN());
  out_.texts.resize(cells_.size() * text_width_);
}

void AskedTable::set_number(Place place, double value) {
  auto& row = cells_.back();
  const std::size_t width = std::max(row.size(), place.at + 1);
  grow(width - row.size());
  row.resize(width, std::numeric_limits<double>::quiet_NaN());
  row[place.at] = value;
}

void AskedTable::set_text(Place place, std::string value) {
  out_.texts[(cells_.size() - 1) * text_width_ + place.at] = std::move(value);
}

void AskedTable::set_time(Place place, std::string json) {
  auto& times = place.role == Role::time ? times_ : other_times_;
  times.resize(cells_.size(), "null");
  times.back() = std::move(json);
}

AskedRows AskedTable::take() {
  for (const auto& [name, place] : wanted_places_) {
    if (!cells_.empty() && place.role != Role::time && !places_.contains(name))
      throw core::invalid(fmt::format("there is no column '{}', which the model takes", name), name);
  }
  out_.width = out_.names.size();
  out_.count = cells_.size();
  for (auto& row : cells_) {
    grow(out_.width - row.size());
    row.resize(out_.width, std::numeric_limits<double>::quiet_NaN());
    out_.values.insert(out_.values.end(), row.begin(), row.end());
  }
  out_.times = std::move(times_.empty() ? other_times_ : times_);
  if (!out_.times.empty()) out_.times.resize(out_.count, "null");
  return std::move(out_);
}

}  // namespace wakeful::serving
