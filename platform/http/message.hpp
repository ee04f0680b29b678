#pragma once
// A request and its answer, whatever carried them: a socket, the in-process transport, a test.
//
// Bodies are streams both ways, so a large artifact never sits in memory. A Request's body is read at most once; a
// Response's body is either text or a source that is asked for pieces until it ends. Values: no thread contract.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "platform/core/deadline.hpp"

namespace wakeful::http {

/// What RFC 9110 §15 calls the status; "Unknown" for others.
std::string_view reason_phrase(int status);

/// ASCII letters compared without case.
bool equal_ignoring_case(std::string_view a, std::string_view b);

/// In order, names compared without case.
class Headers {
 public:
  /// Errors: invalid for a control character in name or value: no header is ever split by what it carries.
  void add(std::string name, std::string value);
  /// Replaces all of that name. Errors: as add.
  void set(std::string name, std::string value);
  void remove(std::string_view name);
  /// The first of that name.
  std::optional<std::string_view> find(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return items_; }

 private:
  std::vector<std::pair<std::string, std::string>> items_;
};

inline constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

class BodyReader {
 public:
  virtual ~BodyReader() = default;
  /// Fills the front of `out`; 0 at the end. Errors: invalid for a broken or cut body, exhausted beyond the route's
  /// limit, unavailable past the deadline.
  virtual std::size_t read(std::span<char> out) = 0;
};

class TextBody final : public BodyReader {
 public:
  explicit TextBody(std::string text) : text_(std::move(text)) {}
  std::size_t read(std::span<char> out) override;
  /// What was not read yet, without a copy where nothing was.
  std::string take_rest();

 private:
  std::string text_;
  std::size_t at_ = 0;
};

/// The query's parameters in the order of the target, decoded ('+' is a space).
class Query {
 public:
  Query() = default;
  /// Errors: invalid, naming the parameter, for a bad escape, a NUL or a value that is not UTF-8.
  static Query parse(std::string_view raw);
  std::optional<std::string> find(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& items() const { return items_; }
  void add(std::string name, std::string value) { items_.emplace_back(std::move(name), std::move(value)); }

 private:
  std::vector<std::pair<std::string, std::string>> items_;
};

struct Request {
  std::string method = "GET";
  std::string target = "/";  // raw, as sent: path and query
  Headers headers;
  std::unique_ptr<BodyReader> body;             // null: none
  std::optional<std::uint64_t> content_length;  // absent when chunked
  core::Deadline deadline = core::Deadline::never();
  std::string remote_address;
  std::string request_id;
  std::string principal;            // who asks, once authenticated; "" anonymous, "runner" the in-process one
  std::function<bool()> cancelled;  // asks the carrier; empty: never
  std::function<std::shared_ptr<void>()> step_aside;  // likewise; empty: nobody waits behind this request

  // Filled by the Router.
  Query query;
  std::vector<std::pair<std::string, std::string>> path_params;  // decoded

  /// Nobody waits for the answer any more: the client has closed, or the server stops. For handlers that wait, between
  /// two naps. Cost: a system call on a socket.
  bool is_cancelled() const { return cancelled && cancelled(); }
  /// For handlers that wait: while it lives, this request keeps no worker from the others. Null if too many wait
  /// already: then answer at once. Not to be kept beyond the handler.
  std::shared_ptr<void> let_others_work() const { return step_aside ? step_aside() : std::make_shared<bool>(); }
  /// Errors: internal if the route has no such parameter.
  const std::string& path_param(std::string_view name) const;
  /// The whole body as text; the Router has put the route's own limit before it already.
  /// Errors: exhausted beyond `limit`.
  std::string read_body(std::uint64_t limit = kNoLimit);
};

struct Response {
  int status = 200;
  Headers headers;
  std::variant<std::string, std::unique_ptr<BodyReader>> body;
  std::optional<std::uint64_t>
      content_length;  // of a streamed body where it is known; of the body that HEAD leaves out

  static Response json(std::string text, int status = 200);
  static Response text(std::string text, int status = 200, std::string type = "text/plain; charset=utf-8");
  /// A streamed body's rest, or the text.
  std::string read_all();
};

/// From a request to its answer: the Router in-process, or a server far away.
using Transport = std::function<Response(Request)>;

}  // namespace wakeful::http
