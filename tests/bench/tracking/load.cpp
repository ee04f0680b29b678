// Asks one HTTP/1.1 server the same kind of question over N keep-alive connections for some seconds, checks every
// answer, and prints rate and latencies as JSON. One thread on epoll, so that it leaves the other cores to the server.
//
// A closed loop: a connection sends its next request when the last one is answered. It retries nothing: what fails is
// counted and the first failure is quoted. What it asks, and how templates are written: questions.hpp.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bench/tracking/answer.hpp"
#include "bench/tracking/questions.hpp"

namespace wakeful::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kDrainSeconds = 90;  // how long answers are awaited after the last question
constexpr std::uint64_t kFewAnswers = 20;
constexpr std::size_t kReadBytes = 256 * 1024;

struct Connection {
  int fd = -1;
  bool is_waiting = false;       // for an answer
  bool is_watching_out = false;  // for room to send
  std::uint64_t seq = 0;
  std::size_t sent = 0;
  Clock::time_point asked;
  std::string request;
  Answer answer;
};

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

class Load {
 public:
  explicit Load(const Options& options) : options_(options), questions_(options), next_seq_(options.first_seq) {
    epoll_ = epoll_create1(0);
    connections_.resize(options.connections);
    if (!options.acknowledged_file.empty()) {
      acknowledged_ = std::fopen(options.acknowledged_file.c_str(), "w");
      if (acknowledged_ == nullptr) stop_with("cannot write " + options.acknowledged_file);
    }
  }

  void run() {
    for (std::size_t i = 0; i < connections_.size(); ++i)
      if (!open(i)) stop_with(std::string("cannot connect: ") + std::strerror(errno));
    began_ = Clock::now();
    for (std::size_t i = 0; i < connections_.size(); ++i) ask(i);
    epoll_event events[256];
    while (waiting_ > 0) {
      const double since = seconds_between(began_, Clock::now());
      if (since > options_.seconds + kDrainSeconds) return abandon();
      const int count = epoll_wait(epoll_, events, 256, 1000);
      for (int i = 0; i < count; ++i) serve(static_cast<std::size_t>(events[i].data.u64), events[i].events);
    }
    ended_ = Clock::now();
  }

  void print() {
    if (acknowledged_ != nullptr) std::fclose(acknowledged_);
    std::sort(latencies_us_.begin(), latencies_us_.end());
    // Where hardly anything was answered in time, all answers over all the time say more than those few.
    const bool is_whole = options_.requests > 0 || in_window_ < kFewAnswers;
    const double until = seconds_between(began_, ended_);
    const double window = (is_whole ? until : std::min(options_.seconds, until)) - options_.warmup;
    const auto counted = static_cast<double>(is_whole ? latencies_us_.size() : in_window_);
    std::printf(
        "{\"sent\":%lu,\"answered\":%lu,\"failed\":%lu,\"reconnects\":%lu,\"next_seq\":%lu,\"rate\":%.3f,"
        "\"p50_ms\":%.4f,\"p95_ms\":%.4f,\"p99_ms\":%.4f,\"max_ms\":%.4f,\"first_failure\":\"",
        sent_, answered_, failed_, reconnects_, next_seq_, counted / std::max(window, 1e-9), quantile_ms(0.5),
        quantile_ms(0.95), quantile_ms(0.99), quantile_ms(1));
    for (const char c : first_failure_.substr(0, 400))
      if (c != '"' && c != '\\') std::putchar(static_cast<unsigned char>(c) < 32 ? ' ' : c);
    std::printf("\"}\n");
  }

