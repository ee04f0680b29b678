#include "runner/streams/pushed_watch.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "platform/core/text.hpp"
#include "streams/desk.hpp"

namespace wakeful::runner {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::int64_t kPage = 5'000;
constexpr auto kNap = std::chrono::milliseconds(100);
constexpr auto kHoldEvery = std::chrono::seconds(3);

}  // namespace

void watch_pushed(const streams::StreamDefinition& definition, const client::Server& server, RemoteKeeper& keeper,
                  const std::function<bool()>& is_stopped) {
  const std::string path =
      "/api/v1/events/" + core::percent_encode(std::get<streams::PushInput>(definition.input).name);
  streams::NoOutlet outlet;
  streams::Desk desk(definition, keeper, outlet);
  const streams::LaneState lane = keeper.take(std::array<std::int64_t, 1>{0}).front();
  desk.open(lane);
  auto held = Steady::now();
  while (!is_stopped()) {
    const std::int64_t from = std::max<std::int64_t>(desk.next(0), 0);
    const auto answer =
        server.get(path + client::query_of({{"from", std::to_string(from)}, {"max_results", std::to_string(kPage)}}));
    const core::ObjectReader page(answer.root());
    const std::int64_t first = page.integer("first");
    const std::vector<std::string> lines = page.texts("events");
    desk.see_end(0, page.integer("end"));
    if (first > from) desk.skip_to(0, first);
    for (std::size_t i = 0; i < lines.size(); ++i)
      desk.take_line(0, lines[i], first + static_cast<std::int64_t>(i) + 1, false);
    if (desk.has_work()) {
      desk.move_on();
      held = Steady::now();
    } else if (Steady::now() - held > kHoldEvery) {
      keeper.hold(lane);
      held = Steady::now();
    }
    if (lines.empty()) std::this_thread::sleep_for(kNap);
  }
}

}  // namespace wakeful::runner
