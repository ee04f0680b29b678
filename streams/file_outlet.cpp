#include "streams/file_outlet.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "platform/core/json.hpp"
#include "platform/core/text.hpp"

namespace wakeful::streams {
namespace {

std::string path_of(const std::variant<NoOutput, FileOutput, TopicOutput>& output) {
  const auto* file = std::get_if<FileOutput>(&output);
  return file != nullptr ? file->path : std::string();
}

void write_text(core::JsonWriter& json, std::string_view name, std::string_view text) {
  json.member(name, core::is_utf8(text) ? text : std::string_view("(not UTF-8)"));
}

void require_empty_file(const std::string& path, std::string_view field) {
  std::error_code error;
  if (path.empty() || !std::filesystem::is_regular_file(path, error)) return;
  const auto size = std::filesystem::file_size(path, error);
  if (error || size == 0) return;
  throw core::invalid(fmt::format("'{}' holds {} bytes that this state did not write: move the file away, or take the "
                                  "--state that wrote it",
                                  path, size),
                      std::string(field));
}

constexpr std::string_view kAlertsField = "stream.output.file", kDeadField = "stream.dead_letters.file";

}  // namespace

OutputFiles FileOutlet::files_of(const StreamDefinition& definition) {
  return {.alerts = path_of(definition.output), .dead = path_of(definition.dead_letters)};
}

void FileOutlet::require_empty(const OutputFiles& fresh) {
  require_empty_file(fresh.alerts, kAlertsField);
  require_empty_file(fresh.dead, kDeadField);
}

FileOutlet::FileOutlet(const StreamDefinition& definition, const Counts& counts, std::ostream& out)
    : definition_(definition), out_(out) {
  const std::string alerts = path_of(definition.output), dead = path_of(definition.dead_letters);
  if (!alerts.empty()) alerts_.emplace(alerts, counts.written, std::string(kAlertsField));
  if (!dead.empty()) dead_.emplace(dead, counts.dead, std::string(kDeadField));
}

void FileOutlet::alert(const Alert& alert) {
  const std::string line = line_of(definition_, alert);
  alerts_ ? alerts_->append(line) : static_cast<void>(printed_ += line);
}

void FileOutlet::bury(const DeadLetter& letter) {
  if (!dead_) return;
  core::JsonWriter json;
  json.begin_object().member("reason", letter.reason).member("lane", letter.lane).member("offset", letter.offset);
  if (letter.record.key) write_text(json, "key", *letter.record.key);
  write_text(json, "line", letter.record.value);
  dead_->append(json.end_object().take() + "\n");
}

Lengths FileOutlet::prepare() {
  Lengths out;
  if (alerts_) out.written = alerts_->sync();
  if (dead_) out.dead = dead_->sync();
  if (!printed_.empty() && !(out_ << std::exchange(printed_, {}) << std::flush))
    throw core::unavailable("alerts cannot be printed: standard output takes no more");
  return out;
}

}  // namespace wakeful::streams
