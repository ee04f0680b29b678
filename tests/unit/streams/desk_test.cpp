// How much a desk takes along before it must move on.
#include "streams/desk.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <ostream>

#include <fmt/format.h>

#include "streams/definition.hpp"
#include "streams/wire.hpp"

namespace wakeful::streams {
namespace {

constexpr std::size_t kMiB = 1U << 20U;

/// As a server's: weighs what it would be sent.
class Scale final : public Keeper {
 public:
  std::vector<LaneState> take(std::span<const std::int64_t>) override { return {}; }
  void move(std::span<const LaneMove> moves, bool) override {
    core::JsonWriter json;
    json.begin_array();
    for (const LaneMove& move : moves) write_move(json, move);
    bytes = json.end_array().take().size();
  }
  void settle(const LaneState&, bool) override {}
  bool keeps_alerts() const override { return true; }
  bool is_shared() const override { return true; }

  std::size_t bytes = 0;
};

struct Load {
  std::string name;
  std::string window;
  std::string alert;
  std::function<std::string(int)> key;
  std::function<std::int64_t(int)> ts;
};

std::string key_of(int i) { return std::to_string(i); }
std::ostream& operator<<(std::ostream& out, const Load& load) { return out << load.name; }

class DeskTest : public ::testing::TestWithParam<Load> {};

TEST_P(DeskTest, MovesOnBeforeAMoveIsTooLongForTheApi) {
  const auto document = core::parse_json(fmt::format(
      R"({{"name":"hot","schedule":"stream","stream":{{"input":{{"push":"r"}},"value":"t","window":{},"alert":{}}}}})",
      GetParam().window, GetParam().alert));
  const StreamDefinition definition = read_stream(core::ObjectReader(document.root()));
  Scale scale;
  NoOutlet outlet;
  Desk desk(definition, scale, outlet);
  desk.open({.lane = 0, .epoch = 1});
  int i = 0;
  const auto take = [&] {
    desk.take_line(
        0, fmt::format(R"({{"key":"{}","ts":{},"value":{{"t":{}}}}})", GetParam().key(i), GetParam().ts(i), i % 100),
        i + 1, false);
    ++i;
  };
  while (!desk.is_full()) {
    ASSERT_LT(i, 400'000);
    take();
  }
  desk.move_on();
  EXPECT_LT(scale.bytes, 63 * kMiB);
  EXPECT_GT(scale.bytes, 4 * kMiB);
  take();
  EXPECT_FALSE(desk.is_full());  // it counts anew
}

INSTANTIATE_TEST_SUITE_P(
    Loads, DeskTest,
    ::testing::Values(Load{"many_keys", R"({"kind":"tumbling","size":"5s"})", R"({"when":">= 1000"})", key_of,
                           [](int i) { return i; }},
                      Load{"grace", R"({"kind":"tumbling","size":"1s","grace":"5000s"})", R"({"when":">= 1000"})",
                           [](int i) { return key_of(i % 50); }, [](int i) { return 1'000 * (i / 50); }},
                      Load{"sliding", R"({"kind":"sliding","size":"100s"})", R"({"when":">= 1000"})",
                           [](int i) { return key_of(i / 100); }, [](int i) { return i % 100; }},
                      Load{"learning", R"({"kind":"tumbling","size":"1s","emit":"final"})",
                           R"({"algorithm":{"ewma_residual":{}},"train":10000})", [](int i) { return key_of(i / 10); },
                           [](int i) { return 900'000 * (i % 10); }},
                      Load{"models", R"({"kind":"tumbling","size":"1s","emit":"final"})",
                           R"({"algorithm":{"isolation_forest":{"trees":20}},"train":300})",
                           [](int i) { return key_of(i / 310); }, [](int i) { return 1'000 * (i % 310); }},
                      Load{"alerts", R"({"kind":"hopping","size":"500s","step":"1s"})", R"({"when":">= 0"})",
                           [](int) { return key_of(1); }, [](int i) { return 1'000'000 + i; }},
                      Load{"keys_that_json_writes_longer", R"({"kind":"tumbling","size":"5s"})",
                           R"({"when":">= 1000"})",
                           [](int i) {
                             std::string key;
                             for (int k = 0; k < 1'000; ++k) key += "\\u0001";
                             return key + std::to_string(i);
                           },
                           [](int i) { return i; }}),
    [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace wakeful::streams
