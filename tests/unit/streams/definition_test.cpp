#include "streams/definition.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "platform/core/error.hpp"
#include "streams/event.hpp"

namespace wakeful::streams {
namespace {

constexpr const char* kHot = R"({"name": "hot", "schedule": "stream", "stream": {
  "input": {"file": "in.jsonl"}, "value": "t", "window": {"kind": "hopping", "size": "5s", "step": "1s"},
  "alert": {"when": ">= 90", "round": 2}, "output": {"stdout": true}}})";

StreamDefinition read(const std::string& text) {
  const auto document = core::parse_json(text);
  return read_stream(core::ObjectReader(document.root()));
}

/// kHot with one piece of it replaced.
std::string with(const std::string& from, const std::string& to) {
  std::string text = kHot;
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string field_refused(const std::string& text) {
  try {
    read(text);
    return "taken";
  } catch (const core::Error& e) {
    EXPECT_EQ(e.code(), core::ErrorCode::invalid);
    return e.field();
  }
}

TEST(StreamDefinition, HasDefaults) {
  const StreamDefinition d = read(kHot);
  EXPECT_EQ(d.window, (WindowSpec{WindowKind::hopping, 5'000, 1'000, 0}));
  EXPECT_EQ(d.aggregate, Aggregate::mean);
  EXPECT_EQ(d.emit, Emit::updates);
  EXPECT_EQ(d.min_count, 1);
  EXPECT_EQ(d.threshold, 90);
  EXPECT_EQ(d.round, 2);
  EXPECT_EQ(std::get<FileOutput>(d.output).path, "");
  EXPECT_EQ(read(with(R"("hopping", "size": "5s", "step": "1s")", R"("tumbling", "size": "5s")")).window.step_ms,
            5'000);
}

TEST(StreamDefinition, NamesWhatIsWrong) {
  EXPECT_EQ(field_refused(with(R"("file": "in.jsonl")", R"("kafka": {})")), "stream.input.kafka.brokers");
  EXPECT_EQ(field_refused(with(R"("file": "in.jsonl")", R"("kafka": {"brokers": "a:1", "topic": "a b"})")),
            "stream.input.kafka.topic");
  EXPECT_EQ(field_refused(with(R"("file": "in.jsonl")", R"("push": "../x")")), "stream.input.push");
  EXPECT_EQ(field_refused(with(R"("file": "in.jsonl")", R"("stdin": false)")), "stream.input.stdin");
  EXPECT_EQ(field_refused(with(R"("file": "in.jsonl")", "")), "stream.input");
  EXPECT_EQ(field_refused(with(R"("file": "in.jsonl")", R"("file": "a", "stdin": true)")), "stream.input.stdin");
  EXPECT_EQ(field_refused(with(R"("file": "in.jsonl")", R"("fil": "a")")), "stream.input.fil");
  EXPECT_EQ(field_refused(with(R"("value": "t")", R"("value": "")")), "stream.value");
  EXPECT_EQ(field_refused(with(R"("hopping")", R"("hoping")")), "stream.window.kind");
  EXPECT_EQ(field_refused(with(R"("size": "5s")", R"("size": "five")")), "stream.window.size");
  EXPECT_EQ(field_refused(with(R"("size": "5s")", R"("size": "0s")")), "stream.window.size");
  EXPECT_EQ(field_refused(with(R"("step": "1s")", R"("step": "6s")")), "stream.window.step");
  EXPECT_EQ(field_refused(with(R"("size": "5s", "step": "1s")", R"("size": "366d", "step": "1ms")")),
            "stream.window.step");
  EXPECT_EQ(field_refused(with(R"("step": "1s")", R"("step": "1s", "grace": "9995s")")), "taken");
  EXPECT_EQ(field_refused(with(R"("step": "1s")", R"("step": "1s", "grace": "9996s")")), "stream.window.grace");
  EXPECT_EQ(field_refused(with(R"("hopping")", R"("tumbling")")), "stream.window.step");
  EXPECT_EQ(field_refused(with(R"("step": "1s")", R"("step": "1s", "min_count": 0)")), "stream.window.min_count");
  EXPECT_EQ(
      field_refused(with(R"("hopping", "size": "5s", "step": "1s")", R"("sliding", "size": "5s", "emit": "oldest")")),
      "stream.window.emit");
  for (const char* when : {"90", ">= hot", ">=", "=> 90", ">= nan"})
    EXPECT_EQ(field_refused(with(">= 90", when)), "stream.alert.when") << when;
  EXPECT_EQ(field_refused(with(R"("round": 2)", R"("round": 13)")), "stream.alert.round");
  const auto judged = [](const std::string& alert, const std::string& emit = R"("emit": "final")") {
    std::string text = with(R"("step": "1s")", R"("step": "1s", )" + emit);
    return text.replace(text.find(R"("when": ">= 90")"), 15, alert);
  };
  EXPECT_EQ(field_refused(judged(R"("algorithm": {"ewma_residual": {}})")), "taken");
  EXPECT_EQ(field_refused(judged(R"("algorithm": {"ewma_residual": {}})", R"("emit": "updates")")),
            "stream.window.emit");
  EXPECT_EQ(field_refused(judged(R"("algorithm": {"ewma_residua": {}})")), "stream.alert.algorithm.ewma_residua");
  EXPECT_EQ(field_refused(judged(R"("algorithm": {"ewma_residual": {"no": 1}})")),
            "stream.alert.algorithm.ewma_residual.no");
  EXPECT_EQ(field_refused(judged(R"("algorithm": {"ewma_residual": {}}, "train": 1)")), "stream.alert.train");
  EXPECT_EQ(field_refused(judged(R"("algorithm": {"ewma_residual": {}}, "when": "> 1")")), "stream.alert.when");
  EXPECT_EQ(field_refused(judged(R"("when": "> 1", "train": 100)")), "stream.alert.train");
  EXPECT_EQ(field_refused(with(R"("round": 2)", R"("resolved": true)")), "stream.alert.resolved");
  EXPECT_EQ(field_refused(with(R"("stdout": true)", R"("kafka": {"topic": "a"})")), "stream.output.kafka.brokers");
  EXPECT_EQ(field_refused(with(R"("stdout": true)", R"("stdout": true, "file": "a")")), "stream.output.stdout");
  EXPECT_EQ(field_refused(with(R"("stdout": true)", R"("stdout": true, "value": "xml")")), "stream.output.value");
  EXPECT_EQ(field_refused(with(R"("name": "hot")", R"("name": "../hot")")), "name");
  EXPECT_EQ(field_refused(with(R"("schedule": "stream")", R"("schedule": "manual")")), "schedule");
}

// The exact binary value decides, ties go to even: as printf("%.2f"), and Python's round.
TEST(StreamDefinition, RoundsAsPrintfDoes) {
  EXPECT_EQ(round_to(89.995, 2), 90.0);  // 89.9950000000000045…
  EXPECT_EQ(round_to(2.675, 2), 2.67);   // 2.67499999999999982…
  EXPECT_EQ(round_to(0.125, 2), 0.12);   // a tie
  EXPECT_EQ(round_to(0.375, 2), 0.38);
  EXPECT_EQ(round_to(-0.125, 2), -0.12);
  EXPECT_EQ(round_to(1e300, 2), 1e300);
}

TEST(StreamDefinition, ComparesInEveryDirection) {
  const auto alerts = [](const char* when, double value) {
    return find_alert(read(with(">= 90", when)), value).has_value();
  };
  EXPECT_TRUE(alerts(">= 90", 90) && !alerts("> 90", 90) && alerts("> 90", 90.01));
  EXPECT_TRUE(alerts("<= -1.5", -1.5) && !alerts("< -1.5", -1.5) && alerts("< 0", -1));
  EXPECT_TRUE(alerts("== 3", 3) && !alerts("!= 3", 3) && alerts("!=3", 4));
}

// What is near the threshold is compared as it is shown, and what is far needs no rounding.
TEST(StreamDefinition, ComparesAfterRounding) {
  const StreamDefinition d = read(kHot);
  EXPECT_EQ(find_alert(d, 89.995), 90.0);
  EXPECT_EQ(find_alert(d, 89.994), std::nullopt);
  EXPECT_EQ(find_alert(d, 94.625), 94.62);
  EXPECT_EQ(find_alert(d, std::numeric_limits<double>::quiet_NaN()), std::nullopt);
  for (double value = 89.97; value < 90.03; value += 0.0001)
    EXPECT_EQ(find_alert(d, value).has_value(), round_to(value, 2) >= 90) << value;
}

TEST(StreamDefinition, ReadsTopics) {
  const std::string kafka =
      with(R"("file": "in.jsonl")", R"("kafka": {"brokers": "a:1", "topic": "in", "offset": "latest"})");
  const StreamDefinition d = read(kafka);
  EXPECT_EQ(std::get<KafkaInput>(d.input),
            (KafkaInput{.brokers = "a:1", .topic = "in", .group = "hot", .is_from_end = true}));
  EXPECT_FALSE(writes_to_topic(d));
  const auto other = [&](const std::string& out) {
    std::string text = kafka;
    return text.replace(text.find(R"("output": {"stdout": true})"), 26, out);
  };
  const StreamDefinition both = read(other(R"("output": {"kafka": {"topic": "alerts", "value": "json"}},
    "dead_letters": {"kafka": {"topic": "dead"}})"));
  EXPECT_EQ(std::get<TopicOutput>(both.output), (TopicOutput{.brokers = "a:1", .topic = "alerts"}));
  EXPECT_TRUE(both.is_json && writes_to_topic(both));
  EXPECT_NO_THROW(check_for_server(both));
  EXPECT_EQ(field_refused(other(R"("output": {"kafka": {"topic": "alerts"}}, "dead_letters": {"file": "dead"})")),
            "stream.dead_letters");
  EXPECT_EQ(field_refused(other(R"("output": {"kafka": {"topic": "alerts", "brokers": "b:1"}})")),
            "stream.output.kafka.brokers");
  const StreamDefinition lines =
      read(with(R"("output": {"stdout": true})",
                R"("output": {"kafka": {"brokers": "b:1", "topic": "a"}}, "dead_letters": {"kafka": {"topic": "d"}})"));
  EXPECT_EQ(std::get<TopicOutput>(lines.dead_letters), (TopicOutput{.brokers = "b:1", .topic = "d"}));
  EXPECT_EQ(field_refused(with(R"("output": {"stdout": true})",
                               R"("output": {"kafka": {"brokers": "b:1", "topic": "a"}},
                                  "dead_letters": {"kafka": {"brokers": "c:1", "topic": "d"}})")),
            "stream.dead_letters.kafka.brokers");
  EXPECT_THROW(check_for_server(d), core::Error);
}

TEST(StreamDefinition, WritesNowhereTwiceNorWhereItReads) {
  const auto files = [](const std::string& output, const std::string& dead) {
    return with(R"("output": {"stdout": true})",
                R"("output": {"file": ")" + output + R"("}, "dead_letters": {"file": ")" + dead + "\"}");
  };
  EXPECT_EQ(field_refused(files("out", "dead")), "taken");
  EXPECT_EQ(field_refused(files("out", "./there/../out")), "stream.dead_letters.file");
  EXPECT_EQ(field_refused(files("./in.jsonl", "dead")), "stream.output.file");
  EXPECT_EQ(field_refused(files("out", "in.jsonl")), "stream.dead_letters.file");
  const auto topics = [](const std::string& output, const std::string& dead) {
    return R"({"name": "hot", "schedule": "stream", "stream": {"value": "t", "alert": {"when": ">= 90"},
      "input": {"kafka": {"brokers": "a:1", "topic": "in"}}, "window": {"kind": "tumbling", "size": "5s"},
      "output": {"kafka": {"topic": ")" +
           output + R"("}}, "dead_letters": {"kafka": {"topic": ")" + dead + "\"}}}}";
  };
  EXPECT_EQ(field_refused(topics("out", "dead")), "taken");
  EXPECT_EQ(field_refused(topics("in", "dead")), "stream.output.kafka.topic");
  EXPECT_EQ(field_refused(topics("out", "in")), "stream.dead_letters.kafka.topic");
}

TEST(StreamEvent, ReadsKeyTimeAndValue) {
  StreamDefinition d = read(kHot);
  EventReader reader(d);
  const Event event = reader.read_line(R"({"key": "a", "ts": 1700, "value": {"t": 3.5, "more": "x"}})");
  EXPECT_EQ(event.key, "a");
  EXPECT_EQ(event.ts, 1'700);
  EXPECT_EQ(event.value, 3.5);
  EXPECT_EQ(reader.read_line(R"({"key": 2, "ts": "5", "value": {"t": 1}})").key, "2");
  EXPECT_FALSE(reader.read_line(R"({"key": "a", "ts": 1, "value": {"t": null}})").value);
  EXPECT_FALSE(reader.read_line(R"({"key": "a", "ts": 1, "value": {}})").value);
  EXPECT_FALSE(reader.read_line(R"({"key": "a", "ts": 1})").value);
  d.time_field = "at";
  d.time_unit = TimeUnit::ns;
  EXPECT_EQ(reader.read_line(R"({"key": "a", "value": {"at": 1700000000123999999, "t": 1}})").ts, 1'700'000'000'123);
}

TEST(StreamEvent, ReadsAMessage) {
  StreamDefinition d = read(kHot);
  EventReader reader(d);
  const Event event = reader.read_message({.key = "m", .value = R"({"t": 71, "at": 5000000})", .ts_ms = 42});
  EXPECT_EQ(event.key, "m");
  EXPECT_EQ(event.ts, 42);
  EXPECT_EQ(event.value, 71);
  EXPECT_THROW(reader.read_message({.value = R"({"t": 71})", .ts_ms = 42}), core::Error);                 // no key
  EXPECT_THROW(reader.read_message({.key = "\xff", .value = R"({"t": 71})", .ts_ms = 42}), core::Error);  // not UTF-8
  EXPECT_THROW(reader.read_message({.key = "m", .value = R"({"t": 71})"}), core::Error);                  // no time
  EXPECT_THROW(reader.read_message({.key = "m", .value = "", .ts_ms = 42}), core::Error);
  d.time_field = "at";
  d.time_unit = TimeUnit::us;
  EXPECT_EQ(reader.read_message({.key = "m", .value = R"({"t": 71, "at": 5000000})"}).ts, 5'000);
}

TEST(StreamEvent, RefusesWhatIsNone) {
  const StreamDefinition d = read(kHot);
  EventReader reader(d);
  for (const char* line :
       {"", "[]", "{}", "x", R"({"ts": 1, "value": {"t": 1}})", R"({"key": null, "ts": 1})", R"({"key": {}, "ts": 1})",
        R"({"key": "a", "value": {"t": 1}})", R"({"key": "a", "ts": -1})", R"({"key": "a", "ts": 1.5})",
        R"({"key": "a\u0000b", "ts": 1})", R"({"key": "a", "ts": 1} more)", "{\"key\": \"\xff\", \"ts\": 1}",
        R"({"key": "a", "ts": 1, "value": 3})", R"({"key": "a", "ts": 1, "value": {"t": "hot"}})",
        R"({"key": "a", "ts": 1, "value": {"t": true}})"})
    EXPECT_THROW(reader.read_line(line), core::Error) << line;
}

TEST(StreamEvent, RefusesAKeyThatIsTooLong) {
  const StreamDefinition d = read(kHot);
  EventReader reader(d);
  const std::string fits(kLongestKey, 'k'), beyond(kLongestKey + 1, 'k');
  const auto line = [](const std::string& key) { return R"({"key": ")" + key + R"(", "ts": 1})"; };
  EXPECT_EQ(reader.read_line(line(fits)).key, fits);
  EXPECT_THROW(reader.read_line(line(beyond)), core::Error);
  EXPECT_EQ(reader.read_message({.key = fits, .value = "{}", .ts_ms = 1}).key, fits);
  EXPECT_THROW(reader.read_message({.key = beyond, .value = "{}", .ts_ms = 1}), core::Error);
}

}  // namespace
}  // namespace wakeful::streams
