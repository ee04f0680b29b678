#include "runner/streams/instance.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include <fmt/format.h>

#include "platform/core/id.hpp"

namespace wakeful::runner {
namespace {

constexpr int kMost = 1'000;
constexpr std::size_t kIdLength = 32;

std::string host_name() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  std::string name(host.data());
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)) && c != '-'; }, '-');
  return name.substr(0, 100);
}

/// The id in the file, whose lock is held; makes one where there is none. "" if it cannot be kept.
std::string id_in(int file) {
  std::array<char, kIdLength> kept{};
  const bool is_whole = ::pread(file, kept.data(), kept.size(), 0) == static_cast<ssize_t>(kept.size());
  if (is_whole && std::all_of(kept.begin(), kept.end(), [](unsigned char c) { return std::isxdigit(c); }))
    return {kept.data(), kept.size()};
  const std::string fresh = core::new_hex_id();
  return ::pwrite(file, fresh.data(), fresh.size(), 0) == static_cast<ssize_t>(fresh.size()) ? fresh : "";
}

}  // namespace

Instance::Instance(const std::filesystem::path& folder) {
  for (int i = 0; i < kMost; ++i) {
    const std::string file = folder / fmt::format("wakeful-{}-instance-{}.lock", ::getuid(), i);
    const int lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0) break;
    if (::flock(lock, LOCK_EX | LOCK_NB) == 0) {  // the kernel lets go of it after a kill -9 too
      const std::string id = id_in(lock);
      lock_ = lock;
      name_ = fmt::format("{}-{}", host_name(), id.empty() ? core::new_hex_id() : id);
      return;
    }
    ::close(lock);
  }
  name_ = fmt::format("{}-{}", host_name(), core::new_hex_id());  // alone, but another one after a restart
}

Instance::~Instance() {
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace wakeful::runner
