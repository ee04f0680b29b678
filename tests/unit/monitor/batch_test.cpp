// Rows, models of groups and predictions in the detector file.
#include "monitor/wire/batch.hpp"

#include <gtest/gtest.h>

#include "monitor/detectors.hpp"
#include "monitor/timing.hpp"
#include "monitor/wire/names.hpp"
#include "monitor/wire/types.hpp"
#include "monitor/wire/yaml.hpp"
#include "platform/core/error.hpp"

namespace wakeful::monitor {
namespace {

constexpr std::string_view kWhole = R"(
name: installs
time_spec: {granularity: 1d, end: 2h}
model_per: group
metrics:
  - name: new_users
    source: {sql: {connection: w, table: users, time_column: created_at}}
    dimension_groupings: [country, platform]
features:
  calendar: [day_of_week, month]
  encode: [country]
  scale: standard
  unseen: -1
predict: {output: {connection: w, table: out.predictions}, interval: 7d}
algorithms: {one_class_svm: {}}
)";

Definition parse(std::string_view yaml) {
  const auto documents = parse_yaml(yaml);
  Definition definition = read_definition(core::ObjectReader(documents.at(0).root()));
  check_definition(definition);
  return definition;
}
std::string with(std::string_view part, std::string_view instead) {
  std::string text(kWhole);
  const auto at = text.find(part);
  EXPECT_NE(at, std::string::npos) << part;
  return text.replace(at, part.size(), instead);
}
std::string field_of(const std::string& yaml) {
  try {
    parse(yaml);
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ErrorCode::invalid) << e.what();
    return e.field();
  }
  return "accepted";
}
core::Timestamp at(const char* time) { return core::parse_rfc3339(time); }

TEST(Batch, IsReadAndWrittenAsItWas) {
  const Definition d = parse(kWhole);
  EXPECT_TRUE(d.model_per_group);
  EXPECT_EQ(d.features->calendar, (std::vector<std::string>{"day_of_week", "month"}));
  EXPECT_TRUE(d.features->value);
  EXPECT_EQ(d.features->scale, "standard");
  EXPECT_EQ(d.features->unseen, -1);
  EXPECT_EQ(d.predict->table, "out.predictions");
  EXPECT_EQ(d.predict->interval, std::chrono::hours(24 * 7));
  const auto again = core::parse_json(to_json(d));
  EXPECT_EQ(to_json(read_definition(core::ObjectReader(again.root()))), to_json(d));
  EXPECT_EQ(parse(with(", interval: 7d", "")).predict->interval, std::chrono::hours(24));
}

TEST(Batch, RefusesWhatCannotBeAndNamesIt) {
  const struct {
    std::string_view part, instead;
    const char* field;
  } kCases[] = {
      {"[day_of_week, month]", "[day_of_weak]", "features.calendar[0]"},
      {"[day_of_week, month]", "[month, month]", "features.calendar[1]"},
      {"encode: [country]", "encode: [city]", "features.encode[0]"},
      {"scale: standard", "scale: minmax", "features.scale"},
      {"unseen: -1", "unseen: 3", "features.unseen"},
      {"unseen: -1", "unseen: new", "features.unseen"},
      {"calendar: [day_of_week, month]\n  encode: [country]", "value: false", "features.value"},
      {"calendar:", "calender:", "features.calender"},
      {"model_per: group", "model_per: groups", "model_per"},
      {"    dimension_groupings: [country, platform]\n", "", "model_per"},
      {"connection: w, table: out", "connection: 'sqlite://', table: out", "predict.output.connection"},
      {"out.predictions", "\"a b\"", "predict.output.table"},
      {"out.predictions", "a.b.c", "predict.output.table"},
      {"interval: 7d", "interval: 36h", "predict.interval"},
      {"interval: 7d", "interval: soon", "predict.interval"},
      {"{connection: w, table: out.predictions}", "{connection: w}", "predict.output.table"},
      {"[country, platform]", "[country, score]", "metrics[0].dimension_groupings[1]"},
      {"name: new_users", "name: prediction", "metrics[0].name"},
      {"one_class_svm: {}", "ar_ridge: {}", "algorithms.ar_ridge"},
  };
  for (const auto& c : kCases) EXPECT_EQ(field_of(with(c.part, c.instead)), c.field) << c.instead;
  const auto at = kWhole.find("features:");
  const auto end = kWhole.find("predict:");
  EXPECT_EQ(field_of(std::string(kWhole.substr(0, at)) + std::string(kWhole.substr(end))), "predict");
}

