#include "monitor/wire/yaml.hpp"

#include <map>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>
#include <nlohmann/json.hpp>

#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::monitor {
namespace {

using core::Json;

constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxNodes = 50'000;
constexpr std::size_t kMaxDocuments = 1'000;
/// With what its aliases stand for, of one document.
constexpr std::size_t kMaxTextBytes = 4 * kMaxYamlBytes;

[[noreturn]] void refuse(const YAML::Mark& mark, std::string_view why) {
  throw core::invalid(mark.is_null()
                          ? fmt::format("YAML: {}", why)
                          : fmt::format("YAML, line {}, column {}: {}", mark.line + 1, mark.column + 1, why));
}

bool is_integer(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_decimal(std::string_view text) {
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  return !text.empty() && (text.front() == '.' || (text.front() >= '0' && text.front() <= '9')) &&
         text.find_first_not_of("0123456789.eE+-") == std::string_view::npos &&
         text.find_first_of("0123456789") != std::string_view::npos;
}

/// YAML 1.2's core schema.
Json plain_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  const std::string_view unsigned_text =
      text.front() == '+' ? std::string_view(text).substr(1) : std::string_view(text);
  if (is_integer(text)) {
    if (const auto integer = core::to_integer(unsigned_text)) return *integer;
  }
  if (is_decimal(text)) {
    if (const auto real = core::to_real(unsigned_text)) return *real;
  }
  return text;
}

/// Builds the tree from the parser's events, so that depth and size are bounded while it reads.
class Builder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { take(mark, anchor, nullptr, {}, false); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) refuse(mark, "an alias inside of what it stands for");
    const auto& [value, size, is_text] = found->second;
    count(mark, size);
    add(mark, value, is_text, size);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    if (value.find('\0') != std::string::npos) refuse(mark, "NUL character");
    // "?" is a plain scalar, "!" one in quotes. A key is its text, whatever it looks like.
    const bool plain = (tag == "?" || tag.empty()) && !awaits_key();
    take(mark, anchor, plain ? plain_scalar(value) : Json(value), {.bytes = value.size()}, true);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Json::array());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    if (awaits_key()) refuse(mark, "a key must be text");
    open(mark, tag, anchor, Json::object());
  }
  void OnMapEnd() override { close(); }

  Json take_root() { return std::exchange(root_, nullptr); }

 private:
  /// Of a value with all in it.
  struct Size {
    std::size_t nodes = 1;
    std::size_t bytes = 0;  // of its texts
  };
  struct Level {
    YAML::Mark mark;
    YAML::anchor_t anchor = 0;
    Json value{};
    Size size{};
    std::optional<std::string> key{};
  };
  struct Anchored {
    Json value;
    Size size{};
    bool is_text = false;
  };

  static void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!" && tag != "tag:yaml.org,2002:str")
      refuse(mark, fmt::format("tag '{}' is not known here", tag.substr(0, 60)));
  }

  bool awaits_key() const { return !levels_.empty() && levels_.back().value.is_object() && !levels_.back().key; }

  void count(const YAML::Mark& mark, const Size& size) {
    all_.nodes += size.nodes;
    all_.bytes += size.bytes;
    if (all_.nodes > kMaxNodes) refuse(mark, fmt::format("more than {} values", kMaxNodes));
    if (all_.bytes > kMaxTextBytes)
      refuse(mark, fmt::format("larger than {} bytes with what its aliases stand for", kMaxTextBytes));
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Json empty) {
    check_tag(mark, tag);
    if (awaits_key()) refuse(mark, "a key must be text");
    count(mark, {});
    if (levels_.size() == kMaxDepth) refuse(mark, fmt::format("nested deeper than {} levels", kMaxDepth));
    levels_.push_back({.mark = mark, .anchor = anchor, .value = std::move(empty)});
  }

  void close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    if (level.anchor != 0) anchors_[level.anchor] = {level.value, level.size, false};
    add(level.mark, std::move(level.value), false, level.size);
  }

  void take(const YAML::Mark& mark, YAML::anchor_t anchor, Json value, const Size& size, bool is_text) {
    count(mark, size);
    if (anchor != 0) anchors_[anchor] = {value, size, is_text};
    add(mark, std::move(value), is_text, size);
  }

  void add(const YAML::Mark& mark, Json value, bool is_text, const Size& size) {
    if (levels_.empty()) {
      root_ = std::move(value);
      return;
    }
    Level& level = levels_.back();
    level.size.nodes += size.nodes;
    level.size.bytes += size.bytes;
    if (level.value.is_array()) {
      level.value.push_back(std::move(value));
    } else if (!level.key) {
      if (!is_text || !value.is_string()) refuse(mark, "a key must be text");
      add_key(mark, level, value.get<std::string>());
    } else {
      level.value[*std::exchange(level.key, std::nullopt)] = std::move(value);
    }
  }

  static void add_key(const YAML::Mark& mark, Level& level, std::string key) {
    if (key == "<<") refuse(mark, "merge keys are not known here");
    if (level.value.contains(key)) refuse(mark, fmt::format("key '{}' stands here twice", key.substr(0, 80)));
    level.key = std::move(key);
  }

  Json root_;
  std::vector<Level> levels_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  Size all_{0, 0};
};

}  // namespace

std::vector<core::JsonDocument> parse_yaml(std::string_view text) {
  if (text.size() > kMaxYamlBytes)
    throw core::invalid(fmt::format("YAML of {} bytes; at most {} are read", text.size(), kMaxYamlBytes));
  if (!core::is_utf8(text)) throw core::invalid("YAML that is not UTF-8");
  if (text.find('\0') != std::string_view::npos) throw core::invalid("YAML with a NUL character");
  std::vector<core::JsonDocument> documents;
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    for (std::size_t count = 0; count <= kMaxDocuments; ++count) {
      Builder builder;  // anchors are a document's own
      if (!parser.HandleNextDocument(builder)) return documents;
      Json root = builder.take_root();
      if (!root.is_null()) documents.emplace_back(std::move(root));
    }
  } catch (const YAML::Exception& e) {
    refuse(e.mark, e.msg);
  }
  throw core::invalid(fmt::format("YAML with more than {} documents", kMaxDocuments));
}

}  // namespace wakeful::monitor
