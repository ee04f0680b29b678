// The built-in observation store, read over the server's API page by page.
#include <cmath>

#include "client/watch.hpp"
#include "platform/core/error.hpp"
#include "runner/sources/sources.hpp"

namespace wakeful::runner {
namespace {

constexpr std::int64_t kPageRows = 10'000;

class ObservationSource final : public Source {
 public:
  ObservationSource(const monitor::Metric& metric, const SourceContext& context)
      : server_(context.server), max_rows_(context.settings.max_rows) {
    request_.source = std::get<monitor::ObservationSource>(metric.source).name;
    request_.metric = metric.name;
    dims_ = metric.dimension_groupings;
    request_.filters = metric.dimension_filters;
    request_.max_results = kPageRows;
  }

  Observations pull(const Span& span, core::Deadline deadline) override {
    ObservationCollector rows(max_rows_);
    client::ObservationRequest request = request_;
    request.after = span.after;
    request.until = span.until;
    do {
      if (deadline.expired()) throw core::unavailable("the observations could not be read in time");
      const auto page = find_page(request);
      if (!page) break;
      take(*page, rows);
      request.page_token = page->next_page_token;
    } while (!request.page_token.empty());
    return rows.take(ObservationCollector::Ties::as_added);
  }

 private:
  /// Nothing for a source that nobody has pushed to yet: a detector may be applied before its data come.
  std::optional<monitor::ObservationPage> find_page(const client::ObservationRequest& request) const {
    try {
      return client::list_observations(server_, request);
    } catch (const core::Error& e) {
      if (e.code() == core::ErrorCode::not_found) return std::nullopt;
      throw;
    }
  }

  void take(const monitor::ObservationPage& page, ObservationCollector& rows) const {
    std::vector<std::optional<std::uint32_t>> groups;
    for (const auto& series : page.series) groups.push_back(group_of(series, rows));
    for (std::size_t i = 0; i < page.times.size(); ++i) {
      if (!std::isfinite(page.values[i])) continue;
      if (const auto& group = groups.at(static_cast<std::size_t>(page.of_series[i])))
        rows.add(page.times[i], *group, page.values[i]);
      else
        rows.add_ungrouped();
    }
  }

  std::optional<std::uint32_t> group_of(const monitor::ObservationPage::Series& series,
                                        ObservationCollector& rows) const {
    std::vector<std::optional<std::string_view>> dims(dims_.size());
    for (std::size_t d = 0; d < dims.size(); ++d) {
      for (const auto& [name, value] : series.dims) {
        if (name == dims_[d]) dims[d] = value;
      }
    }
    return rows.group_of(dims);
  }

  client::Server server_;
  std::size_t max_rows_;
  client::ObservationRequest request_;
  std::vector<std::string> dims_;
};

}  // namespace

std::unique_ptr<Source> make_observation_source(const monitor::Metric& metric, const SourceContext& context) {
  return std::make_unique<ObservationSource>(metric, context);
}

}  // namespace wakeful::runner
