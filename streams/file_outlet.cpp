#include "streams/file_outlet.hpp"

#include <utility>

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

}  // namespace

FileOutlet::FileOutlet(const StreamDefinition& definition, const Counts& counts, std::ostream& out)
    : definition_(definition), out_(out) {
  const std::string alerts = path_of(definition.output), dead = path_of(definition.dead_letters);
  if (!alerts.empty()) alerts_.emplace(alerts, counts.written, "stream.output.file");
  if (!dead.empty()) dead_.emplace(dead, counts.dead, "stream.dead_letters.file");
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

void FileOutlet::prepare(Counts& counts) {
  if (alerts_) counts.written = alerts_->sync();
  if (dead_) counts.dead = dead_->sync();
  if (!printed_.empty()) out_ << std::exchange(printed_, {}) << std::flush;
}

}  // namespace wakeful::streams
