#include "streams/local_keeper.hpp"

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/id.hpp"
#include "platform/db/open.hpp"
#include "streams/wire.hpp"

namespace wakeful::streams {
namespace {

std::vector<db::Migration> migrations_of_streams() {
  auto all = db::migrations(db::Dialect::sqlite);
  std::erase_if(all, [](const db::Migration& m) { return m.name.find("streams") == std::string::npos; });
  return all;
}

std::unique_ptr<db::Database> open_file(const std::filesystem::path& file) {
  try {
    return db::open("sqlite:///" + file.string());
  } catch (const core::Error& e) {
    throw core::conflict(fmt::format("the state cannot be opened: {}", e.what()), "state");
  }
}

}  // namespace

LocalKeeper::LocalKeeper(const std::filesystem::path& folder, const StreamDefinition& definition)
    : name_(definition.name), fingerprint_(fingerprint(definition)) {
  std::filesystem::create_directories(folder);
  const std::filesystem::path file = std::filesystem::absolute(folder) / (definition.name + ".stream.db");
  db_ = open_file(file);
  db::upgrade(*db_, migrations_of_streams());
  const auto made_by = db_->read([&](db::Tx& tx) { return find_fingerprint(tx, name_); });
  if (made_by && *made_by != fingerprint_)
    throw core::conflict(fmt::format("'{}' holds the state of a stream with another input, window, value or timestamp; "
                                     "take another --state, or remove the file to begin anew",
                                     file.string()),
                         "state");
  instance_ = db_->write([&](db::Tx& tx) { return keep_instance(tx, name_, core::new_hex_id()); });
}

std::vector<LaneState> LocalKeeper::take(std::span<const std::int64_t> lanes) {
  const auto now = clock_.now();
  return db_->write([&](db::Tx& tx) {
    return take_lanes(tx, {.detector = name_, .fingerprint = fingerprint_, .owner = instance_}, lanes, now);
  });
}

void LocalKeeper::move(std::span<const LaneMove> moves, bool is_open) {
  const auto now = clock_.now();
  db_->write([&](db::Tx& tx) { move_lanes(tx, name_, moves, is_open, now); });
}

void LocalKeeper::settle(const LaneState& lane, bool counts) {
  const auto now = clock_.now();
  db_->write([&](db::Tx& tx) { settle_lane(tx, name_, lane, counts, now); });
}

void LocalKeeper::own_files(OutputFiles files, const std::function<void(const OutputFiles& fresh)>& require_empty) {
  const auto before = db_->read([&](db::Tx& tx) { return find_files(tx, name_); });
  if (before) {
    // One that is not written to this time stays known for the next.
    if (files.alerts.empty()) files.alerts = before->alerts;
    if (files.dead.empty()) files.dead = before->dead;
    if (files == *before) return;
    require_empty({.alerts = files.alerts == before->alerts ? "" : files.alerts,
                   .dead = files.dead == before->dead ? "" : files.dead});
  }
  db_->write([&](db::Tx& tx) { keep_files(tx, name_, files, before); });
}

std::vector<LaneStatus> LocalKeeper::lanes() const {
  return db_->read([&](db::Tx& tx) { return list_lanes(tx, name_); });
}

Counts LocalKeeper::total() const {
  Counts out;
  for (const LaneStatus& lane : lanes()) add(out, lane.counts);
  return out;
}

}  // namespace wakeful::streams
