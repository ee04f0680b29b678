#include "tracker/search_logged_models.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "platform/core/error.hpp"
#include "platform/search/page.hpp"
#include "tracker/logged_models.hpp"
#include "tracker/rules.hpp"
#include "tracker/sql_params.hpp"

namespace wakeful::tracker {
namespace {

using enum search::Operator;
using search::Comparison;
using search::Kind;
using search::Query;
using search::SortKey;

constexpr std::array kText{equal, not_equal, like, ilike, in, not_in};
constexpr std::array kNumber{equal, not_equal, less, less_equal, greater, greater_equal};
// MLflow takes the plural only; the singular harms nobody.
constexpr std::array<std::string_view, 2> kAttributeWords{"attributes", "attribute"};
constexpr std::array<std::string_view, 2> kMetricWords{"metrics", "metric"};
constexpr std::array<std::string_view, 2> kParamWords{"params", "param"};
constexpr std::array<std::string_view, 2> kTagWords{"tags", "tag"};

constexpr std::array<search::Entity::Key, 14> kAttributes{{
    {.name = "model_id"},
    {.name = "name"},
    {.name = "model_type"},
    {.name = "source_run_id"},
    {.name = "experiment_id"},
    {.name = "artifact_uri", .alias = "artifact_location"},
    {.name = "lifecycle_stage"},
    {.name = "status", .kind = Kind::integer, .operators = kNumber},
    {.name = "status_message"},
    {.name = "creation_time", .alias = "creation_timestamp_ms", .kind = Kind::number, .operators = kNumber},
    {.name = "creation_time", .alias = "creation_timestamp", .kind = Kind::number, .operators = kNumber},
    {.name = "last_update_time", .alias = "last_updated_timestamp_ms", .kind = Kind::number, .operators = kNumber},
    {.name = "last_update_time", .alias = "last_updated_timestamp", .kind = Kind::number, .operators = kNumber},
    {.name = "last_update_time", .alias = "last_updated_time", .kind = Kind::number, .operators = kNumber},
}};
constexpr std::array<search::Entity, 4> kEntities{{
    {.name = "attribute", .aliases = kAttributeWords, .operators = kText, .keys = kAttributes},
    {.name = "metric", .aliases = kMetricWords, .kind = Kind::number, .operators = kNumber},
    {.name = "parameter", .aliases = kParamWords, .operators = kText},
    {.name = "tag", .aliases = kTagWords, .operators = kText},
}};
constexpr search::Grammar kGrammar{.entities = kEntities, .default_entity = "attribute"};

constexpr std::int64_t kMaxPage = 50'000;
constexpr std::size_t kMaxOrderings = 10;
constexpr std::size_t kMaxDatasets = 100;
constexpr std::size_t kComparisonsInGroup = 50;

std::string column_of(std::string_view attribute) {
  if (attribute == "creation_time" || attribute == "last_update_time") return fmt::format("l.{}_ms", attribute);
  if (attribute == "experiment_id") return "CAST(l.experiment_id AS TEXT)";
  if (attribute == "lifecycle_stage") return "CASE l.lifecycle WHEN 0 THEN 'active' ELSE 'deleted' END";
  if (attribute == "status_message") return "CAST('' AS TEXT)";  // PostgreSQL orders by no bare constant
  return fmt::format("l.{}", attribute);
}

/// The table `wanted` for on_datasets. Named once, or a filter's metrics times the datasets would be its length.
void with_datasets(Query& query, const std::vector<LoggedModelDataset>& datasets) {
  if (datasets.empty()) return;
  std::string_view before = "WITH wanted (name, digest) AS (VALUES ";
  for (const LoggedModelDataset& dataset : datasets) {
    query.text(before).text("(").bind(dataset.name).text(", ").bind(dataset.digest).text(")");
    before = ", ";
  }
  query.text(") ");
}

/// " AND (the metric `m` is on one of the datasets)".
void on_datasets(Query& query, const std::vector<LoggedModelDataset>& datasets) {
  if (datasets.empty()) return;
  query.text(
      " AND EXISTS (SELECT 1 FROM wanted w WHERE w.name = m.dataset_name AND (w.digest = '' OR w.digest = "
      "m.dataset_digest))");
}

class Builder {
 public:
  explicit Builder(const LoggedModelSearch& search) : search_(search) {
    if (search.order_by.size() > kMaxOrderings)
      throw core::invalid(fmt::format("order_by has more than {} clauses", kMaxOrderings), "order_by");
    if (search.datasets.size() > kMaxDatasets)
      throw core::invalid(fmt::format("datasets holds more than {} datasets", kMaxDatasets), "datasets");
    filter_ = search::parse_filter(search.filter, kGrammar);
    for (const LoggedModelOrder& order : search.order_by) add_order(order);
    if (!by_creation_) add_key({"l.creation_time_ms", false}, 'i');
    add_key({"l.model_id"}, 's');
  }

