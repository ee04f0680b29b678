#include "streams/watch.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <ostream>

#include "platform/core/error.hpp"
#include "streams/file_outlet.hpp"
#include "streams/line_desk.hpp"
#include "streams/line_input.hpp"
#include "streams/local_keeper.hpp"
#include "streams/sessions.hpp"
#include "streams/topic_watch.hpp"

namespace wakeful::streams {
namespace {

void watch_lines(const FileInput& from, LineDesk& lines, const WatchOptions& options) {
  Desk& desk = lines.desk();
  LineInput input(from.path, std::max<std::int64_t>(desk.next(0), 0), options.follow);
  while (!options.is_stopped()) {
    const auto line = input.next();
    if (line) desk.take_line(0, line->text, line->end, line->is_too_long);
    if (!line) lines.rest();
    if (desk.is_due()) desk.move_on();
    if (!line && input.is_at_end()) break;
  }
  lines.rest();
}

/// A file can be read again from where it counts, standard input cannot: there a failure is the end.
void watch_file(const StreamDefinition& definition, LocalKeeper& keeper, const WatchOptions& options,
                const std::function<std::unique_ptr<Outlet>()>& make_files) {
  const auto& from = std::get<FileInput>(definition.input);
  const auto session = [&] {
    LineDesk lines(definition, keeper,
                   {.state_id = keeper.instance(), .is_stopped = options.is_stopped, .make_files = make_files});
    watch_lines(from, lines, options);
  };
  if (from.path.empty() || !writes_to_topic(definition)) return session();
  run_sessions(
      definition.name, options.is_stopped, [](const std::string&) {}, session);
}

}  // namespace

Counts watch(const StreamDefinition& definition, const WatchOptions& options, std::ostream& out) {
  if (std::holds_alternative<PushInput>(definition.input))
    throw core::invalid("events are pushed to a server: `wakeful apply` this detector to one", "stream.input.push");
  if (std::holds_alternative<TopicOutput>(definition.dead_letters) &&
      std::holds_alternative<NoOutput>(definition.output))
    throw core::invalid("without a server alerts need a topic too, where dead letters have one", "stream.output");
  LocalKeeper keeper(options.state, definition);
  keeper.own_files(FileOutlet::files_of(definition), FileOutlet::require_empty);
  const auto make_files = [&] { return std::make_unique<FileOutlet>(definition, keeper.total(), out); };
  if (std::holds_alternative<KafkaInput>(definition.input)) {
    watch_topic(definition, keeper,
                {.instance = keeper.instance(),
                 .until_end = options.until_end,
                 .is_stopped = options.is_stopped,
                 .make_files = make_files});
  } else {
    watch_file(definition, keeper, options, make_files);
  }
  return keeper.total();
}

}  // namespace wakeful::streams
