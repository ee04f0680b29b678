#include "runner/streams/crew.hpp"

#include <atomic>
#include <cctype>
#include <chrono>
#include <map>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "platform/core/text.hpp"
#include "runner/streams/pushed_watch.hpp"
#include "runner/streams/remote_keeper.hpp"
#include "streams/outlet.hpp"
#include "streams/topic_watch.hpp"

namespace wakeful::runner {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kMostStreams = 64;
constexpr auto kLookEvery = std::chrono::milliseconds(1'000);
constexpr auto kPause = std::chrono::milliseconds(1'000);  // after a failure
constexpr auto kLease = std::chrono::seconds(10);

/// Sleeps, looking up now and then.
template <class Stopped>
void rest(Steady::duration span, const Stopped& is_stopped) {
  const auto end = Steady::now() + span;
  while (!is_stopped() && Steady::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

/// A detector that is deleted and applied again begins a state anew: the time it was created tells them apart.
std::string state_id_of(std::string created) {
  std::erase_if(created, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); });
  return created;
}

/// Where a lease says who reads, all others only wait for it: that is no failure.
bool is_anothers_turn(const std::exception& e) {
  const auto* error = dynamic_cast<const core::Error*>(&e);
  return error != nullptr && error->code() == core::ErrorCode::conflict &&
         (error->field() == "lease" || error->field() == "lane");
}

/// Says it to the log and to the server, once a minute while it stays the same.
class Complaint {
 public:
  void tell(const client::Server& server, const std::string& stream, const std::string& why) {
    if (why == told_ && Steady::now() - told_at_ < std::chrono::seconds(60)) return;
    told_ = why;
    told_at_ = Steady::now();
    core::log::warn("stream_failed", {{"stream", stream}, {"message", why}});
    core::JsonWriter json;
    json.begin_object().member("message", why).end_object();
    try {
      server.post("/api/v1/runner/streams/" + core::percent_encode(stream) + "/fail", json.take());
    } catch (const core::Error&) {  // the server is away, which may be the very failure
    }
  }

 private:
  std::string told_;
  Steady::time_point told_at_{};
};

/// One stream and its thread.
class Stream {
 public:
  Stream(const client::Server& server, std::string instance, const core::ObjectReader& applied)
      : server_(server.with_cancel([this] { return is_stopped_.load(); })),
        instance_(std::move(instance)),
        name_(applied.text("name")),
        definition_(streams::read_stream(applied.object("definition"))),
        revision_(applied.integer("revision")),
        state_id_(state_id_of(applied.text("created"))),
        thread_([this] { live(); }) {}
  ~Stream() {
    is_stopped_ = true;
    thread_.join();
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  bool is_that(const core::ObjectReader& applied) const {
    return revision_ == applied.integer("revision") && state_id_ == state_id_of(applied.text("created"));
  }
  void ask_to_stop() { is_stopped_ = true; }

 private:
  void live() {
    const auto is_stopped = [this] { return is_stopped_.load(); };
    while (!is_stopped_) {
      try {
        run(is_stopped);
      } catch (const std::exception& e) {
        if (is_stopped_) return;
        if (!is_anothers_turn(e)) tell(e.what());
      }
      rest(kPause, is_stopped);
    }
  }

  void run(const std::function<bool()>& is_stopped) {
    const bool is_topic = std::holds_alternative<streams::KafkaInput>(definition_.input);
    RemoteKeeper keeper(server_, {.stream = name_,
                                  .fingerprint = streams::fingerprint(definition_),
                                  .owner = instance_,
                                  .is_assigned = is_topic,
                                  .lease = is_topic ? core::Duration{} : core::Duration(kLease)});
    if (!is_topic) return watch_pushed(definition_, server_, keeper, state_id_, is_stopped);
    streams::watch_topic(definition_, keeper,
                         {.instance = instance_,
                          .is_stopped = is_stopped,
                          .make_files = [] { return std::make_unique<streams::NoOutlet>(); },
                          .on_failure = [this](const std::string& why) { tell(why); }});
  }

  void tell(const std::string& why) { complaint_.tell(server_, name_, why); }

  std::atomic<bool> is_stopped_ = false;
  client::Server server_;
  std::string instance_;
  std::string name_;
  streams::StreamDefinition definition_;
  std::int64_t revision_;
  std::string state_id_;
  Complaint complaint_;
  std::thread thread_;
};

}  // namespace

struct StreamCrew::State {
  State(client::Server asked, std::string place) : server(std::move(asked)), instance(std::move(place)) {}

  client::Server server;
  std::string instance;
  std::atomic<bool> is_stopped = false;
  std::map<std::string, std::unique_ptr<Stream>> streams;
  std::map<std::string, Complaint> turned_away;  // for whom there is no room
  std::thread thread;

  void live() {
    const auto stopped = [this] { return is_stopped.load(); };
    while (!is_stopped) {
      try {
        look();
      } catch (const std::exception& e) {
        core::log::debug("streams_unknown", {{"message", e.what()}});  // the claims say louder that the server is away
      }
      rest(kLookEvery, stopped);
    }
    for (auto& [name, stream] : streams) stream->ask_to_stop();
    streams.clear();
  }

  /// Ends what is no longer applied as it was, and begins what is new.
  void look() {
    std::map<std::string, std::int64_t> applied;
    std::string token;
    do {
      const auto answer = server.get("/api/v1/streams" + client::query_of({{"page_token", token}}));
      const core::ObjectReader page(answer.root());
      for (const core::ObjectReader& stream : page.objects("streams")) {
        const std::string name = stream.text("name");
        applied[name] = stream.integer("revision");
        keep(name, stream);
      }
      token = page.find_text("next_page_token").value_or("");
    } while (!token.empty());
    const auto is_gone = [&](const auto& entry) { return !applied.contains(entry.first); };
    std::erase_if(streams, is_gone);
    std::erase_if(turned_away, is_gone);
  }

  void keep(const std::string& name, const core::ObjectReader& stream) {
    const auto found = streams.find(name);
    if (found != streams.end() && found->second->is_that(stream)) return;
    if (found != streams.end()) streams.erase(found);
    if (streams.size() >= kMostStreams) {
      constexpr const char* kWhy =
          "a runner runs {} streams at most, and as many are applied: delete one, or join some";
      return turned_away[name].tell(server, name, fmt::format(kWhy, kMostStreams));
    }
    turned_away.erase(name);
    streams.emplace(name, std::make_unique<Stream>(server, instance, stream));
  }
};

StreamCrew::StreamCrew(client::Server server, std::string instance)
    : state_(std::make_unique<State>(std::move(server), std::move(instance))) {}

StreamCrew::~StreamCrew() { stop(); }

void StreamCrew::start() {
  state_->thread = std::thread([this] { state_->live(); });
}

void StreamCrew::stop() {
  state_->is_stopped = true;
  if (state_->thread.joinable()) state_->thread.join();
}

}  // namespace wakeful::runner