  const std::string& shape() const { return shape_; }

  Query build(const std::optional<std::vector<search::KeyValue>>& after, std::int64_t limit) {
    Query query;
    with_datasets(query, search_.datasets);
    query.text("SELECT l.model_id");
    for (const SortKey& key : keys_) query.text(", ").text(key.expression);
    query.text(" FROM logged_models l");
    for (std::size_t i = 0; i < metric_orders_.size(); ++i) join_metric(query, i);
    query.text(" WHERE l.lifecycle = 0 AND l.experiment_id IN (");
    std::vector<std::int64_t> ids;
    for (const std::string& id : search_.experiment_ids) ids.push_back(parse_experiment_id(id));
    query.text(fmt::format("{})", fmt::join(ids, ", ")));
    where(query);
    if (after) search::after(query, keys_, *after);
    search::order_by(query, keys_);
    query.text(" LIMIT ").bind(limit);
    return query;
  }

 private:
  void add_key(SortKey key, char type) {
    shape_ += type;
    if (key.nullable) shape_ += '?';
    keys_.push_back(std::move(key));
  }

  void add_order(const LoggedModelOrder& order) {
    const auto bad = [&](std::string_view more) {
      return core::invalid(fmt::format("Invalid order by field name: {}.{}", order.field_name, more), "order_by");
    };
    search::Order parsed;
    try {
      parsed = search::parse_order(order.field_name, kGrammar);
    } catch (const core::Error&) {
      throw bad("");
    }
    if (parsed.entity == "metric") {
      metric_orders_.push_back({parsed.key, &order});
      add_key({fmt::format("o{}.value", metric_orders_.size() - 1), order.ascending, true}, 'd');
      return;
    }
    if (parsed.entity != "attribute") throw bad(" Only metrics are supported.");
    by_creation_ = by_creation_ || parsed.key == "creation_time";
    const bool is_number = parsed.key == "creation_time" || parsed.key == "last_update_time" || parsed.key == "status";
    add_key({column_of(parsed.key), order.ascending}, is_number ? 'i' : 's');
  }

  /// The value of the point with the greatest time, then step; NaN counts as missing.
  void join_metric(Query& query, std::size_t i) {
    const auto& [name, order] = metric_orders_[i];
    query.text(
        " LEFT JOIN (SELECT k.model_id, k.value FROM (SELECT m.model_id, CASE WHEN m.is_nan = 1 THEN NULL ELSE m.value "
        "END AS value, ROW_NUMBER() OVER (PARTITION BY m.model_id ORDER BY m.timestamp_ms DESC, m.step DESC, m.value "
        "DESC) AS place FROM logged_model_metrics m JOIN logged_models x ON x.model_id = m.model_id WHERE m.name = ");
    query.bind(name);
    if (!order->dataset_name.empty()) query.text(" AND m.dataset_name = ").bind(order->dataset_name);
    if (!order->dataset_digest.empty()) query.text(" AND m.dataset_digest = ").bind(order->dataset_digest);
    query.text(fmt::format(") k WHERE k.place = 1) o{0} ON o{0}.model_id = l.model_id", i));
  }

