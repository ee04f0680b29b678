#include "platform/http/client.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/mutex.hpp"
#include "platform/core/text.hpp"
#include "platform/http/curl_library.hpp"

namespace wakeful::http {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr std::uint64_t kReadWhole = 64U << 10U;      // answers of known length up to this size are not streamed
constexpr std::size_t kAhead = 256U << 10U;           // received and not yet read: libcurl is told to pause
constexpr std::uint64_t kSentFromMemory = 1U << 20U;  // bodies up to this size can be sent again on a new connection
constexpr std::size_t kKeptIdle = 16;
constexpr long kLongestIdleSeconds = 60;  // below the servers' own limit, ours is 75

/// One libcurl transfer at a time, with the connection it keeps.
struct Line {
  CURLM* multi = curl().multi_init();
  CURL* easy = curl().easy_init();

  Line() {
    if (multi == nullptr || easy == nullptr) throw core::unavailable("libcurl does not start");
  }
  ~Line() {
    curl().easy_cleanup(easy);
    curl().multi_cleanup(multi);
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
};

/// What all requests of one Transport share.
class Lines {
 public:
  std::unique_ptr<Line> take() {
    const core::Lock lock(mutex_);
    if (idle_.empty()) return std::make_unique<Line>();
    auto line = std::move(idle_.back());
    idle_.pop_back();
    return line;
  }
  void give_back(std::unique_ptr<Line> line) {
    curl().easy_reset(line->easy);
    const core::Lock lock(mutex_);
    if (idle_.size() < kKeptIdle) idle_.push_back(std::move(line));
  }

 private:
  core::Mutex mutex_;
  std::vector<std::unique_ptr<Line>> idle_ GUARDED_BY(mutex_);
};

struct Target {
  std::string url;    // without a slash at its end
  std::string shown;  // for messages: no credentials
  bool loopback = false;
  ClientOptions options;
};

/// One request and its answer, driven by whoever wants the next byte.
class Call {
 public:
  Call(std::shared_ptr<Lines> lines, std::shared_ptr<const Target> target, Request request)
      : lines_(std::move(lines)), target_(std::move(target)), request_(std::move(request)), line_(lines_->take()) {
    prepare();
    curl().multi_add_handle(line_->multi, line_->easy);
  }
  ~Call() {
    curl().multi_remove_handle(line_->multi, line_->easy);
    curl().slist_free_all(sent_headers_);
    lines_->give_back(std::move(line_));
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /// Drives until the head is there, and the body too where it is small.
  Response start() {
    while (!done_ && !(head_done_ && wants_stream())) drive();
    if (!failure_.empty() && !(head_done_ && wants_stream())) throw core::unavailable(failure_);
    return std::exchange(response_, {});
  }
  bool is_whole() const { return done_ && failure_.empty(); }
  std::string take_received() { return received_.substr(std::exchange(read_, received_.size())); }

  std::size_t read(std::span<char> out) {
    while (read_ == received_.size() && !done_) {
      received_.clear();
      read_ = 0;
      if (std::exchange(paused_, false)) curl().easy_pause(line_->easy, CURLPAUSE_CONT);
      if (read_ == received_.size() && !done_) drive();
    }
    const std::size_t n = received_.copy(out.data(), out.size(), read_);
    read_ += n;
    if (n == 0 && !failure_.empty()) throw core::unavailable(failure_);
    return n;
  }

 private:
  void prepare();
  void prepare_method();
  void prepare_headers();
  void drive();
  void finish(CURLcode code);
  void check_time();
  bool wants_stream() const {
    return request_.method != "HEAD" && response_.status != 204 && response_.status != 304 &&
           response_.content_length.value_or(kNoLimit) > kReadWhole;
  }
  void take_header(std::string_view line);
  template <class T>
  void set(CURLoption option, T value) {
    if (const CURLcode code = curl().easy_setopt(line_->easy, option, value); code != CURLE_OK)
      throw core::internal(
          fmt::format("libcurl refuses option {}: {}", static_cast<int>(option), curl().easy_strerror(code)));
  }

  static std::size_t on_upload(char* to, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* from, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* from, std::size_t size, std::size_t count, void* self);

  std::shared_ptr<Lines> lines_;
  std::shared_ptr<const Target> target_;
  Request request_;
  std::unique_ptr<Line> line_;
  std::string body_text_;  // of a request that is sent from memory
  curl_slist* sent_headers_ = nullptr;
  Response response_;
  std::string received_;  // of the answer's body
  std::size_t read_ = 0;  // of it
  bool head_done_ = false;
  bool done_ = false;
  bool paused_ = false;
  std::string failure_;  // why it ended, where that was no good end
  std::exception_ptr upload_error_;
  SteadyClock::time_point last_moved_ = SteadyClock::now();
};

void Call::prepare() {
  const Target& target = *target_;
  set(CURLOPT_URL, (target.url + request_.target).c_str());
  set(CURLOPT_PATH_AS_IS, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_MAXAGE_CONN, kLongestIdleSeconds);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(target.options.connect_timeout.count()));
  if (target.loopback) set(CURLOPT_PROXY, "");
  set(CURLOPT_HEADERFUNCTION, &Call::on_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, &Call::on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  prepare_method();
  prepare_headers();
}

void Call::prepare_method() {
  if (request_.method == "HEAD") return set(CURLOPT_NOBODY, 1L);
  const bool carries = request_.body || request_.method == "POST" || request_.method == "PUT";
  if (!carries) {
    set(CURLOPT_HTTPGET, 1L);
  } else if (!request_.body || request_.content_length.value_or(kNoLimit) <= kSentFromMemory) {
    body_text_ = request_.read_body();
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_text_.size()));
    set(CURLOPT_POSTFIELDS, body_text_.c_str());
  } else {
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_READFUNCTION, &Call::on_upload);
    set(CURLOPT_READDATA, static_cast<void*>(this));
    if (request_.content_length) set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(*request_.content_length));
  }
  set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

