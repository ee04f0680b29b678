#pragma once
// JSON at the door and out of it. The only place where nlohmann's JSON is included is json.cpp.
//
// Reading: parse_json gives a tree; ObjectReader takes the members of one object by name, checks type and presence, and
// names the field in every error ("metrics[3].key"). Writing: JsonWriter appends text, no tree is built.
// Numbers follow protobuf's JSON: a 64-bit integer may arrive as a number or as a string of digits ("1.6e+12" too,
// which R writes); "NaN", "Infinity" and "-Infinity" are doubles. A member that is null counts as absent.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace wakeful::core {

using Json = nlohmann::json;

/// One parsed JSON text. Owns the tree; ObjectReaders borrow from it.
class JsonDocument {
 public:
  explicit JsonDocument(Json root);
  ~JsonDocument();
  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;
  const Json& root() const { return *root_; }

 private:
  friend void use_snake_case(JsonDocument& document);
  std::unique_ptr<Json> root_;
};

/// Errors: invalid for text that is not one JSON value, that nests deeper than 64, holds a NUL character in a string,
/// or is not UTF-8. The message gives line and column.
JsonDocument parse_json(std::string_view text);
std::string dump_json(const Json& value);

/// Renames members written in lowerCamelCase, at any depth: protobuf's JSON reads both, and Java clients send them.
/// Errors: invalid "Request specifies both 'run_id' and 'runId'; provide only one of them."
void use_snake_case(JsonDocument& document);

/// The elements of an array, in order. Errors: invalid, naming `path`, for anything else.
std::vector<const Json*> elements_of(const Json& value, std::string_view path);
/// The string that `value` is, if it is one.
std::optional<std::string> find_text_of(const Json& value);
bool is_object(const Json& value);
bool is_array(const Json& value);

class ObjectReader {
 public:
  /// Errors: invalid if `value` is not an object; `path` names it in messages (empty for the request's body).
  explicit ObjectReader(const Json& value, std::string path = {});

  bool has(std::string_view name) const;
  std::vector<std::string> names() const;
  /// The full name of a member, as errors show it.
  std::string path_of(std::string_view name) const;

  std::optional<std::string> find_text(std::string_view name) const;
  std::optional<std::int64_t> find_integer(std::string_view name) const;
  std::optional<double> find_real(std::string_view name) const;
  std::optional<bool> find_boolean(std::string_view name) const;
  std::optional<ObjectReader> find_object(std::string_view name) const;
  /// Absent: empty.
  std::vector<ObjectReader> objects(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;
  const Json* find_value(std::string_view name) const;

  // The twins that throw invalid "Missing value for required parameter '…'" when the member is absent.
  std::string text(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  double real(std::string_view name) const;
  bool boolean(std::string_view name) const;
  ObjectReader object(std::string_view name) const;

  /// Errors: invalid, naming the member and the nearest known name.
  void refuse_unknown(std::span<const std::string_view> known) const;

 private:
  const Json* value_;
  std::string path_;
};

/// Appends JSON text; commas and escapes are its business, nesting is the caller's.
/// Doubles are written so that they read back equal; NaN and infinities as the strings of protobuf's JSON.
class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(std::int64_t number);
  JsonWriter& value(int number) { return value(std::int64_t{number}); }
  JsonWriter& value(double number);
  JsonWriter& value(bool flag);
  JsonWriter& null();
  /// Text that is JSON already.
  JsonWriter& raw(std::string_view json);

  template <class T>
  JsonWriter& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }
  /// Nothing is written for an absent value.
  template <class T>
  JsonWriter& member(std::string_view name, const std::optional<T>& v) {
    if (v) key(name).value(*v);
    return *this;
  }

  const std::string& text() const { return out_; }
  std::string take() { return std::move(out_); }
  void reserve(std::size_t bytes) { out_.reserve(bytes); }

 private:
  void separate();
  std::string out_;
};

}  // namespace wakeful::core
