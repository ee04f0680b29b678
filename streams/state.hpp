#pragma once
// What a stream detector must not lose, in a SQLite file of its own: how far it has read, how long its outputs are, and
// the windows of its keys. Moved on together, in one durable transaction.
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "platform/db/database.hpp"
#include "streams/definition.hpp"

namespace wakeful::streams {

struct Progress {
  std::int64_t read = 0;     // bytes of the input
  std::int64_t written = 0;  // bytes of the output file
  std::int64_t dead = 0;     // bytes of the dead letters' file
  std::int64_t events = 0;   // with a value
  std::int64_t skipped = 0;  // without one
  std::int64_t refused = 0;  // lines that cannot be read
  std::int64_t late = 0;     // events that came too late for a window
  std::int64_t alerts = 0;
};

struct KeyState {
  std::string key;
  std::vector<double> state;
};

class State {
 public:
  /// Opens or makes DIR/NAME.stream.db. Errors: conflict if another process has it, or if it was made by a definition
  /// with another fingerprint; unavailable.
  State(const std::filesystem::path& folder, const StreamDefinition& definition);

  Progress progress() const;
  std::vector<KeyState> keys() const;
  /// Durable once it returns.
  void move_on(const Progress& progress, const std::vector<KeyState>& changed);

 private:
  std::unique_ptr<db::Database> db_;
};

}  // namespace wakeful::streams
