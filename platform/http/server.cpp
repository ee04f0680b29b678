#include "platform/http/server.hpp"

#include <httplib.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "platform/http/incoming_body.hpp"
#include "platform/http/poller.hpp"

namespace wakeful::http {
namespace {

constexpr std::size_t kPiece = 64U << 10U;       // of a streamed answer
constexpr std::size_t kDrained = 256U << 10U;    // of a body that the handler left unread
constexpr std::size_t kSentAtOnce = 64U << 10U;  // written pieces from this size on are not copied first

/// Small pieces are gathered, so that an answer is one packet. False if the client has gone.
bool send(Connection& connection, std::string_view piece) {
  if (piece.size() >= kSentAtOnce) return connection.send(piece) != Io::ended;
  connection.out.append(piece);
  return true;
}

/// What httplib reads from and writes to. It reads a canonical request line, never the client's bytes: those were read
/// by parse_head. What it writes is gathered, so that an answer is one packet.
class AnswerStream final : public httplib::Stream {
 public:
  AnswerStream(Connection& connection, Pace& pace, std::string_view request)
      : connection_(connection), pace_(pace), request_(request) {}

  bool is_readable() const override { return !request_.empty(); }
  bool is_writable() const override { return !failed_; }
  ssize_t read(char* ptr, size_t size) override {
    const std::size_t n = request_.copy(ptr, size);
    request_.remove_prefix(n);
    return static_cast<ssize_t>(n);
  }
  ssize_t write(const char* ptr, size_t size) override {
    if (!send(connection_, {ptr, size})) failed_ = true;
    return failed_ ? -1 : static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return connection_.fd(); }

  /// Waits until everything is sent. Errors: unavailable for a client that is too slow, or has gone.
  void flush() {
    for (std::size_t before = connection_.out.size(); !failed_; before = connection_.out.size()) {
      const Io io = connection_.send();
      pace_.moved(before - connection_.out.size());
      if (io == Io::done) return;
      if (io == Io::ended) break;
      pace_.wait_writable();
    }
    failed_ = true;
    throw core::unavailable("the client has gone");
  }

 private:
  Connection& connection_;
  Pace& pace_;
  std::string_view request_;
  bool failed_ = false;
};

/// How an answer is framed and what becomes of its connection is decided here, whatever a handler says.
bool is_ours(std::string_view name) {
  static constexpr std::string_view kOurs[] = {"Content-Length", "Connection", "Transfer-Encoding", "Keep-Alive"};
  return std::any_of(std::begin(kOurs), std::end(kOurs), [&](auto ours) { return equal_ignoring_case(ours, name); });
}

std::string reason_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "something that is no std::exception";
  }
}

/// One worker: gives a request that parse_head has passed to the handler, and its answer to the client. An answer that
/// is whole is written at once; a streamed one goes through httplib's cycle, which frames it (its routing ends in
/// stream_answer). For small answers that cycle would cost as much as all the rest.
class Answerer final : public httplib::Server {
 public:
  Answerer(const Transport& handler, const ServerOptions& options, Crew& crew, Poller& poller)
      : handler_(handler), options_(options), crew_(crew), poller_(poller) {
    set_pre_routing_handler([this](const httplib::Request&, httplib::Response& response) {
      stream_answer(response);
      return HandlerResponse::Handled;
    });
    set_post_routing_handler(
        [this](const httplib::Request&, httplib::Response& response) { finish_headers(response); });
    svr_sock_ = 0;  // never used: httplib cuts streamed bodies once this is invalid, and ours end by themselves
    // Not reached by handlers' exceptions; without it httplib would send a message of its own.
    set_exception_handler([](const httplib::Request&, httplib::Response& response, const std::exception_ptr& thrown) {
      core::log::error("answer_failed", {{"error", reason_of(thrown)}});
      response.status = 500;
    });
  }

  void serve(Connection& connection) {
    serve_one(connection);
    // A client that pipelines goes to the end of the queue: others wait there.
    if (poller_.settle(connection)) crew_.push(connection);
  }

 private:
  /// What is known of the request that is being answered.
  struct Exchange {
    Connection& connection;
    Head head;
    Pace& pace;
    IncomingBody& body;
    http::Response answer{};
    bool close = false;
    bool leave_out_body = false;
    AnswerStream* stream = nullptr;
  };

  void serve_one(Connection& connection) {
    Head head = *std::exchange(connection.head, std::nullopt);
    Pace pace(crew_, connection, options_.stall_timeout);
    IncomingBody body(connection, pace, head);
    Exchange exchange{connection, std::move(head), pace, body};
    exchange_ = &exchange;
    ask_handler(exchange);
    const auto* text = std::get_if<std::string>(&exchange.answer.body);
    const bool whole = text != nullptr ? write_whole(exchange, *text) : write_stream(exchange);
    exchange_ = nullptr;
    connection.keep = whole && !exchange.close;
    connection.unread_input = exchange.close;
  }

