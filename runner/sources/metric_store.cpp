// A metric of a metric store: one value for each bucket of its grain and each group, in time order.
//
// A value stands at its bucket's start; the detector's granularity is the grain's length, or a multiple of it that the
// metric's aggregate makes sense for. The span is asked for by whole buckets, half-open, so that none is counted twice.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>

#include "platform/core/error.hpp"
#include "runner/metric_store/query.hpp"
#include "runner/metric_store/tables.hpp"
#include "runner/sources/sources.hpp"

namespace wakeful::runner {
namespace {

namespace fs = std::filesystem;

class MetricStoreSource final : public Source {
 public:
  MetricStoreSource(const monitor::Metric& metric, const SourceContext& context)
      : given_(std::get<monitor::MetricStoreSource>(metric.source)),
        connections_(context.connections),
        settings_(context.settings) {
    question_.metric = given_.metric.empty() ? metric.name : given_.metric;
    question_.dimensions = metric.dimension_groupings;
    question_.filters = metric.dimension_filters;
    question_.grain = parse_grain(given_.grain, "source.metric_store.grain");
    folder_ = checked_path(given_.config, settings_.csv_root, "source.metric_store.config");
  }

  Observations pull(const Span& span, core::Deadline deadline) override {
    try {
      open();
      question_.start = end_of(question_.grain, span.after);
      question_.end = end_of(question_.grain, span.until);
      if (question_.start >= question_.end) return {};
      return rows(deadline);
    } catch (const core::Error& e) {
      const auto code = e.code() == core::ErrorCode::internal ? core::ErrorCode::invalid : e.code();
      throw core::Error(code, fmt::format("metric_store:{}: {}", given_.config, e.what()),
                        e.field() == kMaxRowsField ? e.field() : "source.metric_store");
    }
  }

 private:
  /// Read once: a job's pulls see one state of the files.
  void open() {
    if (database_) return;
    store_ = read_metric_store(folder_);
    for (const StoreTable& table : store_.tables) {
      if (!table.source.empty()) checked_path(table.source.string(), settings_.csv_root, "source.metric_store.config");
    }
    database_ = open_tables(store_, connections_);
  }

  Observations rows(core::Deadline deadline) {
    const auto limit = core::Deadline::after(settings_.statement_timeout);
    const db::Options options{.deadline = std::min(limit.at(), deadline.at()) == limit.at() ? limit : deadline};
    search::Query query = build_query(store_, question_, database_->dialect());
    query.text(" LIMIT ").bind(static_cast<std::int64_t>(settings_.max_rows) + 1);
    const auto found = ask(*database_, query, options);
    if (found.size() > settings_.max_rows) ObservationCollector::refuse(settings_.max_rows);
    ObservationCollector collected(settings_.max_rows);
    for (const MetricRow& row : found) {
      if (!row.value || !std::isfinite(*row.value)) continue;
      std::vector<std::optional<std::string_view>> dims(row.dimensions.begin(), row.dimensions.end());
      collected.add(core::parse_rfc3339(row.time), dims, *row.value);
    }
    return collected.take(ObservationCollector::Ties::by_value);
  }

  monitor::MetricStoreSource given_;
  Connections& connections_;
  SourceSettings settings_;
  MetricQuestion question_;
  fs::path folder_;
  MetricStoreConfig store_;
  std::shared_ptr<db::Database> database_;
};

}  // namespace

std::unique_ptr<Source> make_metric_store_source(const monitor::Metric& metric, const SourceContext& context) {
  return std::make_unique<MetricStoreSource>(metric, context);
}

}  // namespace wakeful::runner
