#include "monitor/wire/definition.hpp"

#include <gtest/gtest.h>

#include "monitor/wire/names.hpp"
#include "monitor/wire/yaml.hpp"
#include "platform/core/error.hpp"

namespace wakeful::monitor {
namespace {

Definition parse(std::string_view yaml) {
  const auto documents = parse_yaml(yaml);
  return read_definition(core::ObjectReader(documents.at(0).root()));
}

/// The error's field and message, "field: message".
std::string refusal(std::string_view yaml) {
  try {
    parse(yaml);
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ErrorCode::invalid);
    return e.field() + ": " + e.what();
  }
  return "accepted";
}

constexpr std::string_view kWhole = R"(
name: checkout-latency
description: p99 latency of the checkout, by region
deployment_mode: Prod
schedule: {every: 5m}
time_spec: {granularity: 5m, start: 30d, end: 0s, retrain: 7d}
metrics:
  - name: latency_ms
    source: {observations: checkout}
    aggregate: mean
    dimension_groupings: [region]
    dimension_filters: ["stage = 'prod'"]
    fill: gap
algorithms:
  univariate_baseline: {tolerance: 5.0, direction: up}
  isolation_forest: {trees: 200}
)";

/// The whole file with one line replaced.
std::string with(std::string_view line, std::string_view instead) {
  std::string text(kWhole);
  const auto at = text.find(line);
  EXPECT_NE(at, std::string::npos) << line;
  return text.replace(at, line.size(), instead);
}

TEST(Definition, ReadsTheWholeFile) {
  const Definition d = parse(kWhole);
  EXPECT_EQ(d.name, "checkout-latency");
  EXPECT_EQ(d.deployment_mode, "prod");
  EXPECT_EQ(std::get<Every>(d.schedule).period, std::chrono::minutes(5));
  EXPECT_EQ(d.time_spec.granularity, std::chrono::minutes(5));
  EXPECT_EQ(std::get<core::Duration>(*d.time_spec.start), std::chrono::hours(720));
  EXPECT_EQ(d.time_spec.retrain, std::chrono::hours(168));
  ASSERT_EQ(d.metrics.size(), 1U);
  EXPECT_EQ(std::get<ObservationSource>(d.metrics[0].source).name, "checkout");
  EXPECT_EQ(d.metrics[0].dimension_groupings, std::vector<std::string>{"region"});
  EXPECT_EQ(d.metrics[0].dimension_filters, std::vector<std::string>{"stage = 'prod'"});
  ASSERT_EQ(d.algorithms.size(), 2U);
  EXPECT_EQ(d.algorithms[1].label, "univariate_baseline");
  EXPECT_EQ(d.algorithms[1].parameters, R"({"direction":"up","tolerance":5.0})");
}

TEST(Definition, FillsInWhatIsLeftOut) {
  const Definition d = parse(R"(
name: d1
time_spec: {granularity: 60s}
metrics: [{name: value, source: {observations: a}}]
algorithms: {ewma_residual: })");
  EXPECT_TRUE(std::holds_alternative<Manual>(d.schedule));
  EXPECT_EQ(d.deployment_mode, "prod");
  EXPECT_EQ(d.time_spec.end, core::Duration{});
  EXPECT_FALSE(d.time_spec.start);
  EXPECT_FALSE(d.time_spec.retrain);
  EXPECT_EQ(d.metrics[0].aggregate, Aggregate::mean);
  EXPECT_EQ(d.metrics[0].fill.kind, Fill::Kind::gap);
  EXPECT_EQ(d.algorithms[0].parameters, "{}");
}

TEST(Definition, WritesWhatItReadsBackEqual) {
  for (const std::string& text :
       {std::string(kWhole), with("schedule: {every: 5m}", "schedule: {cron: '*/5 * * * *', timezone: Europe/Berlin}"),
        with("start: 30d", "start: 2024-01-01T00:00:00Z"), with("fill: gap", "fill: hold(3)"),
        with("{observations: checkout}", "{sql: {connection: w, query: 'select :from, :until'}}"),
        with("{observations: checkout}", "{sql: {connection: w, table: t, time_column: at, value_column: v}}"),
        with("{observations: checkout}", "{csv: {path: /a/b.csv}}"),
        with("isolation_forest: {trees: 200}", "deep: {cls: isolation_forest, trees: 200}"),
        with("isolation_forest: {trees: 200}", "deep: {cls: isolation_forest, args: {trees: 200}}"),
        with("isolation_forest: {trees: 200}", "bare: {cls: isolation_forest}")}) {
    const Definition d = parse(text);
    const std::string json = to_json(d);
    const auto document = core::parse_json(json);
    EXPECT_EQ(to_json(read_definition(core::ObjectReader(document.root()))), json);
  }
}

