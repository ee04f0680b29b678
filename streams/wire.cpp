#include "streams/wire.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::streams {
namespace {

constexpr std::array<std::pair<std::string_view, std::int64_t Counts::*>, 9> kCounts = {{
    {"events", &Counts::events},
    {"skipped", &Counts::skipped},
    {"refused", &Counts::refused},
    {"late", &Counts::late},
    {"alerts", &Counts::alerts},
    {"lost", &Counts::lost},
    {"latest_ms", &Counts::latest},
    {"written_bytes", &Counts::written},
    {"dead_bytes", &Counts::dead},
}};

static_assert(std::endian::native == std::endian::little, "states are kept as little-endian doubles");

void write_keys(core::JsonWriter& json, std::string_view name, const std::vector<KeyState>& keys) {
  json.key(name).begin_array();
  for (const KeyState& key : keys)
    json.begin_object().member("key", key.key).member("state", state_text(key.state)).end_object();
  json.end_array();
}

std::vector<KeyState> read_keys(const core::ObjectReader& object, std::string_view name) {
  std::vector<KeyState> out;
  for (const core::ObjectReader& key : object.objects(name))
    out.push_back({key.text("key"), state_of(key.text("state"))});
  return out;
}

constexpr std::int64_t kMostCount = 9'000'000'000'000'000;  // far beyond what a lane can do
constexpr std::int64_t kLatestMs = 253'402'300'799'999;     // 9999-12-31; in microseconds it still is a number

/// Errors: invalid, naming the member.
std::int64_t within(const core::ObjectReader& object, std::string_view name, std::int64_t number, std::int64_t least,
                    std::int64_t most) {
  if (number < least || number > most)
    throw core::invalid(fmt::format("{} is not between {} and {}", number, least, most), object.path_of(name));
  return number;
}

std::int64_t read_time(const core::ObjectReader& alert, std::string_view name) {
  return within(alert, name, alert.integer(name), -kLatestMs, kLatestMs);
}

/// Errors: invalid, naming the member, for NaN: no store takes it for a number.
std::optional<double> find_number(const core::ObjectReader& alert, std::string_view name) {
  const auto number = alert.find_real(name);
  if (number && std::isnan(*number)) throw core::invalid("not a number", alert.path_of(name));
  return number;
}

std::optional<Verdict> read_verdict(const core::ObjectReader& alert) {
  const auto score = find_number(alert, "score");
  if (!score) return std::nullopt;
  return Verdict{.score = *score,
                 .expected = find_number(alert, "expected"),
                 .lower = find_number(alert, "lower"),
                 .upper = find_number(alert, "upper")};
}

KeptAlert read_alert(const core::ObjectReader& alert) {
  find_number(alert, "value");
  return {.key = alert.text("key"),
          .start_ms = read_time(alert, "start_ms"),
          .end_ms = read_time(alert, "end_ms"),
          .event_ms = read_time(alert, "event_ms"),
          .count = alert.integer("count"),
          .value = alert.real("value"),
          .is_resolved = alert.boolean("is_resolved"),
          .verdict = read_verdict(alert)};
}

void write_alert(core::JsonWriter& json, const KeptAlert& alert) {
  json.begin_object().member("key", alert.key).member("start_ms", alert.start_ms).member("end_ms", alert.end_ms);
  json.member("event_ms", alert.event_ms).member("count", alert.count).member("value", alert.value);
  json.member("is_resolved", alert.is_resolved);
  if (alert.verdict) {
    json.member("score", alert.verdict->score).member("expected", alert.verdict->expected);
    json.member("lower", alert.verdict->lower).member("upper", alert.verdict->upper);
  }
  json.end_object();
}

}  // namespace

void write_counts(core::JsonWriter& json, const Counts& counts) {
  json.begin_object();
  for (const auto& [name, member] : kCounts) json.member(name, counts.*member);
  json.end_object();
}

Counts read_counts(const core::ObjectReader& object) {
  Counts out;
  for (const auto& [name, member] : kCounts) {
    const bool is_time = member == &Counts::latest;
    const std::int64_t number = object.find_integer(name).value_or(out.*member);
    out.*member = within(object, name, number, is_time ? -1 : 0, is_time ? kLatestMs : kMostCount);
  }
  return out;
}

std::int64_t sum(std::int64_t a, std::int64_t b) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  return a > kMost - b ? kMost : a + b;
}

void add(Counts& total, const Counts& counts) {
  for (const auto& [name, member] : kCounts) {
    const bool is_extreme = member == &Counts::latest || member == &Counts::written || member == &Counts::dead;
    total.*member = is_extreme ? std::max(total.*member, counts.*member) : sum(total.*member, counts.*member);
  }
}

std::string counts_text(const Counts& counts) {
  core::JsonWriter json;
  write_counts(json, counts);
  return json.take();
}

Counts counts_of(std::string_view text) {
  const auto document = core::parse_json(text);
  return read_counts(core::ObjectReader(document.root()));
}

std::string state_text(const std::vector<double>& state) {
  return core::to_base64url({reinterpret_cast<const char*>(state.data()), state.size() * sizeof(double)});
}

std::vector<double> state_of(std::string_view text) {
  const auto bytes = core::from_base64url(text);
  if (!bytes || bytes->size() % sizeof(double) != 0) throw core::invalid("the state of a key is damaged", "state");
  std::vector<double> out(bytes->size() / sizeof(double));
  if (!out.empty()) std::memcpy(out.data(), bytes->data(), bytes->size());
  return out;
}

void write_lane(core::JsonWriter& json, const LaneState& lane) {
  json.begin_object().member("lane", lane.lane).member("epoch", lane.epoch).member("next", lane.next);
  json.member("prior", lane.prior).member("is_open", lane.is_open).key("counts");
  write_counts(json, lane.counts);
  write_keys(json, "keys", lane.keys);
  json.end_object();
}

LaneState read_lane(const core::ObjectReader& object) {
  return {.lane = object.integer("lane"),
          .epoch = object.integer("epoch"),
          .next = object.integer("next"),
          .prior = object.integer("prior"),
          .is_open = object.boolean("is_open"),
          .counts = read_counts(object.object("counts")),
          .keys = read_keys(object, "keys")};
}

void write_move(core::JsonWriter& json, const LaneMove& move) {
  json.begin_object().member("lane", move.lane).member("epoch", move.epoch).member("from", move.from);
  json.member("next", move.next).member("end", move.end).key("counts");
  write_counts(json, move.counts);
  write_keys(json, "changed", move.changed);
  json.key("alerts").begin_array();
  for (const KeptAlert& alert : move.alerts) write_alert(json, alert);
  json.end_array().end_object();
}

LaneMove read_move(const core::ObjectReader& object) {
  LaneMove out{.lane = object.integer("lane"),
               .epoch = object.integer("epoch"),
               .from = object.integer("from"),
               .next = object.integer("next"),
               .end = object.integer("end"),
               .counts = read_counts(object.object("counts")),
               .changed = read_keys(object, "changed")};
  if (out.lane < 0) throw core::invalid("a lane is not negative", object.path_of("lane"));
  if (out.next <= out.from) throw core::invalid("a move goes forward", object.path_of("next"));
  within(object, "end", out.end, 0, kMostCount);
  for (const core::ObjectReader& alert : object.objects("alerts")) out.alerts.push_back(read_alert(alert));
  if (out.counts.alerts < static_cast<std::int64_t>(out.alerts.size()))
    throw core::invalid("fewer than this move brings", object.path_of("counts.alerts"));
  return out;
}

}  // namespace wakeful::streams
