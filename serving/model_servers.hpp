#pragma once
// Who serves which models at the moment, as the model servers say themselves, and how busy they are.
//
// Kept in memory and forgotten when nobody repeats it: it is news, not history (a model server's /metrics are for
// that). Of several tracking servers each knows what it was told. Threads: any.
#include <map>
#include <string>
#include <vector>

#include "platform/core/clock.hpp"
#include "platform/core/json.hpp"
#include "platform/core/mutex.hpp"
#include "platform/http/router.hpp"

namespace wakeful::serving {

struct ModelServer {
  std::string address{};  // http://host:port
  std::string model{};    // registered name
  std::int64_t version = 0;
  std::int64_t last_minute = 0;  // requests
  double average_ms = 0;         // of the last requests
  double p95_ms = 0;
  core::Timestamp told{};
};
void write(core::JsonWriter& json, const ModelServer& server);
/// Errors: invalid, naming the member.
ModelServer read_model_server(const core::ObjectReader& object);

class ModelServers {
 public:
  static constexpr core::Duration kFresh = std::chrono::seconds(15);
  static constexpr std::size_t kMost = 1'000;

  /// Errors: exhausted if too many are known.
  void tell(ModelServer server, core::Timestamp now);
  /// Those that were told of lately. Order: by model and address.
  std::vector<ModelServer> list(core::Timestamp now);

 private:
  void forget(core::Timestamp now) REQUIRES(mutex_);

  core::Mutex mutex_;
  std::map<std::pair<std::string, std::string>, ModelServer> by_place_ GUARDED_BY(mutex_);
};

/// POST and GET /api/v1/model-servers. Borrows both.
std::vector<http::Route> model_server_routes(ModelServers& servers, const core::Clock& clock);

}  // namespace wakeful::serving
