#pragma once
// What runs hold, as the JSON that answers carry: pages of runs are asked for again and again while few of the runs
// change, and reading and writing their metrics, params and tags is most of what a page costs.
//
// A text is kept under its run's version, which every change counts up in its own transaction; a text of another
// version is never given. So it is right whatever other processes write. Threads: any.
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "platform/core/mutex.hpp"
#include "platform/db/database.hpp"
#include "tracker/runs.hpp"

namespace wakeful::tracker {

class RunTexts {
 public:
  using Text = std::shared_ptr<const std::string>;

  /// Keeps about so many bytes of the texts asked for last.
  explicit RunTexts(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  /// `"data":{…},"inputs":{…}}` of each run, in order: the rest of an object behind its info. `tx` reads only: what a
  /// writer sees may be rolled back.
  std::vector<Text> get(db::Tx& tx, std::span<const FoundRun> runs);

 private:
  struct Kept {
    std::int64_t version = 0;
    Text text;
    std::list<std::int64_t>::iterator place;
  };
  /// Texts that are kept; null where there is none.
  std::vector<Text> find(std::span<const FoundRun> runs);
  void keep(std::int64_t key, std::int64_t version, const Text& text) REQUIRES(mutex_);
  void drop(std::int64_t key) REQUIRES(mutex_);

  const std::size_t most_bytes_;
  core::Mutex mutex_;
  std::unordered_map<std::int64_t, Kept> kept_ GUARDED_BY(mutex_);
  std::list<std::int64_t> by_use_ GUARDED_BY(mutex_);  // the last asked for at the front
  std::size_t bytes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace wakeful::tracker
