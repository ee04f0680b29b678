#include "platform/http/metrics_route.hpp"

#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "platform/core/text.hpp"

namespace wakeful::http {
namespace {

std::string read_text(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Under the names that Prometheus' own clients use; empty where the system does not tell.
std::string process_text() {
  const std::string stat = read_text("/proc/self/stat");
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos) return {};
  const auto fields =
      core::split(core::trim(std::string_view(stat).substr(name_end + 1)), ' ');  // the first is the state
  if (fields.size() < 22) return {};
  const auto field = [&](std::size_t i) { return static_cast<double>(core::to_integer(fields[i]).value_or(0)); };
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  timespec up{};
  clock_gettime(CLOCK_BOOTTIME, &up);
  const double booted = static_cast<double>(std::time(nullptr)) - static_cast<double>(up.tv_sec);
  std::error_code none;
  const auto files = std::distance(std::filesystem::directory_iterator("/proc/self/fd", none), {});
  std::string out;
  const auto add = [&out](std::string_view name, std::string_view type, std::string_view help, double value) {
    out += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", name, help, type, core::format_real(value));
  };
  add("process_cpu_seconds_total", "counter", "Processor time, user and system", (field(11) + field(12)) / ticks);
  add("process_open_fds", "gauge", "Open file descriptors", static_cast<double>(files));
  add("process_resident_memory_bytes", "gauge", "Resident memory", field(21) * page);
  add("process_start_time_seconds", "gauge", "When the process began, in seconds since 1970",
      booted + field(19) / ticks);
  add("process_virtual_memory_bytes", "gauge", "Virtual memory", field(20));
  return out;
}

}  // namespace

Route metrics_route(core::Telemetry& telemetry, bool open) {
  return {.method = "GET",
          .pattern = "/metrics",
          .surface = Surface::plain,
          .handler =
              [&telemetry](Request&) {
                return Response::text(telemetry.prometheus_text() + process_text(), 200,
                                      "text/plain; version=0.0.4; charset=utf-8");
              },
          .summary = "What the program counts about itself, for Prometheus.",
          .open = open};
}

}  // namespace wakeful::http
