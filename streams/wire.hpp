#pragma once
// Lanes, moves and states as JSON: what stands in a store and what goes over the API.
#include <string>
#include <string_view>
#include <vector>

#include "platform/core/json.hpp"
#include "streams/keeper.hpp"

namespace wakeful::streams {

/// Adds the counts as an object.
void write_counts(core::JsonWriter& json, const Counts& counts);
/// Unknown members are left out, absent ones are 0. Errors: invalid for what is no object of integers, or where one is
/// beyond what a lane can do.
Counts read_counts(const core::ObjectReader& object);
/// Of numbers that are not negative; stays at the largest there is.
std::int64_t sum(std::int64_t a, std::int64_t b);
/// Of several lanes: sums, and the latest of what is a time or a length.
void add(Counts& total, const Counts& counts);
std::string counts_text(const Counts& counts);
Counts counts_of(std::string_view text);

/// The numbers of a state as text, bit for bit, whatever the machine.
std::string state_text(const std::vector<double>& state);
/// Errors: invalid, field "state".
std::vector<double> state_of(std::string_view text);

void write_lane(core::JsonWriter& json, const LaneState& lane);
LaneState read_lane(const core::ObjectReader& object);
void write_move(core::JsonWriter& json, const LaneMove& move);
/// Errors: invalid, naming the member.
LaneMove read_move(const core::ObjectReader& object);

}  // namespace wakeful::streams
