// The endpoints of stream detectors: what people ask, what is pushed, and the protocol of those who run them. A
// detector itself is applied and deleted as any other, under /detectors.
#include <algorithm>

#include <fmt/format.h>

#include "monitor/api.hpp"
#include "monitor/query_params.hpp"
#include "monitor/stream_detectors.hpp"
#include "monitor/wire/names.hpp"
#include "platform/core/error.hpp"
#include "platform/core/json_numbers.hpp"
#include "platform/core/text.hpp"
#include "streams/event.hpp"
#include "streams/line_input.hpp"
#include "streams/wire.hpp"

namespace wakeful::monitor {
namespace {

using core::ObjectReader;
using http::Request;
using http::Response;

constexpr std::uint64_t kMaxBodyBytes = 64U << 20U;
constexpr std::size_t kMostPushed = 100'000;  // lines of a request
constexpr std::size_t kMostLanes = 10'000;
constexpr std::int64_t kMostListed = 10'000;
constexpr std::int64_t kLongestLeaseMs = 3'600'000;

struct Place {
  db::Database& db;
  const core::Clock& clock;
};

void write_status(core::JsonWriter& json, const StreamDetector& stream, const std::vector<streams::LaneStatus>& lanes) {
  streams::Counts total;
  std::int64_t lag = 0, keys = 0;
  core::Timestamp moved{};
  json.begin_object().member("name", stream.file.definition.name);
  json.member("description", stream.file.definition.description);
  json.member("input", streams::describe_input(stream.file.definition));
  json.key("definition").raw(stream.file.text);
  json.member("revision", stream.revision).member("created", core::format_rfc3339(stream.created));
  json.member("updated", core::format_rfc3339(stream.updated));
  json.key("lanes").begin_array();
  for (const streams::LaneStatus& lane : lanes) {
    const std::int64_t behind = std::max<std::int64_t>(lane.end - std::max<std::int64_t>(lane.next, 0), 0);
    lag = streams::sum(lag, behind);
    keys += lane.keys;
    moved = std::max(moved, lane.updated);
    streams::add(total, lane.counts);
    json.begin_object().member("lane", lane.lane).member("owner", lane.owner).member("next", lane.next);
    json.member("end", lane.end).member("lag", behind).member("keys", lane.keys);
    json.member("updated", core::format_rfc3339(lane.updated)).key("counts");
    streams::write_counts(json, lane.counts);
    json.end_object();
  }
  json.end_array().member("lag", lag).member("keys", keys).key("counts");
  streams::write_counts(json, total);
  if (!lanes.empty()) json.member("last_moved", core::format_rfc3339(moved));
  if (total.latest >= 0) json.member("latest_event", core::format_rfc3339(core::from_us(1'000 * total.latest)));
  if (!stream.error.empty())
    json.member("error", stream.error).member("error_time", core::format_rfc3339(stream.error_time));
  json.end_object();
}

Response list_answer(const Place& place, Request& request) {
  const PageTerms terms = page_params(request);
  core::JsonWriter json;
  place.db.read(
      [&](db::Tx& tx) {
        const auto page = list_streams(tx, terms);
        json = {};
        json.begin_object().key("streams").begin_array();
        for (const StreamDetector& stream : page.rows)
          write_status(json, stream, streams::list_lanes(tx, stream.file.definition.name));
        json.end_array();
        if (!page.next_page_token.empty()) json.member("next_page_token", page.next_page_token);
        json.end_object();
      },
      {.deadline = request.deadline});
  return Response::json(json.take());
}

Response get_answer(const Place& place, Request& request) {
  const std::string& name = request.path_param("name");
  core::JsonWriter json;
  place.db.read(
      [&](db::Tx& tx) {
        json = {};
        json.begin_object().key("stream");
        write_status(json, get_stream(tx, name), streams::list_lanes(tx, name));
        json.end_object();
      },
      {.deadline = request.deadline});
  return Response::json(json.take());
}

/// Errors: invalid, naming the member where it is one.
void check_line(std::string_view line) {
  if (line.size() > streams::LineInput::kLongestLine) throw core::invalid("longer than 1 MiB");
  const auto document = core::parse_json(line);
  const ObjectReader object(document.root());
  if (!object.has("key")) throw core::invalid("no key", "key");
  if (const auto key = core::find_text_of(*object.find_value("key"))) streams::sound_key(*key);
}

/// Lines that are events as far as one can tell without a detector. Errors: invalid, naming the line.
std::vector<std::string> read_lines(std::string_view body) {
  std::vector<std::string> lines;
  std::size_t number = 0;
  for (const std::string_view line : core::split(body, '\n')) {
    ++number;
    if (core::trim(line).empty()) continue;
    if (lines.size() == kMostPushed)
      throw core::exhausted(fmt::format("more than {} lines in one request", kMostPushed), "line");
    try {
      check_line(line);
    } catch (const core::Error& e) {
      throw core::invalid(
          fmt::format("line {}: {}", number, e.what()),
          e.field().empty() ? fmt::format("[{}]", number - 1) : fmt::format("[{}].{}", number - 1, e.field()));
    }
    lines.emplace_back(core::trim(line));
  }
  return lines;
}

Response push_answer(const Place& place, Request& request) {
  const std::string input = request.path_param("input");
  check_name(input, "input");
  const std::vector<std::string> lines = read_lines(request.read_body());
  const core::Timestamp now = place.clock.now();
  const std::int64_t first =
      place.db.write([&](db::Tx& tx) { return push_events(tx, input, lines, now); }, {.deadline = request.deadline});
  core::JsonWriter json;
  json.begin_object().member("accepted", static_cast<std::int64_t>(lines.size())).member("first", first).end_object();
  return Response::json(json.take());
}

Response pushed_answer(const Place& place, Request& request) {
  const std::string input = request.path_param("input");
  const std::int64_t from = find_integer_param(request, "from", 0, INT64_MAX).value_or(0);
  const std::int64_t most = find_integer_param(request, "max_results", 1, kMostListed).value_or(1'000);
  const PushedEvents found =
      place.db.read([&](db::Tx& tx) { return list_pushed(tx, input, from, most); }, {.deadline = request.deadline});
  core::JsonWriter json;
  json.begin_object().member("first", found.first).member("end", found.end).key("events").begin_array();
  for (const std::string& line : found.lines) json.value(line);
  json.end_array().end_object();
  return Response::json(json.take());
}

core::Duration read_lease(const ObjectReader& body) {
  const std::int64_t ms = body.find_integer("lease_ms").value_or(0);
  if (ms < 0 || ms > kLongestLeaseMs) throw core::invalid("'lease_ms': not between 0 and an hour", "lease_ms");
  return std::chrono::milliseconds(ms);
}

/// A runner works with the definition that it last saw; a detector may have been deleted and applied anew since.
void refuse_another(const StreamDetector& stream, std::string_view fingerprint) {
  const streams::StreamDefinition& definition = stream.file.definition;
  if (fingerprint == streams::fingerprint(definition)) return;
  throw core::conflict(fmt::format("'{}' has another input, window, value or timestamp by now", definition.name),
                       "state");
}

Response take_answer(const Place& place, Request& request) {
  const std::string& name = request.path_param("name");
  const auto document = core::parse_json(request.read_body());
  const ObjectReader body(document.root());
  const std::string owner = body.text("owner"), fingerprint = body.text("fingerprint");
  const bool is_assigned = body.boolean("is_assigned");
  const core::Duration lease = read_lease(body);
  const std::vector<std::int64_t> lanes = core::integers(body, "lanes");
  const bool is_sound = std::all_of(lanes.begin(), lanes.end(), [](std::int64_t lane) { return lane >= 0; });
  if (lanes.empty() || lanes.size() > kMostLanes || !is_sound)
    throw core::invalid("'lanes': none, negative, or too many", "lanes");
  const core::Timestamp now = place.clock.now();
  const auto taken = place.db.write(
      [&](db::Tx& tx) {
        refuse_another(get_stream(tx, name), fingerprint);
        return streams::take_lanes(
            tx,
            {.detector = name, .fingerprint = fingerprint, .owner = owner, .is_assigned = is_assigned, .lease = lease},
            lanes, now);
      },
      {.deadline = request.deadline});
  core::JsonWriter json;
  json.begin_object().key("lanes").begin_array();
  for (const streams::LaneState& lane : taken) streams::write_lane(json, lane);
  json.end_array().end_object();
  return Response::json(json.take());
}

Response move_answer(const Place& place, Request& request) {
  const std::string& name = request.path_param("name");
  const auto document = core::parse_json(request.read_body());
  const ObjectReader body(document.root());
  const bool is_open = body.boolean("is_open");
  const core::Duration lease = read_lease(body);
  std::vector<streams::LaneMove> moves;
  for (const ObjectReader& move : body.objects("moves")) moves.push_back(streams::read_move(move));
  const core::Timestamp now = place.clock.now();
  place.db.write(
      [&](db::Tx& tx) {
        const StreamDetector stream = get_stream(tx, name);
        streams::move_lanes(tx, name, moves, is_open, now, lease);
        if (!stream.error.empty()) mark_stream(tx, name, "", now);
        if (const auto* push = std::get_if<streams::PushInput>(&stream.file.definition.input))
          trim_pushed(tx, push->name);
      },
      {.deadline = request.deadline});
  return Response::json("{}");
}

Response settle_answer(const Place& place, Request& request) {
  const std::string& name = request.path_param("name");
  const auto document = core::parse_json(request.read_body());
  const ObjectReader body(document.root());
  const streams::LaneState lane{
      .lane = body.integer("lane"), .epoch = body.integer("epoch"), .next = body.integer("next")};
  const bool counts = body.boolean("counts");
  const core::Timestamp now = place.clock.now();
  place.db.write(
      [&](db::Tx& tx) {
        get_stream(tx, name);
        streams::settle_lane(tx, name, lane, counts, now);
      },
      {.deadline = request.deadline});
  return Response::json("{}");
}

Response hold_answer(const Place& place, Request& request) {
  const std::string& name = request.path_param("name");
  const auto document = core::parse_json(request.read_body());
  const ObjectReader body(document.root());
  const streams::LaneState lane{.lane = body.integer("lane"), .epoch = body.integer("epoch")};
  const core::Duration lease = read_lease(body);
  const core::Timestamp now = place.clock.now();
  place.db.write([&](db::Tx& tx) { streams::hold_lane(tx, name, lane, now + lease); }, {.deadline = request.deadline});
  return Response::json("{}");
}

Response fail_answer(const Place& place, Request& request) {
  const std::string& name = request.path_param("name");
  const auto document = core::parse_json(request.read_body());
  const std::string whole = ObjectReader(document.root()).text("message");
  const std::string_view message = core::cut(whole, 2'000);
  const core::Timestamp now = place.clock.now();
  place.db.write([&](db::Tx& tx) { mark_stream(tx, name, message, now); }, {.deadline = request.deadline});
  return Response::json("{}");
}

struct Row {
  std::string_view method;
  std::string_view path;
  Response (*answer)(const Place&, Request&);
  std::string_view summary;
};

constexpr Row kRows[] = {
    {"GET", "/streams", list_answer, "Lists the stream detectors with their lanes, lag and counts, by name."},
    {"GET", "/streams/{name}", get_answer, "Gives a stream detector with its lanes, lag and counts."},
    {"POST", "/events/{input}", push_answer,
     "Pushes events for the stream detectors that read `input`: lines of {\"key\", \"ts\", \"value\"}; all or none."},
    {"GET", "/events/{input}", pushed_answer,
     "Lists pushed events ?from a number on: what runners pull; what every detector has read is gone."},
    {"POST", "/runner/streams/{name}/take", take_answer, "Takes lanes of a stream: they are the owner's from then on."},
    {"POST", "/runner/streams/{name}/move", move_answer,
     "Moves lanes on with their keys and alerts, all or none; 409 if another has taken one."},
    {"POST", "/runner/streams/{name}/settle", settle_answer, "Ends an open batch of a lane: it counts or it does not."},
    {"POST", "/runner/streams/{name}/hold", hold_answer, "Keeps the lease of a lane that has nothing to move."},
    {"POST", "/runner/streams/{name}/fail", fail_answer, "Says why a stream does not run."},
};

}  // namespace

void add_stream_routes(std::vector<http::Route>& routes, db::Database& db, const core::Clock& clock) {
  for (const Row& row : kRows) {
    routes.push_back({.method = std::string(row.method),
                      .pattern = fmt::format("/api/v1{}", row.path),
                      .surface = http::Surface::own,
                      .handler = [place = Place{db, clock},
                                  answer = row.answer](Request& request) { return answer(place, request); },
                      .summary = std::string(row.summary),
                      .max_body_bytes = kMaxBodyBytes});
  }
}

}  // namespace wakeful::monitor
