#pragma once
// The state of a stream detector in a SQLite file of its own, DIR/NAME.stream.db: what `wakeful stream` keeps.
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"
#include "streams/definition.hpp"
#include "streams/keeper.hpp"
#include "streams/state.hpp"

namespace wakeful::streams {

class LocalKeeper final : public Keeper {
 public:
  /// Opens or makes the file. Errors: conflict, field "state", if another process has it, or another definition made
  /// it; unavailable.
  LocalKeeper(const std::filesystem::path& folder, const StreamDefinition& definition);

  std::vector<LaneState> take(std::span<const std::int64_t> lanes) override;
  void move(std::span<const LaneMove> moves, bool is_open) override;
  void settle(const LaneState& lane, bool counts) override;
  bool keeps_alerts() const override { return false; }
  bool is_shared() const override { return false; }

  /// Before files are written: `files`, "" for none, are those that the lengths in Counts are of from now on. A file
  /// that is another one than so far begins at 0; `require_empty` says of it that nobody's lines stand in it.
  void own_files(OutputFiles files, const std::function<void(const OutputFiles& fresh)>& require_empty);

  std::vector<LaneStatus> lanes() const;
  /// Of all lanes together; lengths of files: the largest.
  Counts total() const;
  /// A name that stays with the file from its making on, for a place in a consumer group.
  const std::string& instance() const { return instance_; }

 private:
  std::string name_;
  std::string fingerprint_;
  std::string instance_;
  core::SystemClock clock_;
  std::unique_ptr<db::Database> db_;
};

}  // namespace wakeful::streams
