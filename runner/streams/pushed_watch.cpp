#include "runner/streams/pushed_watch.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "platform/core/text.hpp"
#include "streams/line_desk.hpp"

namespace wakeful::runner {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::int64_t kPage = 5'000;
constexpr auto kNap = std::chrono::milliseconds(100);
constexpr auto kHoldEvery = std::chrono::seconds(3);

}  // namespace

void watch_pushed(const streams::StreamDefinition& definition, const client::Server& server, RemoteKeeper& keeper,
                  const std::string& state_id, const std::function<bool()>& is_stopped) {
  const std::string path =
      "/api/v1/events/" + core::percent_encode(std::get<streams::PushInput>(definition.input).name);
  streams::LineDesk lines(definition, keeper, {.state_id = state_id, .is_stopped = is_stopped, .make_files = [] {
                                                 return std::make_unique<streams::NoOutlet>();
                                               }});
  streams::Desk& desk = lines.desk();
  auto held = Steady::now();
  while (!is_stopped()) {
    const std::int64_t from = std::max<std::int64_t>(desk.next(0), 0);
    const auto answer =
        server.get(path + client::query_of({{"from", std::to_string(from)}, {"max_results", std::to_string(kPage)}}));
    const core::ObjectReader page(answer.root());
    const std::int64_t first = page.integer("first");
    const std::vector<std::string> events = page.texts("events");
    desk.see_end(0, page.integer("end"));
    if (first > from) desk.skip_to(0, first);
    for (std::size_t i = 0; i < events.size(); ++i) {
      desk.take_line(0, events[i], first + static_cast<std::int64_t>(i) + 1, false);
      if (desk.is_full()) desk.move_on();
    }
    if (desk.has_work()) {
      desk.move_on();
      held = Steady::now();
    } else if (Steady::now() - held > kHoldEvery) {
      keeper.hold(lines.lane());
      held = Steady::now();
    }
    if (!events.empty()) continue;
    lines.rest();
    std::this_thread::sleep_for(kNap);
  }
  lines.rest();
}

}  // namespace wakeful::runner
