#include "streams/watch.hpp"

#include <algorithm>
#include <array>
#include <ostream>

#include "platform/core/error.hpp"
#include "streams/desk.hpp"
#include "streams/file_outlet.hpp"
#include "streams/line_input.hpp"
#include "streams/local_keeper.hpp"
#include "streams/topic_watch.hpp"

namespace wakeful::streams {
namespace {

void watch_lines(const FileInput& from, Desk& desk, std::int64_t begin, const WatchOptions& options) {
  LineInput input(from.path, std::max<std::int64_t>(begin, 0), options.follow);
  while (!options.is_stopped()) {
    const auto line = input.next();
    if (line) desk.take_line(0, line->text, line->end, line->is_too_long);
    if (desk.is_due() || (!line && desk.has_work())) desk.move_on();
    if (!line && input.is_at_end()) break;
  }
  if (desk.has_work()) desk.move_on();
}

}  // namespace

Counts watch(const StreamDefinition& definition, const WatchOptions& options, std::ostream& out) {
  if (std::holds_alternative<PushInput>(definition.input))
    throw core::invalid("events are pushed to a server: `wakeful apply` this detector to one", "stream.input.push");
  if (std::holds_alternative<TopicOutput>(definition.dead_letters) &&
      std::holds_alternative<NoOutput>(definition.output))
    throw core::invalid("without a server alerts need a topic too, where dead letters have one", "stream.output");
  LocalKeeper keeper(options.state, definition);
  if (std::holds_alternative<KafkaInput>(definition.input)) {
    watch_topic(definition, keeper,
                {.instance = keeper.instance(),
                 .until_end = options.until_end,
                 .is_stopped = options.is_stopped,
                 .make_files = [&] { return std::make_unique<FileOutlet>(definition, keeper.total(), out); }});
    return keeper.total();
  }
  FileOutlet outlet(definition, keeper.total(), out);
  Desk desk(definition, keeper, outlet);
  const LaneState lane = keeper.take(std::array<std::int64_t, 1>{0}).front();
  desk.open(lane);
  watch_lines(std::get<FileInput>(definition.input), desk, lane.next, options);
  return keeper.total();
}

}  // namespace wakeful::streams