  void where(Query& query) {
    bool by_metric = false;
    for (std::size_t i = 0; i < filter_.all.size(); i += kComparisonsInGroup) {
      query.text(" AND (1 = 1");
      for (std::size_t k = i; k < std::min(i + kComparisonsInGroup, filter_.all.size()); ++k) {
        query.text(" AND (");
        condition(query, filter_.all[k]);
        query.text(")");
        by_metric = by_metric || filter_.all[k].entity == "metric";
      }
      query.text(")");
    }
    if (by_metric || search_.datasets.empty()) return;
    query.text(" AND EXISTS (SELECT 1 FROM logged_model_metrics m WHERE m.model_id = l.model_id");
    on_datasets(query, search_.datasets);
    query.text(")");
  }

  void condition(Query& query, const Comparison& comparison) {
    if (comparison.entity == "attribute") {
      search::compare(query, column_of(comparison.key), comparison);
    } else if (comparison.entity == "metric") {
      query.text("EXISTS (SELECT 1 FROM logged_model_metrics m WHERE m.model_id = l.model_id AND m.is_nan = 0 AND ");
      query.text("m.name = ").bind(comparison.key).text(" AND ");
      search::compare(query, "m.value", comparison);
      on_datasets(query, search_.datasets);
      query.text(search::kEndLookUp);
    } else {
      query.text(fmt::format("EXISTS (SELECT 1 FROM logged_model_{} p WHERE p.model_id = l.model_id AND p.key = ",
                             comparison.entity == "tag" ? "tags" : "params"));
      query.bind(comparison.key).text(" AND ");
      search::compare(query, "p.value", comparison);
      query.text(search::kEndLookUp);
    }
  }

  const LoggedModelSearch& search_;
  search::Filter filter_;
  std::vector<std::pair<std::string, const LoggedModelOrder*>> metric_orders_;
  std::vector<SortKey> keys_;
  std::string shape_;
  bool by_creation_ = false;
};

std::string query_text(const LoggedModelSearch& search) {
  std::string text = fmt::format("models\n{}\n{}", fmt::join(search.experiment_ids, ","), search.filter);
  for (const auto& dataset : search.datasets) text += fmt::format("\nd {} {}", dataset.name, dataset.digest);
  for (const auto& order : search.order_by) {
    text += fmt::format("\no {} {} {} {}", order.field_name, order.ascending, order.dataset_name, order.dataset_digest);
  }
  return text;
}

}  // namespace

LoggedModelPage search_logged_models(db::Tx& tx, const LoggedModelSearch& search) {
  // 0 is the proto's way to say nothing: MLflow's server then gives 100.
  const bool is_unset = search.max_results && *search.max_results == 0;
  const auto size = search::page_size(is_unset ? std::nullopt : search.max_results,
                                      {.standard = is_unset ? 100 : 50, .most = kMaxPage});
  Builder builder(search);
  const std::string text = query_text(search);
  const auto after = search::read_page_token(search.page_token, text, builder.shape());
  const Query query = builder.build(after, size + 1);
  std::vector<std::string> ids;
  std::vector<search::KeyValue> last;
  const auto each = [&](const db::Row& row) {
    ids.emplace_back(row.text(0));
    if (static_cast<std::int64_t>(ids.size()) != size) return;
    int column = 1;
    for (const char type : builder.shape())
      if (type != '?') last.push_back(read_key_value(row, column++, type));
  };
  tx.query(db::Sql("logged_model_search.page", query.sql()), params_of(query), db::RowCallback(each));
  LoggedModelPage page;
  if (static_cast<std::int64_t>(ids.size()) > size) {
    ids.pop_back();
    page.next_page_token = search::make_page_token(text, last);
  }
  page.models = load_logged_models(tx, ids);
  return page;
}

}  // namespace wakeful::tracker
