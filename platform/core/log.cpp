#include "platform/core/log.hpp"

#include <unistd.h>

#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "platform/core/clock.hpp"
#include "platform/core/json.hpp"
#include "platform/core/text.hpp"

namespace wakeful::core::log {
namespace {

struct Sink {
  spdlog::logger logger{"wakeful", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  std::atomic<Level> least{Level::info};
  std::atomic<bool> json{::isatty(STDERR_FILENO) == 0};
  Sink() {
    logger.set_pattern("%v");
    logger.set_level(spdlog::level::trace);
    logger.flush_on(spdlog::level::trace);
  }
};

Sink& sink() {
  static Sink instance;
  return instance;
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      return "error";
  }
  return "error";
}

void append_logfmt(std::string& line, const Field& field) {
  line += ' ';
  line += field.key;
  line += '=';
  if (const auto* text = std::get_if<std::string>(&field.value)) {
    const bool plain = !text->empty() && text->find_first_of(" \"=\n\t\r") == std::string::npos;
    line += plain ? *text : JsonWriter().value(*text).take();
  } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
    line += std::to_string(*number);
  } else if (const auto* real = std::get_if<double>(&field.value)) {
    line += format_real(*real);
  } else {
    line += std::get<bool>(field.value) ? "true" : "false";
  }
}

}  // namespace

void configure(Level least, Format format) {
  sink().least = least;
  if (format != Format::automatic) sink().json = format == Format::json;
}

bool enabled(Level level) { return level >= sink().least.load(std::memory_order_relaxed); }

void write(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (!enabled(level)) return;
  Sink& out = sink();
  const std::string now = format_rfc3339(SystemClock().now());
  if (!out.json.load(std::memory_order_relaxed)) {
    std::string line = fmt::format("{} {:<5} {}", now, name_of(level), event);
    for (const Field& field : fields) append_logfmt(line, field);
    out.logger.info(line);
    return;
  }
  JsonWriter json;
  json.begin_object().member("ts", now).member("level", name_of(level)).member("event", event);
  for (const Field& field : fields) {
    json.key(field.key);
    std::visit([&](const auto& v) { json.value(v); }, field.value);
  }
  out.logger.info(json.end_object().text());
}

}  // namespace wakeful::core::log
