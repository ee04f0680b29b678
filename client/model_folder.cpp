#include "client/model_folder.hpp"

#include <fmt/format.h>

#include "client/files.hpp"
#include "monitor/wire/names.hpp"
#include "platform/core/digest.hpp"
#include "python_files.hpp"

namespace wakeful::client {
namespace {

/// MLflow reads "2026-03-01 12:00:00.000000".
std::string mlflow_time(core::Timestamp time) {
  std::string text = core::format_rfc3339(time).substr(0, 19);
  text[10] = ' ';
  return fmt::format("{}.{:06}", text, core::to_us(time) % 1'000'000);
}

std::string mlmodel_of(const ModelFolder& folder, const std::string& sha256) {
  return fmt::format(
      "flavors:\n"
      "  python_function:\n"
      "    loader_module: wakeful_model\n"
      "    code: code\n"
      "    data: {0}\n"
      "  wakeful:\n"
      "    abi_version: 1\n"
      "    code: code\n"
      "    data: {0}\n"
      "    sha256: {1}\n"
      "model_uuid: {2}\n"
      "run_id: {3}\n"
      "utc_time_created: '{4}'\n",
      monitor::kModelFile, sha256, sha256.substr(0, 32), folder.run_id, mlflow_time(folder.created));
}

}  // namespace

monitor::StoredFile store_model(const client::Server& server, const ModelFolder& folder, std::string bytes) {
  monitor::StoredFile file{.uri = {}, .sha256 = core::sha256_hex(bytes)};
  const std::string uri = fmt::format("{}-{}", folder.stem, file.sha256.substr(0, 16));
  file.uri = join_uri(uri, monitor::kModelFile);
  file.size_bytes = static_cast<std::int64_t>(bytes.size());
  for (const auto& code : python::files())
    upload(server, join_uri(uri, fmt::format("code/{}", code.path)), std::string(code.bytes));
  upload(server, join_uri(uri, "MLmodel"), mlmodel_of(folder, file.sha256));
  upload(server, file.uri, std::move(bytes));
  return file;
}

}  // namespace wakeful::client
