#include "runner/loading.hpp"

#include <fmt/format.h>

#include "client/files.hpp"
#include "platform/core/digest.hpp"
#include "platform/core/error.hpp"

namespace wakeful::runner {
namespace {

constexpr std::uint64_t kMaxModelBytes = 1U << 30U;

}  // namespace

std::string download_model(const client::Server& server, const monitor::OnlineModel& model) {
  std::string bytes = client::download(server, model.artifact_uri, kMaxModelBytes);
  if (!model.artifact_sha256.empty() && core::sha256_hex(bytes) != model.artifact_sha256) {
    throw core::unavailable(
        fmt::format("{}: the file of version {} is not the one that was committed", model.name, model.version));
  }
  return bytes;
}

}  // namespace wakeful::runner
