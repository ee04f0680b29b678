#pragma once
// The stream detectors that are applied, and what is pushed for them: functions on a transaction. How far they are and
// what their keys hold: streams/state.hpp, in the same store.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/evaluations.hpp"
#include "monitor/listing.hpp"
#include "monitor/wire/types.hpp"
#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"
#include "streams/definition.hpp"
#include "streams/state.hpp"

namespace wakeful::monitor {

/// A checked file of a stream detector: what it says, and its text as JSON in one form.
struct StreamFile {
  streams::StreamDefinition definition{};
  std::string text{};
};
/// Errors: invalid, naming the member, also for what only `wakeful stream` can do.
StreamFile read_stream_file(const core::Json& document);

struct StreamDetector {
  StreamFile file{};
  std::int64_t revision = 0;
  std::string error{};  // why it does not run, as a runner last said
  core::Timestamp error_time{};
  core::Timestamp created{};
  core::Timestamp updated{};
};

/// What applying would change. Errors: conflict for the name of a detector with a schedule; field "stream", if its
/// state belongs to another input, window, value or timestamp; field "stream.input.kafka.group", if another has its
/// group.
ApplyReport plan_stream(db::Tx& tx, const StreamFile& file);
ApplyReport apply_stream(db::Tx& tx, const StreamFile& file, core::Timestamp now);

std::optional<StreamDetector> find_stream(db::Tx& tx, std::string_view name);
/// Errors: not_found.
StreamDetector get_stream(db::Tx& tx, std::string_view name);
/// Order: by name.
Page<StreamDetector> list_streams(db::Tx& tx, const PageTerms& terms);
/// With its lanes, keys and alerts, and what was pushed for it alone. Errors: not_found.
void remove_stream_detector(db::Tx& tx, std::string_view name);

/// Remembers why it does not run; "" forgets it. Errors: not_found.
void mark_stream(db::Tx& tx, std::string_view name, std::string_view error, core::Timestamp now);

/// Its alerts as anomalies, newest window first. Errors: invalid naming max_results or page_token.
struct StreamAlertSearch {
  std::string detector{};  // "": all
  std::optional<core::Timestamp> from{};
  std::optional<core::Timestamp> to{};
  PageTerms page{};
};
Page<Anomaly> list_stream_alerts(db::Tx& tx, const StreamAlertSearch& search);
/// Those and the scores' anomalies in one order, newest first. A detector or model in `search` is not looked at.
Page<Anomaly> list_all_anomalies(db::Tx& tx, const AnomalySearch& search);

/// Appends lines to an input; the number of the first. Errors: not_found, field "input", if no stream detector reads
/// it; exhausted if its readers are too far behind.
std::int64_t push_events(db::Tx& tx, std::string_view input, const std::vector<std::string>& lines,
                         core::Timestamp now);
struct PushedEvents {
  std::int64_t first = 0;  // of `lines`; what lies before it is gone
  std::int64_t end = 0;    // the number of the next that is pushed
  std::vector<std::string> lines{};
};
/// From number `from` on, at most `most`, and no more lines after about 4 MiB. Errors: not_found as push_events.
PushedEvents list_pushed(db::Tx& tx, std::string_view input, std::int64_t from, std::int64_t most);
/// Removes what all its readers have read.
void trim_pushed(db::Tx& tx, std::string_view input);

}  // namespace wakeful::monitor
