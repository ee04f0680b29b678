#include "monitor/stream_detectors.hpp"

#include <array>

#include <fmt/format.h>

#include "monitor/detectors.hpp"
#include "monitor/wire/definition.hpp"
#include "platform/core/digest.hpp"
#include "platform/core/error.hpp"
#include "platform/core/text.hpp"

namespace wakeful::monitor {
namespace {

constexpr std::string_view kColumns = "d.definition, d.revision, d.error, d.error_us, d.created_us, d.updated_us";
constexpr db::Sql kFind{"stream_detector.find",
                        "SELECT d.definition, d.revision, d.error, d.error_us, d.created_us, d.updated_us "
                        "FROM stream_detectors d WHERE d.name = $1"};
constexpr db::Sql kOthers{"stream_detector.others", "SELECT definition FROM stream_detectors WHERE name <> $1"};
constexpr db::Sql kApply{
    "stream_detector.apply",
    "INSERT INTO stream_detectors(name, definition, digest, revision, push, error, error_us, created_us, updated_us) "
    "VALUES ($1, $2, $3, 1, $4, '', 0, $5, $5) ON CONFLICT(name) DO UPDATE SET definition = excluded.definition, "
    "digest = excluded.digest, revision = stream_detectors.revision + 1, push = excluded.push, error = '', "
    "updated_us = excluded.updated_us"};
constexpr db::Sql kMark{"stream_detector.mark",
                        "UPDATE stream_detectors SET error = $2, error_us = $3 WHERE name = $1"};
constexpr db::Sql kRemove{"stream_detector.remove", "DELETE FROM stream_detectors WHERE name = $1"};
constexpr db::Sql kOpenInput{"pushed_input.open",
                             "INSERT INTO pushed_inputs(input, next_number, first_number) VALUES ($1, 0, 0) "
                             "ON CONFLICT(input) DO NOTHING"};

StreamDetector read_row(const db::Row& row, int first) {
  const auto document = core::parse_json(row.text(first));
  return {.file = read_stream_file(document.root()),
          .revision = row.integer(first + 1),
          .error = std::string(row.text(first + 2)),
          .error_time = core::from_us(row.integer(first + 3)),
          .created = core::from_us(row.integer(first + 4)),
          .updated = core::from_us(row.integer(first + 5))};
}

std::string push_of(const streams::StreamDefinition& definition) {
  const auto* push = std::get_if<streams::PushInput>(&definition.input);
  return push != nullptr ? push->name : std::string();
}

/// Two detectors in one consumer group would deal the partitions among themselves, and know nothing of it.
void refuse_shared_group(db::Tx& tx, const streams::StreamDefinition& definition) {
  const auto* kafka = std::get_if<streams::KafkaInput>(&definition.input);
  if (kafka == nullptr) return;
  tx.query(kOthers, {definition.name}, [&](const db::Row& row) {
    const auto document = core::parse_json(row.text(0));
    const streams::StreamDefinition other = streams::read_stream(core::ObjectReader(document.root()));
    const auto* theirs = std::get_if<streams::KafkaInput>(&other.input);
    if (theirs == nullptr || theirs->brokers != kafka->brokers || theirs->group != kafka->group) return;
    throw core::conflict(fmt::format("'{}' reads in group '{}' already; give each detector a group of its own",
                                     other.name, kafka->group.substr(0, 120)),
                         "stream.input.kafka.group");
  });
}

}  // namespace

StreamFile read_stream_file(const core::Json& document) {
  StreamFile file{.definition = streams::read_stream(core::ObjectReader(document)), .text = {}};
  streams::check_for_server(file.definition);
  file.text = core::dump_json(document);
  return file;
}

ApplyReport plan_stream(db::Tx& tx, const StreamFile& file) {
  const std::string& name = file.definition.name;
  if (find_detector(tx, name))
    throw core::conflict(fmt::format("Detector '{}' has a schedule; delete it before a stream takes its name", name),
                         "name");
  const auto made_by = streams::find_fingerprint(tx, name);
  if (made_by && *made_by != streams::fingerprint(file.definition))
    throw core::conflict(fmt::format("the state of '{}' belongs to another input, window, value or timestamp; give the "
                                     "detector another name, or delete it to begin anew",
                                     name),
                         "stream");
  refuse_shared_group(tx, file.definition);
  const auto before = find_stream(tx, name);
  ApplyReport report{.name = name, .definition = file.text};
  report.changes = changes_of_text(before ? before->file.text : "", file.text);
  report.applied = !before ? Applied::created : report.changes.empty() ? Applied::unchanged : Applied::updated;
  report.revision = (before ? before->revision : 0) + (report.applied == Applied::unchanged ? 0 : 1);
  return report;
}

ApplyReport apply_stream(db::Tx& tx, const StreamFile& file, core::Timestamp now) {
  ApplyReport report = plan_stream(tx, file);
  if (report.applied == Applied::unchanged) return report;
  const auto before = find_stream(tx, report.name);
  const std::string push = push_of(file.definition), left = before ? push_of(before->file.definition) : std::string();
  tx.execute(kApply, {report.name, file.text, core::sha256_hex(file.text), push, core::to_us(now)});
  if (!push.empty()) tx.execute(kOpenInput, {push});
  if (!left.empty() && left != push) trim_pushed(tx, left);
  return report;
}

std::optional<StreamDetector> find_stream(db::Tx& tx, std::string_view name) {
  return tx.find(kFind, {name}, [](const db::Row& row) { return read_row(row, 0); });
}

StreamDetector get_stream(db::Tx& tx, std::string_view name) {
  auto found = find_stream(tx, name);
  if (!found) throw core::not_found(fmt::format("Stream detector with name={} not found", name.substr(0, 120)), "name");
  return std::move(*found);
}

Page<StreamDetector> list_streams(db::Tx& tx, const PageTerms& terms) {
  const std::array<search::SortKey, 1> keys{{{"d.name", true}}};
  search::Query query;
  query.text("SELECT d.name, ").text(kColumns).text(" FROM stream_detectors d WHERE 1 = 1");
  return read_list<StreamDetector>(tx, "stream_detector.list", std::move(query), {keys, "s"}, terms, read_row);
}

void remove_stream_detector(db::Tx& tx, std::string_view name) {
  const StreamDetector stream = get_stream(tx, name);
  streams::remove_stream(tx, name);
  tx.execute(kRemove, {name});
  if (const std::string push = push_of(stream.file.definition); !push.empty()) trim_pushed(tx, push);
}

void mark_stream(db::Tx& tx, std::string_view name, std::string_view error, core::Timestamp now) {
  if (tx.execute(kMark, {name, error, core::to_us(now)}) == 0) get_stream(tx, name);
}

Page<Anomaly> list_stream_alerts(db::Tx& tx, const StreamAlertSearch& search) {
  const std::array<search::SortKey, 4> keys{
      {{"a.start_us", false}, {"a.detector", true}, {"a.lane", true}, {"a.number", true}}};
  search::Query query;
  query.text("SELECT a.start_us, a.detector, a.lane, a.number, a.name, a.end_us, a.event_us, a.event_count, a.value, ");
  query.text(
      "d.definition, a.score, a.expected, a.lower, a.upper FROM stream_alerts a JOIN stream_detectors d ON d.name = "
      "a.detector");
  query.text(" WHERE a.is_resolved = 0");
  if (!search.detector.empty()) query.text(" AND a.detector = ").bind(search.detector);
  if (search.from) query.text(" AND a.start_us >= ").bind(core::to_us(*search.from));
  if (search.to) query.text(" AND a.start_us <= ").bind(core::to_us(*search.to));
  const auto read = [](const db::Row& row, int first) {
    const auto document = core::parse_json(row.text(first + 5));
    const streams::StreamDefinition definition = streams::read_stream(core::ObjectReader(document.root()));
    Anomaly anomaly{.detector = std::string(row.text(1)),
                    .datasource = streams::describe_input(definition),
                    .query = fmt::format("{} events until {}", row.integer(first + 3),
                                         core::format_rfc3339(core::from_us(row.integer(first + 1)))),
                    .detected = core::from_us(row.integer(first + 2)),
                    .event_start = core::from_us(row.integer(0))};
    anomaly.score = {.timestamp = core::from_us(row.integer(0)),
                     .entity = std::string(row.text(first)),
                     .algorithm = std::string(streams::name_of(definition.aggregate)),
                     .value = row.real(first + 4),
                     .is_anomaly = true};
    if (definition.algorithm) {
      anomaly.score.algorithm = std::string(definition.algorithm->row->name);
      anomaly.score.score = row.find_real(first + 6);
      anomaly.score.expected = row.find_real(first + 7);
      anomaly.score.lower = row.find_real(first + 8);
      anomaly.score.upper = row.find_real(first + 9);
      return anomaly;
    }
    const bool is_above =
        definition.comparison == streams::Comparison::above || definition.comparison == streams::Comparison::at_least;
    (is_above ? anomaly.score.upper : anomaly.score.lower) = definition.threshold;
    return anomaly;
  };
  return read_list<Anomaly>(tx, "stream_detector.alerts", std::move(query), {keys, "isii"}, search.page, read);
}

namespace {

/// The tokens of two lists as one, and back. Errors: invalid, field "page_token".
std::string join_tokens(const std::string& one, const std::string& other) {
  return core::to_base64url(one + "\n" + other);
}
std::pair<std::string, std::string> split_tokens(const std::string& token) {
  if (token.empty()) return {};
  const auto text = core::from_base64url(token);
  const std::size_t at = text ? text->find('\n') : std::string::npos;
  if (at == std::string::npos) throw core::invalid("'page_token': not one of this list", "page_token");
  return {text->substr(0, at), text->substr(at + 1)};
}

constexpr std::string_view kExhausted = "-";  // in place of a token: that list is at its end

}  // namespace

Page<Anomaly> list_all_anomalies(db::Tx& tx, const AnomalySearch& search) {
  const auto tokens = split_tokens(search.page.page_token);  // clang 14 lets no lambda capture a structured binding
  const auto& scored = tokens.first;
  const auto& streamed = tokens.second;
  const auto scores = [&](std::optional<std::int64_t> most) -> Page<Anomaly> {
    if (scored == kExhausted) return {};
    return list_anomalies(tx, {.from = search.from, .to = search.to, .page = {most, scored}});
  };
  const auto alerts = [&](std::optional<std::int64_t> most) -> Page<Anomaly> {
    if (streamed == kExhausted) return {};
    return list_stream_alerts(tx, {.from = search.from, .to = search.to, .page = {most, streamed}});
  };
  const auto size = static_cast<std::size_t>(search::page_size(search.page.max_results, {}));
  const Page<Anomaly> one = scores(search.page.max_results), other = alerts(search.page.max_results);
  Page<Anomaly> out;
  std::size_t i = 0, j = 0;
  while (out.rows.size() < size && (i < one.rows.size() || j < other.rows.size())) {
    const bool is_first =
        j == other.rows.size() || (i < one.rows.size() && one.rows[i].score.timestamp >= other.rows[j].score.timestamp);
    out.rows.push_back(is_first ? one.rows[i++] : other.rows[j++]);
  }
  // Where each list stands after its share of this page.
  const auto rest = [](std::size_t taken, const Page<Anomaly>& page, const std::string& token, const auto& list) {
    if (taken == 0) return page.rows.empty() ? std::string(kExhausted) : token;
    if (taken < page.rows.size()) return list(static_cast<std::int64_t>(taken)).next_page_token;
    return page.next_page_token.empty() ? std::string(kExhausted) : page.next_page_token;
  };
  const std::string next_scores = rest(i, one, scored, scores), next_alerts = rest(j, other, streamed, alerts);
  if (next_scores != kExhausted || next_alerts != kExhausted)
    out.next_page_token = join_tokens(next_scores, next_alerts);
  return out;
}

}  // namespace wakeful::monitor