TEST(Batch, AFileDoesNotChooseTheGroupOfAModel) {
  EXPECT_EQ(field_of(with("[country, platform]", "[country, platform]\n    group: [de, ios]")), "metrics[0].group");
}

TEST(Batch, FeaturesDecideWhetherATrainedModelStillFits) {
  const Definition d = parse(kWhole);
  EXPECT_NE(model_digest(d, d.metrics[0]), model_digest(parse(with("unseen: -1", "unseen: -2")), d.metrics[0]));
  // Where predictions go is no business of the model's.
  EXPECT_EQ(model_digest(d, d.metrics[0]), model_digest(parse(with("out.predictions", "other")), d.metrics[0]));
}

TEST(Batch, NoTwoGroupsShareTheNameOfAModel) {
  const Definition d = parse(kWhole);
  const auto name = [&](std::vector<std::string> group) {
    return online_model_name(d, with_group(d.metrics[0], std::move(group)));
  };
  EXPECT_EQ(name({"de", "ios"}), "installs__new_users__de__ios_online");
  EXPECT_EQ(name({"de", "apple_tv"}), "installs__new_users__de__apple_tv_online");
  EXPECT_EQ(name({"a/b", "x:y"}), "installs__new_users__a%2Fb__x%3Ay_online");
  EXPECT_NE(name({"a__b", "c"}), name({"a", "b__c"}));
  EXPECT_NE(name({"a_", "b"}), name({"a", "_b"}));
  EXPECT_NE(name({"a%5F", "b"}), name({"a_", "b"}));
}

TEST(Batch, GroupsAreReadBackFromTheirEntities) {
  for (const std::vector<std::string>& group :
       {std::vector<std::string>{}, {"de"}, {"[\"de\"]"}, {"it's", "\"quoted\", and more"}, {"a", "", "ü"}})
    EXPECT_EQ(group_of(entity_name(group), group.size()), group);
}

TEST(Batch, KnowsWhichMetricAModelIsAbout) {
  const Definition d = parse(kWhole);
  OnlineModel model{.name = "installs__new_users__de__ios_online"};
  model.metric = with_group(d.metrics[0], {"de", "ios"});
  ASSERT_TRUE(find_metric_of(d, model));
  EXPECT_EQ(find_metric_of(d, model)->group, (std::vector<std::string>{"de", "ios"}));
  EXPECT_FALSE(find_metric_of(parse(with("model_per: group", "")), model));
  EXPECT_FALSE(find_metric_of(parse(with("[country, platform]", "[country]")), model));
}

TEST(Batch, PlansTheIntervalOfAPrediction) {
  const Definition d = parse(kWhole);
  const auto now = at("2026-03-05T01:00:00Z");  // a Thursday, as 1970-01-01; 2h before, the week was not over
  const Interval last = plan_prediction(d, now, {});
  EXPECT_EQ(last.from, at("2026-02-19T00:00:00Z"));
  EXPECT_EQ(last.until, at("2026-02-26T00:00:00Z"));
  const Interval asked{.from = at("2026-01-01T00:00:00Z"), .until = at("2026-01-02T00:00:00Z")};
  EXPECT_EQ(plan_prediction(d, now, asked).until, asked.until);
  const auto field = [&](const Interval& interval, const Definition& of) {
    try {
      plan_prediction(of, now, interval);
    } catch (const core::Error& e) {
      return e.field();
    }
    return std::string("accepted");
  };
  EXPECT_EQ(field({.from = asked.from, .until = std::nullopt}, d), "until");
  EXPECT_EQ(field({.from = std::nullopt, .until = asked.until}, d), "from");
  EXPECT_EQ(field({.from = asked.until, .until = asked.from}, d), "until");
  EXPECT_EQ(field({.from = asked.from, .until = asked.from}, d), "until");
  EXPECT_EQ(field({.from = at("2026-01-01T01:00:00Z"), .until = asked.until}, d), "from");
  EXPECT_EQ(field({.from = at("1700-01-01T00:00:00Z"), .until = asked.until}, d), "until");
  Definition none = d;
  none.predict.reset();
  EXPECT_EQ(field(asked, none), "kind");
}

}  // namespace
}  // namespace wakeful::monitor
