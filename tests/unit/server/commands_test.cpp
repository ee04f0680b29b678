#include "server/commands.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "platform/db/open.hpp"

namespace wakeful::server {
namespace {

struct Said {
  int code;
  std::string out, err;
};

/// The command line as a shell would run it, standard input being `in`.
Said run(std::vector<std::string> words, const std::string& in = "") {
  words.insert(words.begin(), "wakeful");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  std::istringstream given(in);
  std::ostringstream out, err;
  auto* old_in = std::cin.rdbuf(given.rdbuf());
  auto* old_out = std::cout.rdbuf(out.rdbuf());
  auto* old_err = std::cerr.rdbuf(err.rdbuf());
  const int code = run_command_line(static_cast<int>(argv.size()), argv.data());
  std::cin.rdbuf(old_in);
  std::cout.rdbuf(old_out);
  std::cerr.rdbuf(old_err);
  return {code, out.str(), err.str()};
}

constexpr const char* kSeries = "time,a,b\n1,5,x\n2,6,x\n3,5,x\n4,6,x\n5,5,x\n6,6,x\n7,5,x\n8,90,x\n9,6,x\n10,5,x\n";

TEST(Commands, DetectScoresStandardInputWithEveryOption) {
  const Said said = run({"detect", "-", "--train-rows", "5", "--ignore", "b", "--seed", "3", "--algorithm",
                         "ewma_residual", "--set", "rate=0.2", "--set", "tolerance=4"},
                        kSeries);
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out.substr(0, said.out.find('\n')), "time,anomaly_score,is_anomaly,expected,lower,upper");
  EXPECT_EQ(std::count(said.out.begin(), said.out.end(), '\n'), 11);
  EXPECT_NE(said.err.find("trained on the first 5 rows"), std::string::npos) << said.err;
  // Options that may be repeated do not swallow the file behind them.
  const Said behind = run({"detect", "--ignore", "b", "--set", "rate=0.2", "-"}, kSeries);
  EXPECT_EQ(behind.code, 0) << behind.err;
}

TEST(Commands, DetectAndEvaluateTellMistakesApartByTheirExitCode) {
  const std::string path = testing::TempDir() + "commands_test." + std::to_string(::getpid()) + ".csv";
  std::ofstream(path) << "anomaly_score,label\n0.5,0\n3,1\n";
  struct Case {
    std::vector<std::string> words;
    int code;
    std::string says;
  };
  const std::vector<Case> cases = {
      {{"detect"}, 2, "file is required"},
      {{"detect", "-", "--no-such"}, 2, "--no-such"},
      {{"detect", "-", "--train-rows", "-1"}, 2, "--train-rows"},
      {{"detect", "-", "--ignore", "b", "--train-rows", "99"}, 2, "train-rows must be"},
      {{"detect", "-", "--algorithm", "ewma_residul"}, 2, "did you mean 'ewma_residual'"},
      {{"detect", "-", "--set", "rate"}, 2, "key=value"},
      {{"detect", "-", "--time", "when"}, 2, "no column 'when'"},
      {{"detect", "-"}, 1, "line 2, column 'b'"},
      {{"detect", "-", "--ignore", "b", "--output", "/no/such/folder/x"}, 1, "cannot write"},
      {{"detect", path + ".absent"}, 4, "does not exist"},
      {{"evaluate", path}, 2, ""},
      {{"evaluate", path, "--labels", path, "--windows", path}, 2, ""},
      {{"evaluate", path, "--labels", path + ".absent"}, 4, "does not exist"},
      {{"evaluate", path, "--labels", path}, 0, ""},
  };
  for (const Case& c : cases) {
    const Said said = run(c.words, kSeries);
    EXPECT_EQ(said.code, c.code) << testing::PrintToString(c.words) << said.err;
    EXPECT_NE(said.err.find(c.says), std::string::npos) << said.err;
    EXPECT_EQ(said.out.empty(), c.code != 0) << said.out;
  }
  const Said json = run({"evaluate", path, "--labels", path, "--json"});
  EXPECT_NE(json.out.find("\"f1\":1"), std::string::npos) << json.out;
  std::filesystem::remove(path);
}

TEST(Commands, MistakesInTheWordsAreWrongUsage) {
  const std::vector<std::vector<std::string>> cases = {
      {"server", "--port", "abc"},
      {"server", "--workers", "0"},
      {"server", "--log-level", "loud"},
      {"server", "--backend-store-uri", "mysql://host/db"},
      {"runner", "--lease", "soon"},
      {"runner", "--tracking-uri", "ftp://host"},
      {"run", "d", "--kind", "dance"},
      {"run", "d", "--kind", "train", "--until", "yesterday"},
      {"db", "status", "--backend-store-uri", "wakeful.db"},
      {"jobs", "list", "--tracking-uri", "host:5000"},
  };
  for (const auto& words : cases) {
    const Said said = run(words);
    EXPECT_EQ(said.code, 2) << testing::PrintToString(words) << said.err;
    EXPECT_FALSE(said.err.empty());
    EXPECT_EQ(said.out, "");
  }
}

TEST(Commands, DoctorStatusAndBackupOnlyLook) {
  const std::filesystem::path folder = testing::TempDir() + "commands_look." + std::to_string(::getpid());
  std::filesystem::create_directories(folder);
  const std::string store = "sqlite:///" + (folder / "w.db").string();
  const std::string files = (folder / "files").string();
  const std::string copy = (folder / "copy.db").string();
  const Said doctor = run({"doctor", "--backend-store-uri", store, "--artifacts-destination", files});
  EXPECT_EQ(doctor.code, 0) << doctor.err;
  EXPECT_NE(doctor.out.find("none yet"), std::string::npos) << doctor.out;
  EXPECT_EQ(run({"db", "status", "--backend-store-uri", store}).code, 4);
  EXPECT_EQ(run({"db", "backup", copy, "--backend-store-uri", store}).code, 4);
  EXPECT_TRUE(std::filesystem::is_empty(folder));

  ASSERT_EQ(run({"db", "upgrade", "--backend-store-uri", store}).code, 0);
  // As beside a server, which holds the store for itself.
  const auto held = db::open(store);
  EXPECT_EQ(run({"doctor", "--backend-store-uri", store, "--artifacts-destination", files}).code, 0);
  const Said status = run({"db", "status", "--backend-store-uri", store});
  EXPECT_EQ(status.out.substr(0, 7), "schema ") << status.err;
  EXPECT_EQ(run({"db", "backup", copy, "--backend-store-uri", store}).code, 0);
  EXPECT_EQ(run({"db", "status", "--backend-store-uri", "sqlite:///" + copy}).out, status.out);
  EXPECT_FALSE(std::filesystem::exists(files));
  std::filesystem::remove_all(folder);
}

TEST(Commands, GcWorksBesideWhoeverHasTheStoreAndSaysWhatItDid) {
  const std::string folder = testing::TempDir() + "gc_test." + std::to_string(::getpid());
  std::filesystem::create_directories(folder);
  const std::string uri = "sqlite:///" + folder + "/store.db";
  const std::vector<std::string> on = {"--backend-store-uri", uri, "--artifacts-destination", folder + "/files"};
  const auto gc = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "gc");
    words.insert(words.end(), on.begin(), on.end());
    return run(words);
  };
  EXPECT_EQ(gc({}).code, 4);
  EXPECT_NE(gc({"--older-than", "soon"}).code, 0);
  const auto server = db::open(uri);
  db::upgrade(*server);
  const Said would = gc({"--older-than", "0s", "--dry-run"});
  EXPECT_EQ(would.code, 0) << would.err;
  EXPECT_EQ(would.out, "would remove: 0 runs, 0 experiments, 0 files and folders\n");
  EXPECT_EQ(gc({}).out, "removed: 0 runs, 0 experiments, 0 files and folders\n");
  server->close();
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace wakeful::server