void Call::prepare_headers() {
  static constexpr std::string_view kOurs[] = {"Content-Length", "Transfer-Encoding", "Connection", "Expect"};
  Headers headers;
  for (const auto& [name, value] : request_.headers.all()) {
    const auto same = [&n = name](std::string_view ours) { return equal_ignoring_case(ours, n); };
    if (std::none_of(std::begin(kOurs), std::end(kOurs), same)) headers.add(name, value);
  }
  if (!request_.request_id.empty() && !headers.find("X-Request-Id")) headers.add("X-Request-Id", request_.request_id);
  const ClientOptions& options = target_->options;
  if (!headers.find("Authorization")) {
    if (!options.token.empty()) {
      headers.add("Authorization", "Bearer " + options.token);
    } else if (!options.username.empty()) {
      set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
      set(CURLOPT_USERNAME, options.username.c_str());
      set(CURLOPT_PASSWORD, options.password.c_str());
    }
  }
  // libcurl would call every body without a type a form.
  if (!headers.find("Content-Type")) sent_headers_ = curl().slist_append(sent_headers_, "Content-Type:");
  for (const auto& [name, value] : headers.all()) {
    std::string line = name;
    line.append(value.empty() ? ";" : ": ").append(value);
    sent_headers_ = curl().slist_append(sent_headers_, line.c_str());
  }
  set(CURLOPT_HTTPHEADER, sent_headers_);
}

std::size_t Call::on_upload(char* to, std::size_t size, std::size_t count, void* self) {
  Call& call = *static_cast<Call*>(self);
  call.last_moved_ = SteadyClock::now();
  try {
    return call.request_.body->read({to, size * count});
  } catch (...) {
    call.upload_error_ = std::current_exception();
    return CURL_READFUNC_ABORT;
  }
}

std::size_t Call::on_header(char* from, std::size_t size, std::size_t count, void* self) {
  Call& call = *static_cast<Call*>(self);
  call.last_moved_ = SteadyClock::now();
  try {
    call.take_header({from, size * count});
    return size * count;
  } catch (const std::exception&) {
    return 0;  // a header that is none: libcurl ends the transfer
  }
}

void Call::take_header(std::string_view line) {
  line = core::trim(line);
  if (line.starts_with("HTTP/")) {  // a new head: what was before it was 100 Continue
    response_ = {};
    const auto blank = line.find(' ');
    response_.status = static_cast<int>(
        core::to_integer(blank == std::string_view::npos ? line : line.substr(blank + 1, 3)).value_or(0));
  } else if (line.empty()) {
    head_done_ = response_.status >= 200;
  } else if (const auto colon = line.find(':'); colon != std::string_view::npos && !head_done_) {
    const std::string_view name = core::trim(line.substr(0, colon));
    const std::string_view value = core::trim(line.substr(colon + 1));
    if (const auto length = core::to_integer(value);
        equal_ignoring_case(name, "Content-Length") && length && *length >= 0)
      response_.content_length = static_cast<std::uint64_t>(*length);
    response_.headers.add(std::string(name), std::string(value));
  }
}

