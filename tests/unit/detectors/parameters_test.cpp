#include "detectors/parameters.hpp"

#include <gtest/gtest.h>

#include <array>

#include "platform/core/error.hpp"

namespace wakeful::detectors {
namespace {

using core::Error;

constexpr std::array<std::string_view, 2> kSides = {"up", "down"};
constexpr std::array<std::string_view, 1> kAuto = {"auto"};
constexpr std::array<ParameterSpec, 4> kTable = {{
    {.name = "trees", .kind = ParameterKind::integer, .fallback = "100", .least = 1, .most = 1000},
    {.name = "share", .kind = ParameterKind::real, .fallback = "auto", .least = 0, .most = 0.5, .words = kAuto},
    {.name = "direction", .kind = ParameterKind::choice, .fallback = "up", .words = kSides},
    {.name = "smooth", .kind = ParameterKind::boolean, .fallback = "false"},
}};

Parameters parse(std::vector<std::pair<std::string, std::string>> settings) {
  return parse_parameters(kTable, settings);
}
Parameters read(std::string_view json) {
  const auto document = core::parse_json(json);
  return read_parameters(kTable, core::ObjectReader(document.root(), "algorithms.forest"));
}

TEST(Parameters, HaveADefaultEach) {
  const Parameters p = default_parameters(kTable);
  EXPECT_EQ(p.integer("trees"), 100);
  EXPECT_EQ(p.find_real("share"), std::nullopt);
  EXPECT_EQ(p.choice("direction"), "up");
  EXPECT_FALSE(p.boolean("smooth"));
}

TEST(Parameters, AreReadFromWordsOfTheCommandLine) {
  const Parameters p =
      parse({{"trees", "7"}, {"share", ".25"}, {"direction", "down"}, {"smooth", "1"}, {"trees", "8"}});
  EXPECT_EQ(p.integer("trees"), 8);
  EXPECT_EQ(p.real("share"), 0.25);
  EXPECT_EQ(p.text("direction"), "down");
  EXPECT_EQ(p.text("smooth"), "true");
}

TEST(Parameters, AreReadFromJsonAndWrittenBack) {
  const Parameters p = read(R"({"trees": 200.0, "share": "0.1", "smooth": true})");
  EXPECT_EQ(p.integer("trees"), 200);
  EXPECT_EQ(p.real("share"), 0.1);
  EXPECT_EQ(read(p.json()), p);
  EXPECT_EQ(read("{}"), default_parameters(kTable));
}

struct Refused {
  std::string json, field, says;
};

TEST(Parameters, RefuseWhatTheTableDoesNotAllowAndNameIt) {
  const std::vector<Refused> cases = {
      {R"({"tree": 5})", "algorithms.forest.tree", "did you mean 'trees'"},
      {R"({"colour": 5})", "algorithms.forest.colour", "known are trees"},
      {R"({"trees": 0})", "algorithms.forest.trees", "whole number from 1 to 1000"},
      {R"({"trees": 2.5})", "algorithms.forest.trees", "whole number"},
      {R"({"trees": 1e300})", "algorithms.forest.trees", "whole number"},
      {R"({"trees": true})", "algorithms.forest.trees", "whole number"},
      {R"({"trees": [1]})", "algorithms.forest.trees", "whole number"},
      {R"({"share": "NaN"})", "algorithms.forest.share", "or auto"},
      {R"({"share": "Infinity"})", "algorithms.forest.share", "or auto"},
      {R"({"share": -0.1})", "algorithms.forest.share", "from 0 to 0.5"},
      {R"({"direction": "sideways"})", "algorithms.forest.direction", "one of up, down"},
      {R"({"smooth": "yes"})", "algorithms.forest.smooth", "true or false"},
      {R"({"smooth": {}})", "algorithms.forest.smooth", "true or false"},
  };
  for (const Refused& c : cases) {
    try {
      read(c.json);
      ADD_FAILURE() << c.json << " was accepted";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), core::ErrorCode::invalid) << c.json;
      EXPECT_EQ(e.field(), c.field);
      EXPECT_NE(std::string(e.what()).find(c.says), std::string::npos) << e.what();
    }
  }
  EXPECT_THROW(parse({{"direktion", "up"}}), Error);
}

}  // namespace
}  // namespace wakeful::detectors
