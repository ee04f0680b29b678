#pragma once
// Where alerts and what cannot be read go. Implementations: files (file_outlet.hpp), topics (topic_outlet.hpp), a store
// only (below). Threads: one owner each.
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "streams/engine.hpp"
#include "streams/event.hpp"
#include "streams/keeper.hpp"

namespace wakeful::streams {

struct DeadLetter {
  std::string_view reason;
  const Record& record;
  std::int64_t lane = 0;
  std::int64_t offset = 0;  // of a message; of a line: the byte behind it
};

/// Of files, in bytes; nothing where none is written.
struct Lengths {
  std::optional<std::int64_t> written, dead;
};

class Outlet {
 public:
  virtual ~Outlet() = default;
  virtual void alert(const Alert& alert) = 0;
  virtual void bury(const DeadLetter& letter) = 0;

  /// Whether it has the last word: a batch is open until commit() has returned, and what became of it after a kill is
  /// the outlet's to say.
  virtual bool decides() const = 0;
  /// Before the state moves: makes durable what was given.
  virtual Lengths prepare() = 0;
  /// After the state moved. Errors: any; then the batch is to be taken back or kept as the outlet says.
  virtual void commit(std::span<const LaneMove> moves) = 0;
};

/// Nothing leaves the store: a move's alerts are kept with it, and what cannot be read is only counted.
class NoOutlet final : public Outlet {
 public:
  void alert(const Alert&) override {}
  void bury(const DeadLetter&) override {}
  bool decides() const override { return false; }
  Lengths prepare() override { return {}; }
  void commit(std::span<const LaneMove>) override {}
};

}  // namespace wakeful::streams
