#include "streams/kafka_client.hpp"

#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <mutex>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/log.hpp"
#include "platform/core/text.hpp"

namespace wakeful::streams {
namespace {

constexpr const char* kConfigVariable = "WAKEFUL_KAFKA_CONFIG";

struct EndConf {
  void operator()(rd_kafka_conf_t* conf) const { kafka().conf_destroy(conf); }
};
using Conf = std::unique_ptr<rd_kafka_conf_t, EndConf>;

void set(rd_kafka_conf_t* conf, const std::string& key, const std::string& value, const char* field) {
  std::array<char, 512> why{};
  if (kafka().conf_set(conf, key.c_str(), value.c_str(), why.data(), why.size()) != RD_KAFKA_CONF_OK)
    throw core::invalid(fmt::format("{}: {}", field, why.data()), field);
}

void read_config(rd_kafka_conf_t* conf) {
  const char* path = std::getenv(kConfigVariable);
  if (path == nullptr || *path == '\0') return;
  std::ifstream file(path);
  if (!file) throw core::invalid(fmt::format("{}: '{}' cannot be read", kConfigVariable, path), kConfigVariable);
  for (std::string line; std::getline(file, line);) {
    const std::string_view text = core::trim(line);
    if (text.empty() || text.front() == '#') continue;
    const std::size_t sign = text.find('=');
    if (sign == std::string_view::npos)
      throw core::invalid(fmt::format("{}: '{}' is no key=value", kConfigVariable, text), kConfigVariable);
    set(conf, std::string(core::trim(text.substr(0, sign))), std::string(core::trim(text.substr(sign + 1))),
        kConfigVariable);
  }
}

/// A broker that is away is told about once in a while, not at every try.
void report(rd_kafka_t* /*client*/, int code, const char* reason, void* /*opaque*/) {
  using Steady = std::chrono::steady_clock;
  static std::mutex mutex;
  static Steady::time_point next;
  const std::lock_guard lock(mutex);
  if (Steady::now() < next) return;
  next = Steady::now() + std::chrono::seconds(10);
  core::log::warn("kafka", {{"error", kafka().err2str(static_cast<rd_kafka_resp_err_t>(code))}, {"reason", reason}});
}

void log_line(const rd_kafka_t* /*client*/, int /*level*/, const char* facility, const char* text) {
  core::log::debug("kafka_client", {{"facility", facility}, {"text", text}});
}

}  // namespace

ClientHandle make_client(rd_kafka_type_t type, KafkaSettings settings, RebalanceCallback rebalance, void* opaque) {
  Conf conf(kafka().conf_new());
  read_config(conf.get());
  for (const auto& [key, value] : settings) set(conf.get(), key, value, "stream.input.kafka");
  kafka().conf_set_error_cb(conf.get(), report);
  kafka().conf_set_log_cb(conf.get(), log_line);
  kafka().conf_set_opaque(conf.get(), opaque);
  if (rebalance != nullptr) kafka().conf_set_rebalance_cb(conf.get(), rebalance);
  std::array<char, 512> why{};
  ClientHandle client(kafka().new_client(type, conf.get(), why.data(), why.size()));
  if (!client) throw core::invalid(fmt::format("no client of Kafka's: {}", why.data()), "stream.input.kafka");
  static_cast<void>(conf.release());  // the client's now
  return client;
}

void require_ok(rd_kafka_resp_err_t error, const char* doing) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw core::unavailable(fmt::format("{}: {}", doing, kafka().err2str(error)));
}

}  // namespace wakeful::streams
