#include "server/watch_commands.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "client/watch.hpp"
#include "monitor/wire/yaml.hpp"
#include "platform/core/error.hpp"
#include "platform/core/json_numbers.hpp"
#include "platform/core/text.hpp"
#include "server/table.hpp"

namespace wakeful::server {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::vector<fs::path> files_of(const std::string& path) {
  if (!fs::exists(path)) throw core::not_found(fmt::format("{}: no such file or folder", path));
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path)) {
    const std::string ending = entry.path().extension().string();
    if (entry.is_regular_file() && (ending == ".yaml" || ending == ".yml" || ending == ".json"))
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) throw core::invalid(fmt::format("{}: no *.yaml, *.yml or *.json file in it", path));
  return files;
}

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw core::not_found(fmt::format("{}: cannot be read", path.string()));
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Document {
  std::string file;
  std::string name;
  std::string json;
};

std::vector<Document> documents_of(const std::string& path) {
  std::vector<Document> documents;
  for (const fs::path& file : files_of(path)) {
    try {
      for (const core::JsonDocument& document : monitor::parse_yaml(bytes_of(file)))
        documents.push_back({.file = file.string(),
                             .name = core::ObjectReader(document.root()).text("name"),
                             .json = core::dump_json(document.root())});
    } catch (const core::Error& e) {
      throw core::Error(e.code(), fmt::format("{}: {}", file.string(), e.what()), e.field());
    }
  }
  if (documents.empty()) throw core::invalid(fmt::format("{}: no detector in it", path));
  return documents;
}

monitor::ApplyReport apply(const client::Server& server, const Document& document, bool dry_run) {
  try {
    return client::apply_detector(server, document.name, document.json, "application/json", dry_run);
  } catch (const core::Error& e) {
    throw core::Error(e.code(), fmt::format("{}: {}: {}", document.file, document.name, e.what()), e.field());
  }
}

void print_changes(const monitor::ApplyReport& report, std::ostream& out) {
  out << fmt::format("{}: {}{}\n", report.name, name_of(report.applied), report.dry_run ? " (dry run)" : "");
  for (const monitor::Change& change : report.changes) {
    if (change.from.empty())
      out << fmt::format("  + {}: {}\n", change.path, change.to);
    else if (change.to.empty())
      out << fmt::format("  - {}: {}\n", change.path, change.from);
    else
      out << fmt::format("  ~ {}: {} -> {}\n", change.path, change.from, change.to);
  }
}

template <class T>
std::string json_line(const T& value) {
  return client::json_of(value) + "\n";
}

std::string time_or_dash(const std::optional<core::Timestamp>& time) {
  return time ? core::format_rfc3339(*time) : std::string("-");
}

/// Each channel that the metadata of an anomaly tells, by its contribution, the largest first. What another runner
/// keeps there in another form is passed over.
std::vector<std::pair<double, std::string>> contributions_of(const std::string& metadata) {
  std::vector<std::pair<double, std::string>> all;
  const core::JsonDocument document = core::parse_json(metadata);
  const core::Json* channels = core::ObjectReader(document.root()).find_value("channels");
  if (channels == nullptr || !core::is_object(*channels)) return all;
  const core::ObjectReader named(*channels);
  for (const std::string& name : named.names()) {
    const core::Json* channel = named.find_value(name);
    if (channel == nullptr || !core::is_object(*channel)) continue;
    const core::Json* part = core::ObjectReader(*channel).find_value("contribution");
    const auto number = part == nullptr ? std::nullopt : core::find_cell(*part);
    if (number && !std::isnan(*number)) all.emplace_back(*number, name);
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  return all;
}

/// Its entity; where several channels were judged together, those that it mostly was: "s3 90 %, s2 4 %".
std::string place_of(const monitor::Anomaly& anomaly) {
  const std::string &entity = anomaly.score.entity, &metadata = anomaly.score.metadata;
  if (!entity.empty() || metadata.empty() || !anomaly.score.score) return entity;
  std::string text;
  std::size_t told = 0;
  for (const auto& [contribution, name] : contributions_of(metadata)) {
    text += fmt::format("{}{} {:.0f} %", told == 0 ? "" : ", ", name, 100 * contribution / *anomaly.score.score);
    if (++told == 2) break;
  }
  return text;
}

std::string number_or_dash(const std::optional<double>& number) {
  return number ? fmt::format("{:.6g}", *number) : std::string("-");
}

/// All pages of a list, one after another, each row given to `show`.
template <class List, class Show>
void each_row(List list, Show show) {
  std::string token;
  do {
    const auto page = list(token);
    for (const auto& row : page.rows) show(row);
    token = page.next_page_token;
  } while (!token.empty());
}

monitor::Job wait_for(const client::Server& server, monitor::Job job) {
  while (!monitor::has_ended(job.state)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    job = client::get_job(server, job.id);
  }
  return job;
}

}  // namespace