std::size_t Call::on_body(char* from, std::size_t size, std::size_t count, void* self) {
  Call& call = *static_cast<Call*>(self);
  call.last_moved_ = SteadyClock::now();
  if (call.received_.size() > kAhead) {
    call.paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  call.received_.append(from, size * count);
  return size * count;
}

void Call::drive() {
  int running = 0;
  curl().multi_perform(line_->multi, &running);
  int left = 0;
  while (const CURLMsg* message = curl().multi_info_read(line_->multi, &left))
    if (message->msg == CURLMSG_DONE) return finish(message->data.result);
  check_time();
  if (read_ != received_.size() && head_done_) return;
  constexpr int kLongestPoll = 250;
  curl().multi_poll(line_->multi, nullptr, 0, kLongestPoll, nullptr);
}

void Call::check_time() {
  const bool stalled = SteadyClock::now() - last_moved_ > target_->options.timeout;
  if (stalled || request_.deadline.expired())
    throw core::unavailable(fmt::format("{} did not answer in time", target_->shown));
}

void Call::finish(CURLcode code) {
  if (upload_error_) std::rethrow_exception(upload_error_);
  // A server that answers before it has read the whole body may close: what it said counts.
  const bool answered_early = head_done_ && (code == CURLE_SEND_ERROR || code == CURLE_SEND_FAIL_REWIND);
  if (code != CURLE_OK && !answered_early)
    failure_ = fmt::format("no whole answer from {}: {}", target_->shown, curl().easy_strerror(code));
  done_ = true;
}

class CallBody final : public BodyReader {
 public:
  explicit CallBody(std::unique_ptr<Call> call) : call_(std::move(call)) {}
  std::size_t read(std::span<char> out) override { return out.empty() ? 0 : call_->read(out); }

 private:
  std::unique_ptr<Call> call_;
};

Response send(const std::shared_ptr<Lines>& lines, const std::shared_ptr<const Target>& target, Request request) {
  auto call = std::make_unique<Call>(lines, target, std::move(request));
  Response response = call->start();
  if (call->is_whole())
    response.body = call->take_received();
  else
    response.body = std::make_unique<CallBody>(std::move(call));
  return response;
}

/// Takes "user:password@" out of the URL: it goes into a header, and never into a message.
Target parse_base(const std::string& base_url, const ClientOptions& options) {
  Target target{base_url, {}, false, options};
  while (target.url.ends_with('/')) target.url.pop_back();
  const auto scheme = target.url.find("://");
  const std::string protocol = core::to_lower(target.url.substr(0, scheme));
  if (scheme == std::string::npos || (protocol != "http" && protocol != "https"))
    throw core::invalid("a server's address begins with http:// or https://");
  const auto begin = scheme + 3;
  const auto end = std::min(target.url.find('/', begin), target.url.size());
  if (const auto at = target.url.substr(begin, end - begin).rfind('@'); at != std::string::npos) {
    const std::string user = target.url.substr(begin, at);
    const auto colon = std::min(user.find(':'), user.size());
    target.options.username = core::percent_decode(user.substr(0, colon)).value_or("");
    target.options.password = core::percent_decode(user.substr(std::min(colon + 1, user.size()))).value_or("");
    target.url.erase(begin, at + 1);
  }
  const std::string authority = target.url.substr(begin, target.url.find('/', begin) - begin);
  if (authority.empty()) throw core::invalid("a server's address has a host");
  target.shown = protocol + "://" + authority;
  target.loopback =
      authority.starts_with("127.") || authority.starts_with("localhost") || authority.starts_with("[::1]");
  return target;
}

}  // namespace

Transport connect(const std::string& base_url, const ClientOptions& options) {
  static const bool started = curl().global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  if (!started) throw core::unavailable("libcurl does not start");
  auto target = std::make_shared<const Target>(parse_base(base_url, options));
  auto lines = std::make_shared<Lines>();
  return [lines, target](Request request) { return send(lines, target, std::move(request)); };
}

}  // namespace wakeful::http
