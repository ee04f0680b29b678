#include "serving/model_servers.hpp"

#include <cmath>
#include <utility>

#include "platform/core/error.hpp"

namespace wakeful::serving {
namespace {

constexpr std::size_t kLongestName = 300;

std::string short_text(const core::ObjectReader& object, std::string_view name) {
  std::string text = object.text(name);
  if (text.empty() || text.size() > kLongestName)
    throw core::invalid("empty, or longer than 300", object.path_of(name));
  return text;
}

double latency(const core::ObjectReader& object, std::string_view name) {
  const double value = object.real(name);
  if (!std::isfinite(value) || value < 0) throw core::invalid("no latency", object.path_of(name));
  return value;
}

std::int64_t count(const core::ObjectReader& object, std::string_view name) {
  const std::int64_t value = object.integer(name);
  if (value < 0) throw core::invalid("negative", object.path_of(name));
  return value;
}

}  // namespace

void write(core::JsonWriter& json, const ModelServer& server) {
  json.begin_object().member("address", server.address).member("model", server.model);
  json.member("version", server.version).member("last_minute", server.last_minute);
  json.member("average_ms", server.average_ms).member("p95_ms", server.p95_ms);
  json.member("told", core::format_rfc3339(server.told)).end_object();
}

ModelServer read_model_server(const core::ObjectReader& object) {
  return {.address = short_text(object, "address"),
          .model = short_text(object, "model"),
          .version = count(object, "version"),
          .last_minute = count(object, "last_minute"),
          .average_ms = latency(object, "average_ms"),
          .p95_ms = latency(object, "p95_ms")};
}

void ModelServers::forget(core::Timestamp now) {
  std::erase_if(by_place_, [&](const auto& entry) { return entry.second.told + kFresh < now; });
}

void ModelServers::tell(ModelServer server, core::Timestamp now) {
  core::Lock lock(mutex_);
  forget(now);
  server.told = now;
  const std::pair place(server.model, server.address);
  if (by_place_.size() >= kMost && !by_place_.contains(place))
    throw core::exhausted("too many model servers tell of themselves", "address");
  by_place_[place] = std::move(server);
}

std::vector<ModelServer> ModelServers::list(core::Timestamp now) {
  core::Lock lock(mutex_);
  forget(now);
  std::vector<ModelServer> out;
  for (const auto& [place, server] : by_place_) out.push_back(server);
  return out;
}

std::vector<http::Route> model_server_routes(ModelServers& servers, const core::Clock& clock) {
  const auto tell = [&](http::Request& request) {
    const auto document = core::parse_json(request.read_body());
    servers.tell(read_model_server(core::ObjectReader(document.root())), clock.now());
    return http::Response::json("{}");
  };
  const auto list = [&](http::Request&) {
    core::JsonWriter json;
    json.begin_object().key("model_servers").begin_array();
    for (const ModelServer& model : servers.list(clock.now())) write(json, model);
    json.end_array().end_object();
    return http::Response::json(json.take());
  };
  std::vector<http::Route> routes(2);
  routes[0] = {.method = "POST",
               .pattern = "/api/v1/model-servers",
               .surface = http::Surface::own,
               .handler = tell,
               .summary = "A model server tells what it serves, and how busy it is; forgotten after 15 s."};
  routes[1] = {.method = "GET",
               .pattern = "/api/v1/model-servers",
               .surface = http::Surface::own,
               .handler = list,
               .summary = "Lists the model servers that told of themselves in the last 15 s."};
  return routes;
}

}  // namespace wakeful::serving