TEST(Definition, TakesArgumentsBesideTheClassOrUnderArgs) {
  const Definition beside = parse(with("isolation_forest: {trees: 200}", "deep: {cls: isolation_forest, trees: 200}"));
  const Definition under =
      parse(with("isolation_forest: {trees: 200}", "deep: {cls: isolation_forest, args: {trees: 200}}"));
  EXPECT_EQ(to_json(under), to_json(beside));
  const auto deep = std::find_if(under.algorithms.begin(), under.algorithms.end(),
                                 [](const Algorithm& algorithm) { return algorithm.label == "deep"; });
  ASSERT_NE(deep, under.algorithms.end());
  EXPECT_EQ(deep->path, "algorithms.deep.args");
}

TEST(Definition, RefusesAndNamesTheField) {
  struct Case {
    std::string text;
    std::string_view field;
    std::string_view message;
  };
  const Case cases[] = {
      {with("isolation_forest: {trees: 200}", "deep: {cls: isolation_forest, arg: 1, args: {trees: 200}}"),
       "algorithms.deep.arg", "did you mean 'args'?"},
      {with("time_spec:", "timespec:"), "timespec", "did you mean 'time_spec'?"},
      {with("aggregate: mean", "aggregat: mean"), "metrics[0].aggregat", "did you mean 'aggregate'?"},
      {with("aggregate: mean", "aggregate: avg"), "metrics[0].aggregate", "none of mean, sum"},
      {with("fill: gap", "fill: hold"), "metrics[0].fill", "say for how many buckets"},
      {with("fill: gap", "fill: hold(0)"), "metrics[0].fill", "whole number"},
      {with("fill: gap", "fill: gap(1)"), "metrics[0].fill", "takes no number"},
      {with("fill: gap", "fill: zeros"), "metrics[0].fill", "did you mean 'zero'?"},
      {with("every: 5m", "every: 5 minutes"), "schedule.every", "not a duration"},
      {with("every: 5m", "every: 0s"), "schedule.every", "not between"},
      {with("every: 5m", "evry: 5m"), "schedule.evry", "did you mean 'every'?"},
      {with("{every: 5m}", "{every: 5m, cron: '* * * * *'}"), "schedule", "either"},
      {with("{every: 5m}", "{every: 5m, timezone: UTC}"), "schedule.timezone", "cron"},
      {with("{every: 5m}", "stream"), "schedule", "both schedule: stream and stream"},
      {with("{every: 5m}", "manul"), "schedule", "did you mean 'manual'?"},
      {with("{every: 5m}", "7"), "schedule", "neither"},
      {with("granularity: 5m, ", ""), "time_spec.granularity", "Missing"},
      {with("granularity: 5m", "granularity: 5"), "time_spec.granularity", "string"},
      {with("granularity: 5m", "granularity: 0s"), "time_spec.granularity", "not between"},
      {with("start: 30d", "start: last-week"), "time_spec.start", "not a time"},
      {with("start: 30d", "start: 0s"), "time_spec.start", "no span"},
      {with("end: 0s", "end: -5m"), "time_spec.end", "not a duration"},
      {with("name: checkout-latency", "name: 'a/b'"), "name", "is no name"},
      {with("name: checkout-latency", "name: ''"), "name", "Missing"},
      {with("name: latency_ms", "name: 'a:b'"), "metrics[0].name", "may not hold"},
      {with("deployment_mode: Prod", "deployment_mode: 'a b'"), "deployment_mode", "letters"},
      {with("{observations: checkout}", "{observation: checkout}"), "metrics[0].source.observation", "observations"},
      {with("{observations: checkout}", "{}"), "metrics[0].source", "exactly one"},
      {with("source: {observations: checkout}", "source: checkout"), "metrics[0].source", "must be a JSON object"},
      {with("{observations: checkout}", "{sql: {connection: w}}"), "metrics[0].source.sql.query", "either"},
      {with("{observations: checkout}", "{sql: {connection: w, query: 'select 1'}}"), "metrics[0].source.sql.query",
       ":from"},
      {with("{observations: checkout}", "{sql: {connection: 'postgres://u:p@h/d', table: t, time_column: a}}"),
       "metrics[0].source.sql.connection", "passwords are not kept"},
      {with("{observations: checkout}", "{sql: {connection: w, table: t}}"), "metrics[0].source.sql.time_column",
       "time column"},
      {with("{observations: checkout}", "{csv: {}}"), "metrics[0].source.csv.path", "Missing"},
      {with("dimension_groupings: [region]", "dimension_groupings: [region, region]"),
       "metrics[0].dimension_groupings[1]", "twice"},
      {with("dimension_groupings: [region]", "dimension_groupings: region"), "metrics[0].dimension_groupings", "array"},
      {with("[\"stage = 'prod'\"]", "['']"), "metrics[0].dimension_filters[0]", "empty"},
      {with("isolation_forest: {trees: 200}", "isolation_forest: 7"), "algorithms.isolation_forest", "object"},
      {with("  univariate_baseline: {tolerance: 5.0, direction: up}\n  isolation_forest: {trees: 200}", "  {}"),
       "algorithms", "at least one"},
      {with("metrics:", "stream: {}\nmetrics:"), "stream", "both schedule: stream"},
  };
  for (const Case& c : cases) {
    const std::string said = refusal(c.text);
    EXPECT_TRUE(said.starts_with(std::string(c.field) + ": ")) << said << "\nexpected field " << c.field;
    EXPECT_NE(said.find(c.message), std::string::npos) << said << "\nexpected " << c.message;
  }
}

