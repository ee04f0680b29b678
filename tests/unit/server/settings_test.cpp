#include "server/settings_file.hpp"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "platform/core/error.hpp"

namespace wakeful::server {
namespace {

Environment environment(std::map<std::string, std::string, std::less<>> values) {
  return [values = std::move(values)](std::string_view name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST(Settings, TakeOurVariableBeforeMlflows) {
  const Settings s =
      from_environment(environment({{"MLFLOW_PORT", "1"}, {"WAKEFUL_PORT", "2"}, {"MLFLOW_HOST", "::1"}}));
  EXPECT_EQ(s.port, 2);
  EXPECT_EQ(s.host, "::1");
  EXPECT_EQ(s.backend_store_uri, "sqlite:///wakeful.db");
}

TEST(Settings, NameTheVariableThatIsWrong) {
  try {
    from_environment(environment({{"MLFLOW_PORT", "70000"}}));
    FAIL();
  } catch (const core::Error& e) {
    EXPECT_EQ(e.field(), "MLFLOW_PORT");
    EXPECT_STREQ(e.what(), "MLFLOW_PORT: --port must be a number from 0 to 65535, not '70000'");
  }
}

TEST(Settings, RefuseWhatCannotBe) {
  Settings s;
  EXPECT_NO_THROW(check(s));
  s.static_prefix = "ml/";
  EXPECT_THROW(check(s), core::Error);
  s.static_prefix = "/ml";
  s.synchronous = "off";
  EXPECT_THROW(check(s), core::Error);
  for (const char* lease : {"0s", "2h", "long"}) EXPECT_THROW(lease_of(lease), core::Error) << lease;
  EXPECT_EQ(lease_of("1s"), std::chrono::seconds(1));
}

TEST(Settings, EveryRowSetsWhatItShows) {
  std::set<std::string_view> flags;
  for (const SettingRow& row : setting_rows()) {
    EXPECT_TRUE(flags.insert(row.flag).second) << row.flag;
    Settings s;
    const std::string value = row.is_switch ? "false" : "7";
    row.set(s, value);
    EXPECT_EQ(row.get(s), value) << row.flag;
    EXPECT_FALSE(row.help.empty());
  }
}

TEST(SettingsFile, SaysWhatFlagsSayAndNamesConnections) {
  const Settings s = from_settings_text(
      "port: 5001\nrunner: no\nbackend_store_uri: sqlite:///x.db\nconnections:\n  warehouse: sqlite:////data/w.db\n",
      "w.yaml");
  EXPECT_EQ(s.port, 5001);
  EXPECT_FALSE(s.runner);
  EXPECT_EQ(s.backend_store_uri, "sqlite:///x.db");
  EXPECT_EQ(s.connections.at("warehouse"), "sqlite:////data/w.db");
  EXPECT_EQ(s.host, "127.0.0.1") << "what it does not name stays as it was";
}

TEST(SettingsFile, LosesToTheEnvironment) {
  const Settings file = from_settings_text("port: 5001\nworkers: 3\n", "w.yaml");
  const Settings s = from_environment(environment({{"WAKEFUL_PORT", "5002"}}), file);
  EXPECT_EQ(s.port, 5002);
  EXPECT_EQ(s.workers, 3);
}

std::string mistake(std::string_view text) {
  try {
    from_settings_text(text, "w.yaml");
  } catch (const core::Error& e) {
    return e.what();
  }
  return "none";
}

TEST(SettingsFile, NamesFileAndKeyOfAMistake) {
  EXPECT_EQ(mistake("prot: 5001"), "w.yaml: Unknown key 'prot'; did you mean 'port'?");
  EXPECT_EQ(mistake("port: many"), "w.yaml: --port must be a number from 0 to 65535, not 'many'");
  EXPECT_NE(mistake("connections: [a]").find("w.yaml: "), std::string::npos);
  EXPECT_NE(mistake("connections: [a]").find("connections"), std::string::npos);
  EXPECT_NE(mistake("connections: {a: 5}").find("connections.a"), std::string::npos);
  EXPECT_NE(mistake("port: [1").find("w.yaml: "), std::string::npos);
  EXPECT_EQ(mistake("a: 1\n---\nb: 2\n"), "w.yaml: more than one document");
  EXPECT_EQ(mistake(""), "none");
  EXPECT_THROW(from_file("/nowhere/w.yaml"), core::Error);
}

}  // namespace
}  // namespace wakeful::server
