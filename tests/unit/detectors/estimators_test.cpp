#include "detectors/estimators.hpp"

#include <gtest/gtest.h>

#include "detectors/catalog.hpp"
#include "platform/core/error.hpp"

namespace wakeful::detectors {
namespace {

Parameters read(const std::string& json) {
  const CatalogRow& row = get_algorithm("univariate_baseline");
  const auto document = core::parse_json(json);
  return read_parameters(row.parameters, core::ObjectReader(document.root(), "algorithms.x.args"));
}

/// field and message of what is refused.
core::Error refused(const std::string& json) {
  try {
    read(json);
  } catch (const core::Error& e) {
    return core::Error(e);
  }
  ADD_FAILURE() << json << " was taken";
  return core::internal("");
}

TEST(Estimators, AreReadInEveryFormAndWrittenInOne) {
  const Parameters plain = read(R"({"model": "MiniProphetForecaster"})");
  EXPECT_EQ(read(R"({"model": "mini_prophet"})"), plain);
  EXPECT_EQ(read(R"({"model": {"MiniProphetForecaster": {}}})"), plain);
  EXPECT_EQ(read(R"({"model": {"MiniProphetForecaster": null}})"), plain);
  EXPECT_EQ(read(R"({"model": {"cls": "MiniProphetForecaster"}})"), plain);
  EXPECT_EQ(read(R"({"model": {"cls": "anomaly.forecasters.MiniProphetForecaster", "args": {}}})"), plain);
  EXPECT_EQ(read(plain.json()), plain);
  const Parameters told = read(R"({"model": {"cls": "MiniProphet", "args": {"weekly_order": 3, "holidays":
                                  ["2026-12-25", "2026-01-01"]}}})");
  const Estimator model = read_estimator(*told.find_nested("model"));
  EXPECT_EQ(model.row->name, "mini_prophet");
  EXPECT_EQ(model.parameters.integer("weekly_order"), 3);
  EXPECT_EQ(read_days(*model.parameters.find_nested("holidays")), (std::vector<std::int64_t>{20'454, 20'812}));
}

TEST(Estimators, MayHoldOthersAndStandInLists) {
  const Parameters told = read(R"({"transformers": ["ResidualsTransformer",
      {"ResidualsTransformer": {"model": {"MiniProphetForecaster": {"daily_order": 2}}}}]})");
  const auto list = read_estimators(*told.find_nested("transformers"));
  ASSERT_EQ(list.size(), 2U);
  const Estimator inner = read_estimator(*list[1].parameters.find_nested("model"));
  EXPECT_EQ(inner.parameters.integer("daily_order"), 2);
  EXPECT_EQ(read(told.json()), told);
  EXPECT_EQ(read(R"({"transformers": []})"), default_parameters(get_algorithm("baseline").parameters));
}

TEST(Estimators, LeaveTheWordsOfABaselineAsTheyWere) {
  EXPECT_EQ(read(R"({"model": "median"})").choice("model"), "median");
  EXPECT_FALSE(read(R"({"model": "median"})").find_nested("model"));
}

struct Case {
  const char* json;
  const char* field;
  const char* says;
};

TEST(Estimators, AreRefusedWithThePathAndTheNearestName) {
  const Case cases[] = {
      {R"({"model": "MiniProfetForecaster"})", "algorithms.x.args.model", "did you mean 'MiniProphetForecaster'?"},
      {R"({"model": "medians"})", "algorithms.x.args.model", "did you mean 'median'?"},
      {R"({"model": "ProphetForecaster"})", "algorithms.x.args.model", "use MiniProphetForecaster"},
      {R"({"model": {"ProphetForecaster": {}}})", "algorithms.x.args.model.ProphetForecaster", "not available"},
      {R"({"model": {"MiniProphetForecaster": {"weekly_ordr": 3}}})",
       "algorithms.x.args.model.MiniProphetForecaster.weekly_ordr", "did you mean 'weekly_order'?"},
      {R"({"model": {"cls": "MiniProphet", "args": {"interval_width": 2}}})",
       "algorithms.x.args.model.args.interval_width", "a number from 0.5 to 0.999"},
      {R"({"model": {"cls": "MiniProphet", "arg": {}}})", "algorithms.x.args.model.arg", "did you mean 'args'?"},
      {R"({"model": 7})", "algorithms.x.args.model", "no forecaster"},
      {R"({"model": "ResidualsTransformer"})", "algorithms.x.args.model", "a forecaster is asked for here"},
      {R"({"transformers": ["ResidualsTransformer", "Scaler"]})", "algorithms.x.args.transformers[1]",
       "known are residuals"},
      {R"({"transformers": [{"ResidualsTransformer": {"model": {"MiniProphet": {"holidays": ["soon"]}}}}]})",
       "algorithms.x.args.transformers[0].ResidualsTransformer.model.MiniProphet.holidays[0]", "2026-12-25"},
      {R"({"tolerence": 3})", "algorithms.x.args.tolerence", "did you mean 'tolerance'?"},
  };
  for (const Case& one : cases) {
    const core::Error error = refused(one.json);
    EXPECT_EQ(error.code(), core::ErrorCode::invalid) << one.json;
    EXPECT_EQ(error.field(), one.field);
    EXPECT_NE(std::string(error.what()).find(one.says), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find(one.field), std::string::npos) << error.what();
  }
}

TEST(Estimators, AreTakenFromTheCommandLineToo) {
  const CatalogRow& row = get_algorithm("univariate_baseline");
  using Settings = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(parse_parameters(row.parameters, Settings{{"model", "MiniProphetForecaster"}}),
            read(R"({"model": "MiniProphetForecaster"})"));
  EXPECT_EQ(parse_parameters(row.parameters, Settings{{"model", R"({"mini_prophet": {"daily_order": 1}})"}}),
            read(R"({"model": {"mini_prophet": {"daily_order": 1}}})"));
}

}  // namespace
}  // namespace wakeful::detectors
