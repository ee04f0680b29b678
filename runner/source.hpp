#pragma once
// Where a metric's observations come from: one interface, one table of kinds (source_catalog.cpp).
//
// A source reads, and never writes where it reads. It gives what was asked for and nothing of what it gave before: the
// caller says from where on. Filters and groupings of the metric are its work, so that no row travels in vain. Sources
// of one job are used by one thread.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/server.hpp"
#include "monitor/wire/definition.hpp"
#include "platform/core/deadline.hpp"
#include "platform/core/mutex.hpp"
#include "platform/db/database.hpp"
#include "runner/observations.hpp"
#include "runner/window.hpp"

namespace wakeful::db {
class StatementRecord;
}

namespace wakeful::runner {

class Source {
 public:
  virtual ~Source() = default;
  /// The metric's observations in the span, by time. Values are finite.
  /// Errors: unavailable when trying again may help; otherwise invalid or not_found, for whoever wrote the detector
  /// file.
  virtual Observations pull(const Span& span, core::Deadline deadline) = 0;
};

/// Databases that detector files name, opened when they are first asked for and kept open. Never in the registry: the
/// runner's own settings hold the addresses. Threads: any.
class Connections {
 public:
  /// `statements`, if any, learns what is asked of them.
  explicit Connections(std::map<std::string, std::string> uris = {}, db::StatementRecord* statements = nullptr)
      : uris_(std::move(uris)), statements_(statements) {}

  /// By the settings, else by the environment: WAKEFUL_CONNECTION_<NAME>, in capitals, with '_' for '.' and '-'.
  /// Errors: invalid naming what to set; unavailable if it cannot be opened.
  std::shared_ptr<db::Database> get(const std::string& name);
  /// The same, to be written to: where predictions go. Errors: as get.
  std::shared_ptr<db::Database> get_writable(const std::string& name);

 private:
  std::shared_ptr<db::Database> open(const std::string& name, bool writable);
  const std::map<std::string, std::string> uris_;
  db::StatementRecord* const statements_;
  core::Mutex mutex_;
  std::map<std::pair<std::string, bool>, std::shared_ptr<db::Database>> open_ GUARDED_BY(mutex_);
};

struct SourceSettings {
  std::size_t max_rows = 5'000'000;  // of one pull
  /// The folder that `csv` paths must lie in; nothing: any file that the runner may read.
  std::optional<std::string> csv_root{};
  std::chrono::milliseconds statement_timeout = std::chrono::seconds(60);
};

/// What sources are made of; all of it outlives them.
struct SourceContext {
  const client::Server& server;
  Connections& connections;
  const SourceSettings& settings;
};

/// Errors: invalid for a source that cannot be right, whatever it holds: a column that is no name, a query that is
/// none.
std::unique_ptr<Source> make_source(const monitor::Metric& metric, const SourceContext& context);

}  // namespace wakeful::runner