TEST(Definition, RefusesTwoMetricsOfOneName) {
  const std::string said = refusal(R"(
name: d
time_spec: {granularity: 1m}
metrics: [{name: v, source: {observations: a}}, {name: v, source: {observations: b}}]
algorithms: {a: {}})");
  EXPECT_TRUE(said.starts_with("metrics[1].name: ")) << said;
}

TEST(Changes, NamesWhatDiffersByItsPath) {
  const Definition before = parse(kWhole);
  EXPECT_TRUE(changes(before, before).empty());
  const auto found = changes(before, parse(with("tolerance: 5.0, direction: up", "tolerance: 4.0")));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].path, "algorithms.univariate_baseline.direction");
  EXPECT_EQ(found[0].from, "\"up\"");
  EXPECT_EQ(found[0].to, "");
  EXPECT_EQ(found[1].path, "algorithms.univariate_baseline.tolerance");
  EXPECT_EQ(found[1].from, "5.0");
  EXPECT_EQ(found[1].to, "4.0");
  const auto metric = changes(before, parse(with("fill: gap", "fill: zero")));
  ASSERT_EQ(metric.size(), 1U);
  EXPECT_EQ(metric[0].path, "metrics[latency_ms].fill");
}

TEST(Changes, TakesEqualNumbersForEqual) {
  EXPECT_TRUE(changes(parse(kWhole), parse(with("tolerance: 5.0", "tolerance: 5"))).empty());
}

TEST(ModelDigest, MovesOnlyWithWhatTheModelWasTrainedOn) {
  const Definition d = parse(kWhole);
  const std::string digest = model_digest(d, d.metrics[0]);
  for (const std::string& text : {with("every: 5m", "every: 1h"), with("retrain: 7d", "retrain: 1d"),
                                  with("p99 latency of the checkout, by region", "other")}) {
    const Definition other = parse(text);
    EXPECT_EQ(model_digest(other, other.metrics[0]), digest);
  }
  for (const std::string& text : {with("granularity: 5m", "granularity: 1m"), with("trees: 200", "trees: 100"),
                                  with("fill: gap", "fill: zero")}) {
    const Definition other = parse(text);
    EXPECT_NE(model_digest(other, other.metrics[0]), digest);
  }
}

TEST(Names, FollowTheDocumentedForm) {
  const auto online = [](std::string_view mode, const std::vector<std::string>& dims) {
    Definition d{.name = "d1", .deployment_mode = std::string(mode)};
    Metric m{.name = "num_transactions", .dimension_groupings = dims};
    return online_model_name(d, m);
  };
  // Source: seeds.md §0.8.
  EXPECT_EQ(online("dev", {}), "d1__num_transactions____dev_online");
  EXPECT_EQ(online("dev", {"dim_a", "dim_b"}), "d1__num_transactions__dim_a__dim_b__dev_online");
  EXPECT_EQ(online("prod", {"dim_a"}), "d1__num_transactions__dim_a_online");
  EXPECT_EQ(online("prod", {}), "d1__num_transactions___online");
}

TEST(Names, TellGroupsApart) {
  const auto name = [](std::vector<std::string> values) { return entity_name(values); };
  EXPECT_EQ(name({}), "");
  EXPECT_EQ(name({"eu"}), "eu");
  EXPECT_EQ(name({"eu", "web"}), R"(["eu","web"])");
  EXPECT_NE(name({"a\",\"b", "c"}), name({"a", "b\",\"c"}));
}

TEST(Names, EvaluationIdsDependOnEachPart) {
  const auto t = [](std::int64_t s) { return core::from_us(s * 1'000'000); };
  const std::string id = evaluation_id("m", 1, t(60), t(120));
  EXPECT_EQ(id.size(), 32U);
  EXPECT_EQ(evaluation_id("m", 1, t(60), t(120)), id);
  EXPECT_NE(evaluation_id("n", 1, t(60), t(120)), id);
  EXPECT_NE(evaluation_id("m", 2, t(60), t(120)), id);
  EXPECT_NE(evaluation_id("m", 1, t(0), t(120)), id);
  EXPECT_NE(evaluation_id("m", 1, t(60), t(180)), id);
}

}  // namespace
}  // namespace wakeful::monitor