  void ask_handler(Exchange& exchange) {
    try {
      exchange.answer = handler_(make_request());
    } catch (...) {
      core::log::error("handler_failed", {{"error", reason_of(std::current_exception())}});
      exchange.answer = http::Response::text("Internal error\n", 500);
    }
    exchange.close = !exchange.body.drain_arrived(kDrained) || !exchange.head.keep_alive || poller_.stopping();
    const int status = exchange.answer.status;
    exchange.leave_out_body = status == 204 || status == 304 || exchange.head.method == "HEAD";
  }

  /// The length that an answer says it has, where it says one.
  static std::optional<std::uint64_t> length_of(const Exchange& exchange, std::string_view text) {
    if (!exchange.leave_out_body) return text.size();
    return exchange.answer.status == 204 ? std::nullopt : exchange.answer.content_length;
  }

  /// False if the client has gone.
  bool write_whole(Exchange& exchange, std::string_view text) {
    const http::Response& answer = exchange.answer;
    head_.clear();
    const auto out = std::back_inserter(head_);
    fmt::format_to(out, FMT_STRING("HTTP/1.1 {} {}\r\n"), answer.status, reason_phrase(answer.status));
    bool is_dated = false;
    for (const auto& [name, value] : answer.headers.all()) {
      if (is_ours(name)) continue;
      is_dated = is_dated || equal_ignoring_case(name, "Date");
      head_.append(name).append(": ").append(value).append("\r\n");
    }
    if (!is_dated) head_.append("Date: ").append(date()).append("\r\n");
    if (const auto length = length_of(exchange, text))
      fmt::format_to(out, FMT_STRING("Content-Length: {}\r\n"), *length);
    if (const auto connection = connection_header(exchange); !connection.empty())
      head_.append("Connection: ").append(connection).append("\r\n");
    head_.append("\r\n");
    exchange.connection.out.append(head_);
    return exchange.leave_out_body || send(exchange.connection, text);
  }

  bool write_stream(Exchange& exchange) {
    AnswerStream stream(exchange.connection, exchange.pace,
                        exchange.head.method == "HEAD" ? "HEAD / HTTP/1.1\r\n\r\n" : "GET / HTTP/1.1\r\n\r\n");
    exchange.stream = &stream;
    bool ignored = false;
    return process_request(stream, false, ignored, nullptr);
  }

  http::Request make_request() {
    Exchange& exchange = *exchange_;
    http::Request request;
    request.method = exchange.head.method;
    request.target = std::move(exchange.head.target);
    request.headers = std::move(exchange.head.headers);
    request.remote_address = exchange.connection.remote();
    request.content_length = exchange.head.content_length;
    if (exchange.head.has_body()) request.body = exchange.body.reader();
    request.cancelled = [this, connection = &exchange.connection] {
      return poller_.stopping() || connection->peer_has_closed();
    };
    request.step_aside = [this]() -> std::shared_ptr<void> {
      // The other half is for slow clients: they must not be cut because somebody waits for jobs.
      auto waiting = std::make_shared<Crew::Waiting>(crew_, options_.max_waiting / 2);
      if (!waiting->allowed()) return nullptr;
      return waiting;
    };
    return request;
  }

  void stream_answer(httplib::Response& response) {
    http::Response& answer = exchange_->answer;
    response.status = answer.status;
    for (const auto& [name, value] : answer.headers.all())
      if (!is_ours(name)) response.headers.emplace(name, value);
    if (!exchange_->leave_out_body)
      set_stream(response, std::move(std::get<std::unique_ptr<BodyReader>>(answer.body)), answer.content_length);
  }

  void set_stream(httplib::Response& response, std::shared_ptr<BodyReader> body, std::optional<std::uint64_t> length) {
    Exchange& exchange = *exchange_;
    if (!body || length == 0U) return;
    // httplib adds the type that it is given to those that are there.
    const auto typed = response.headers.extract("Content-Type");
    const std::string type = typed ? typed.mapped() : "application/octet-stream";
    auto piece = std::make_shared<std::vector<char>>(kPiece);
    const auto next = [&exchange, body, piece](std::size_t most, httplib::DataSink& sink) -> std::size_t {
      const std::size_t n = body->read(std::span(*piece).first(std::min(most, piece->size())));
      if (n != 0 && sink.write(piece->data(), n)) exchange.stream->flush();
      return n;
    };
    if (length) {
      response.set_content_provider(*length, type,
                                    [this, next](std::size_t, std::size_t left, httplib::DataSink& sink) {
                                      return guarded([&] { return next(left, sink) != 0; });
                                    });
      return;
    }
    const auto unbounded = [this, next](std::size_t, httplib::DataSink& sink) {
      return guarded([&] {
        if (next(kPiece, sink) == 0) sink.done();
        return true;
      });
    };
    if (!exchange.head.version_1_0) return response.set_chunked_content_provider(type, unbounded);
    exchange.close = true;  // HTTP/1.0 knows no chunks: the end of the connection is the end of the body
    response.set_content_provider(type, unbounded);
  }

