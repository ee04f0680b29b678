#pragma once
// Content hashes. SHA-256 names artifacts and evaluations; nothing here is for passwords.
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace wakeful::core {

/// SHA-256 in lower-case hex, fed in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(std::string_view bytes);
  void update(std::span<const std::byte> bytes);
  /// Once.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::string_view bytes);

}  // namespace wakeful::core
