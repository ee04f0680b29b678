#pragma once
// Identities: a typed text, and fresh random ones.
#include <compare>
#include <string>
#include <string_view>
#include <utility>

namespace wakeful::core {

/// An identifier of one kind of thing: Id<Run> and Id<Experiment> do not mix. Made at the door, trusted afterwards.
template <class Kind>
class Id {
 public:
  Id() = default;
  explicit Id(std::string text) : text_(std::move(text)) {}
  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }
  auto operator<=>(const Id&) const = default;

 private:
  std::string text_;
};

/// 32 lower-case hex digits from the system's random source, as MLflow's run ids are.
std::string new_hex_id();
/// `digits` decimal digits, no leading zero: MLflow's experiment ids.
std::string new_decimal_id(int digits);

}  // namespace wakeful::core