 private:
  bool open(std::size_t index) {
    Connection& connection = connections_[index];
    connection.fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(options_.port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(connection.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      close(connection.fd);
      connection.fd = -1;
      return false;
    }
    const int on = 1;
    setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(connection.fd, F_SETFL, O_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = index;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event);
    return true;
  }

  void shut(Connection& connection) {
    close(connection.fd);
    connection.fd = -1;
  }

  void acknowledge_at_once(const Connection& connection) const {
    if (!options_.quickack) return;
    const int on = 1;  // the kernel forgets it, so it is set again for every answer
    setsockopt(connection.fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
  }

  bool may_ask(Clock::time_point now) const {
    if (options_.requests > 0) return sent_ < options_.requests;
    return seconds_between(began_, now) < options_.seconds;
  }

  void ask(std::size_t index) {
    Connection& connection = connections_[index];
    const auto now = Clock::now();
    if (!may_ask(now)) return;
    if (connection.fd < 0) {
      if (server_is_gone_ || !open(index)) {
        server_is_gone_ = true;
        return;
      }
      ++reconnects_;
    }
    connection.seq = next_seq_++;
    questions_.write(connection.request, index, connection.seq);
    connection.answer.clear();
    connection.sent = 0;
    connection.is_waiting = true;
    ++sent_;
    ++waiting_;
    connection.asked = Clock::now();
    send_more(index);
  }

  void send_more(std::size_t index) {
    Connection& connection = connections_[index];
    while (connection.sent < connection.request.size()) {
      const ssize_t count = send(connection.fd, connection.request.data() + connection.sent,
                                 connection.request.size() - connection.sent, MSG_NOSIGNAL);
      if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return watch(index, EPOLLIN | EPOLLOUT);
      if (count < 0) return fail(index, std::string("send: ") + std::strerror(errno));
      connection.sent += static_cast<std::size_t>(count);
      if (connection.sent == connection.request.size() && connection.is_watching_out) watch(index, EPOLLIN);
    }
    acknowledge_at_once(connection);
  }

  void watch(std::size_t index, std::uint32_t what) {
    epoll_event event{};
    event.events = what;
    event.data.u64 = index;
    connections_[index].is_watching_out = (what & EPOLLOUT) != 0;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, connections_[index].fd, &event);
  }

  void serve(std::size_t index, std::uint32_t what) {
    Connection& connection = connections_[index];
    if (connection.fd < 0) return;
    if ((what & EPOLLOUT) != 0 && connection.is_waiting) send_more(index);
    if ((what & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0 || connection.fd < 0) return;
    const ssize_t count = recv(connection.fd, incoming_.data(), incoming_.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (count <= 0) return connection.is_waiting ? fail(index, "the server closed the connection") : shut(connection);
    acknowledge_at_once(connection);
    connection.answer.append({incoming_.data(), static_cast<std::size_t>(count)});
    if (!connection.is_waiting) return fail(index, "an answer nobody asked for");
    if (connection.answer.is_complete()) finish(index);
  }

  void finish(std::size_t index) {
    Connection& connection = connections_[index];
    const auto now = Clock::now();
    if (connection.answer.status() != 200 || !is_as_before(connection)) {
      const std::string why = connection.answer.status() == 200 ? "differs from the first answer: " : "";
      return fail(index, why + connection.answer.text());
    }
    ++answered_;
    if (acknowledged_ != nullptr) std::fprintf(acknowledged_, "%zu %lu\n", index, connection.seq);
    const double since = seconds_between(began_, now);
    if (since >= options_.warmup) {
      latencies_us_.push_back(static_cast<float>(seconds_between(connection.asked, now) * 1e6));
      if (since <= options_.seconds) ++in_window_;
    }
    done(index);
  }

  void done(std::size_t index) {
    Connection& connection = connections_[index];
    connection.is_waiting = false;
    --waiting_;
    if (connection.answer.closes() && connection.fd >= 0) shut(connection);
    ask(index);
  }

  bool is_as_before(const Connection& connection) {
    if (!options_.same && options_.answers_folder.empty()) return true;
    const std::size_t which = questions_.which(connection.seq);
    const auto [first, is_new] = first_answers_.try_emplace(which, connection.answer.body());
    if (is_new && !options_.answers_folder.empty())
      std::ofstream(options_.answers_folder + "/" + std::to_string(which), std::ios::binary) << first->second;
    return !options_.same || first->second == connection.answer.body();
  }

  void fail(std::size_t index, const std::string& why) {
    ++failed_;
    if (first_failure_.empty()) first_failure_ = why;
    Connection& connection = connections_[index];
    const bool may_be_used = connection.answer.status() != 0 && connection.answer.is_complete();
    if (!may_be_used && connection.fd >= 0) shut(connection);
    if (connection.is_waiting) done(index);
  }

  void abandon() {
    failed_ += waiting_;
    if (first_failure_.empty()) first_failure_ = "no answer within " + std::to_string(kDrainSeconds) + " s";
    ended_ = Clock::now();
  }

  double quantile_ms(double q) const {
    if (latencies_us_.empty()) return 0;
    const auto last = static_cast<double>(latencies_us_.size() - 1);
    return static_cast<double>(latencies_us_[static_cast<std::size_t>(q * last + 0.5)]) / 1e3;
  }

  const Options& options_;
  Questions questions_;
  int epoll_ = -1;
  std::vector<Connection> connections_;
  std::string incoming_ = std::string(kReadBytes, '\0');
  std::FILE* acknowledged_ = nullptr;
  std::unordered_map<std::size_t, std::string> first_answers_;
  std::vector<float> latencies_us_;
  std::string first_failure_;
  Clock::time_point began_;
  Clock::time_point ended_;
  std::uint64_t next_seq_;
  std::uint64_t sent_ = 0;
  std::uint64_t waiting_ = 0;
  std::uint64_t answered_ = 0;
  std::uint64_t in_window_ = 0;
  std::uint64_t failed_ = 0;
  std::uint64_t reconnects_ = 0;
  bool server_is_gone_ = false;
};

/// Sets the option of that name from the text; false if there is none.
bool set(Options& options, std::string_view name, const std::string& value) {
  const std::unordered_map<std::string_view, std::string*> texts = {
      {"--templates", &options.templates_file},
      {"--runs", &options.runs_file},
      {"--answers", &options.answers_folder},
      {"--acknowledged", &options.acknowledged_file},
  };
  const std::unordered_map<std::string_view, std::uint64_t*> counts = {
      {"--port", &options.port},         {"--connections", &options.connections},
      {"--requests", &options.requests}, {"--first-seq", &options.first_seq},
      {"--rows", &options.rows},         {"--keys", &options.keys},
  };
  const std::unordered_map<std::string_view, double*> times = {
      {"--seconds", &options.seconds},
      {"--warmup", &options.warmup},
  };
  if (const auto text = texts.find(name); text != texts.end()) {
    *text->second = value;
  } else if (const auto count = counts.find(name); count != counts.end()) {
    *count->second = std::stoull(value);
  } else if (const auto time = times.find(name); time != times.end()) {
    *time->second = std::stod(value);
  } else if (name == "--row") {
    options.row = file_text(value);
  } else {
    return false;
  }
  return true;
}

Options options_of(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--quickack") {
      options.quickack = true;
    } else if (name == "--same") {
      options.same = true;
    } else if (i + 1 == argc || !set(options, name, argv[i + 1])) {
      stop_with("unknown or without a value: " + name);
    } else {
      ++i;
    }
  }
  if (options.port == 0 || options.templates_file.empty()) stop_with("--port and --templates are needed");
  return options;
}

}  // namespace
}  // namespace wakeful::bench

int main(int argc, char** argv) {
  using namespace wakeful::bench;
  const Options options = options_of(argc, argv);
  Load load(options);
  load.run();
  load.print();
}