  /// A body that fails on its way cannot become another answer: the connection is cut, so that the client sees it.
  template <class Step>
  bool guarded(Step step) {
    try {
      return step();
    } catch (const core::Error& error) {
      if (error.code() != core::ErrorCode::unavailable) core::log::error("body_failed", {{"error", error.what()}});
    } catch (...) {
      core::log::error("body_failed", {{"error", reason_of(std::current_exception())}});
    }
    return false;
  }

  /// RFC 9110 §6.6.1 wants it; made once a second.
  const std::string& date() {
    const std::time_t now = std::time(nullptr);
    if (now == date_of_) return date_;
    date_of_ = now;
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    char text[32];
    date_.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts));
    return date_;
  }

  static std::string_view connection_header(const Exchange& exchange) {
    if (exchange.close) return "close";
    return exchange.head.version_1_0 ? "keep-alive" : "";
  }

  void finish_headers(httplib::Response& response) {
    const Exchange& exchange = *exchange_;
    response.headers.erase("Keep-Alive");
    if (!response.has_header("Date")) response.headers.emplace("Date", date());
    if (const auto connection = connection_header(exchange); !connection.empty())
      response.headers.emplace("Connection", connection);
    if (!exchange.leave_out_body) return;
    response.headers.erase("Content-Length");
    response.headers.erase("Accept-Ranges");
    if (const auto length = length_of(exchange, {}))
      response.headers.emplace("Content-Length", std::to_string(*length));
  }

  const Transport& handler_;
  const ServerOptions& options_;
  Crew& crew_;
  Poller& poller_;
  Exchange* exchange_ = nullptr;
  std::time_t date_of_ = 0;
  std::string date_;
  std::string head_;  // of the answer that is written; kept for its room
};

/// Binds and listens by httplib, whose own accept loop is not used.
class Listener final : public httplib::Server {
 public:
  /// Errors: unavailable if the address is taken, invalid if it cannot be bound.
  int open(const ServerOptions& options, int& port) {
    set_socket_options([](socket_t socket) {
      const int on = 1;
      // SO_REUSEPORT, httplib's default, would let two servers share one port and its traffic.
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
    set_tcp_nodelay(true);  // inherited by accepted sockets
    errno = 0;
    port = options.port == 0                          ? bind_to_any_port(options.host)
           : bind_to_port(options.host, options.port) ? options.port
                                                      : -1;
    if (port < 0) {
      const std::string where = fmt::format("{}:{}", options.host, options.port);
      if (errno == EADDRINUSE) throw core::unavailable("the address is taken: " + where);
      throw core::invalid(
          fmt::format("cannot listen on {}: {}", where, errno == 0 ? "no such host" : std::strerror(errno)));
    }
    ::listen(svr_sock_, kBacklog);  // again: httplib's own backlog is 5
    return svr_sock_;
  }

 private:
  static constexpr int kBacklog = 1'024;
};

}  // namespace

struct Server::State {
  State(Transport h, core::Telemetry& telemetry, ServerOptions o)
      : handler(std::move(h)),
        options(std::move(o)),
        poller(options, telemetry, [this](Connection& connection) { return crew.offer(connection); }),
        crew({static_cast<std::size_t>(options.workers), options.queue, options.max_waiting}, [this]() -> Crew::Work {
          auto answerer = std::make_shared<Answerer>(handler, options, crew, poller);
          return [answerer](Connection& connection) { answerer->serve(connection); };
        }) {}

  Transport handler;
  ServerOptions options;
  Listener listener;
  Poller poller;
  Crew crew;
  int port = 0;
  bool running = false;
};

Server::Server(Transport handler, core::Telemetry& telemetry, ServerOptions options)
    : state_(std::make_unique<State>(std::move(handler), telemetry, std::move(options))) {}

Server::~Server() { stop(); }

void Server::start() {
  const int socket = state_->listener.open(state_->options, state_->port);
  state_->crew.start();
  state_->poller.start(socket);
  state_->running = true;
}

int Server::port() const { return state_->port; }

void Server::stop() {
  if (!std::exchange(state_->running, false)) return;
  state_->poller.stop_accepting();
  const auto deadline = SteadyClock::now() + state_->options.drain_timeout;
  if (!state_->poller.wait_until_empty(deadline)) state_->poller.cut_all();
  state_->crew.stop();
  state_->poller.finish();
}

}  // namespace wakeful::http