http::ClientOptions client_options() {
  http::ClientOptions options;
  options.username = variable("MLFLOW_TRACKING_USERNAME");
  options.password = variable("MLFLOW_TRACKING_PASSWORD");
  options.token = variable("MLFLOW_TRACKING_TOKEN");
  return options;
}

client::Server connect_server(const std::string& uri) { return client::Server(http::connect(uri, client_options())); }

int apply_files(const client::Server& server, const std::string& path, bool dry_run, const Console& console) {
  const std::vector<Document> documents = documents_of(path);
  for (const Document& document : documents) apply(server, document, true);
  for (const Document& document : documents) {
    const monitor::ApplyReport report = apply(server, document, dry_run);
    if (console.json)
      console.out << json_line(report);
    else
      print_changes(report, console.out);
  }
  return 0;
}

int run_detector(const client::Server& server, const RunOptions& options, const Console& console) {
  client::RunRequest request;
  request.kind = monitor::parse_job_kind(options.kind, "--kind");
  if (options.from) request.from = core::parse_rfc3339(*options.from);
  if (options.until) request.until = core::parse_rfc3339(*options.until);
  if (options.wait) request.wait = std::chrono::seconds(30);
  monitor::Job job = client::run_detector(server, options.detector, request);
  if (options.wait) job = wait_for(server, std::move(job));
  if (console.json)
    console.out << json_line(job);
  else
    console.out << fmt::format("job {}: {} {} {}\n", job.id, name_of(job.kind), job.subject, name_of(job.state));
  if (!job.error.empty()) console.err << job.error << '\n';
  return monitor::has_ended(job.state) && job.state != monitor::JobState::succeeded ? 1 : 0;
}

int list_detectors(const client::Server& server, const Console& console) {
  Table table({"NAME", "MODE", "STATE", "LAST EVALUATED", "LAST TRAINED", "NEXT EVALUATION"});
  each_row([&](const std::string& token) { return client::list_detectors(server, token); },
           [&](const monitor::DetectorStatus& d) {
             if (console.json) console.out << json_line(d);
             table.add({d.definition.name, d.definition.deployment_mode, d.state, time_or_dash(d.last_evaluated),
                        time_or_dash(d.last_trained), time_or_dash(d.next_evaluation)});
           });
  if (!console.json) table.print(console.out);
  return 0;
}

int list_models(const client::Server& server, const std::string& filter, const Console& console) {
  Table table({"NAME", "VERSION", "TAGS"});
  std::string token;
  do {
    const auto page = server.get("/api/2.0/mlflow/registered-models/search" +
                                 client::query_of({{"filter", filter}, {"page_token", token}}));
    const core::ObjectReader body(page.root());
    for (const core::ObjectReader& model : body.objects("registered_models")) {
      std::string tags;
      for (const core::ObjectReader& tag : model.objects("tags"))
        tags += fmt::format("{}{}={}", tags.empty() ? "" : " ", tag.text("key"), tag.find_text("value").value_or(""));
      const auto latest = model.objects("latest_versions");
      table.add({model.text("name"), latest.empty() ? "-" : latest.front().text("version"), tags});
    }
    if (console.json) console.out << core::dump_json(page.root()) << '\n';
    token = body.find_text("next_page_token").value_or("");
  } while (!token.empty());
  if (!console.json) table.print(console.out);
  return 0;
}

int list_anomalies(const client::Server& server, const std::string& detector, const Console& console) {
  Table table({"TIME", "DETECTOR", "ENTITY", "ALGORITHM", "VALUE", "EXPECTED", "SCORE"});
  each_row(
      [&](const std::string& token) { return client::list_anomalies(server, detector, {}, token); },
      [&](const monitor::Anomaly& a) {
        if (console.json) console.out << json_line(a);
        table.add({core::format_rfc3339(a.score.timestamp), a.detector, place_of(a), a.score.algorithm,
                   number_or_dash(a.score.value), number_or_dash(a.score.expected), number_or_dash(a.score.score)});
      });
  if (!console.json) table.print(console.out);
  return 0;
}

int list_jobs(const client::Server& server, const Console& console) {
  Table table({"ID", "KIND", "DETECTOR", "STATE", "SCHEDULED", "FINISHED", "ERROR"});
  each_row([&](const std::string& token) { return client::list_jobs(server, token); },
           [&](const monitor::Job& job) {
             if (console.json) console.out << json_line(job);
             table.add({job.id, std::string(name_of(job.kind)), job.subject, std::string(name_of(job.state)),
                        core::format_rfc3339(job.scheduled), time_or_dash(job.finished), job.error});
           });
  if (!console.json) table.print(console.out);
  return 0;
}

}  // namespace wakeful::server
