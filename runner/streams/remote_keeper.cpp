#include "runner/streams/remote_keeper.hpp"

#include <utility>

#include <fmt/format.h>

#include "platform/core/text.hpp"
#include "streams/wire.hpp"

namespace wakeful::runner {
namespace {

std::int64_t ms_of(core::Duration span) { return std::chrono::duration_cast<std::chrono::milliseconds>(span).count(); }

}  // namespace

RemoteKeeper::RemoteKeeper(client::Server server, Place place) : server_(std::move(server)), place_(std::move(place)) {}

core::JsonDocument RemoteKeeper::post(std::string_view verb, std::string body) const {
  return server_.post(fmt::format("/api/v1/runner/streams/{}/{}", core::percent_encode(place_.stream), verb),
                      std::move(body));
}

std::vector<streams::LaneState> RemoteKeeper::take(std::span<const std::int64_t> lanes) {
  core::JsonWriter json;
  json.begin_object().member("owner", place_.owner).member("fingerprint", place_.fingerprint);
  json.member("is_assigned", place_.is_assigned);
  json.member("lease_ms", ms_of(place_.lease)).key("lanes").begin_array();
  for (const std::int64_t lane : lanes) json.value(lane);
  const auto answer = post("take", json.end_array().end_object().take());
  std::vector<streams::LaneState> out;
  for (const core::ObjectReader& lane : core::ObjectReader(answer.root()).objects("lanes"))
    out.push_back(streams::read_lane(lane));
  return out;
}

void RemoteKeeper::move(std::span<const streams::LaneMove> moves, bool is_open) {
  core::JsonWriter json;
  json.begin_object().member("is_open", is_open).member("lease_ms", ms_of(place_.lease)).key("moves").begin_array();
  for (const streams::LaneMove& move : moves) streams::write_move(json, move);
  post("move", json.end_array().end_object().take());
}

void RemoteKeeper::settle(const streams::LaneState& lane, bool counts) {
  core::JsonWriter json;
  json.begin_object().member("lane", lane.lane).member("epoch", lane.epoch).member("next", lane.next);
  post("settle", json.member("counts", counts).end_object().take());
}

void RemoteKeeper::hold(const streams::LaneState& lane) {
  core::JsonWriter json;
  json.begin_object().member("lane", lane.lane).member("epoch", lane.epoch);
  post("hold", json.member("lease_ms", ms_of(place_.lease)).end_object().take());
}

}  // namespace wakeful::runner
