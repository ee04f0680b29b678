// The requests that the load generator writes.
#include "bench/tracking/questions.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace wakeful::bench {
namespace {

class QuestionsOf : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder_ / name;
    std::ofstream(path) << text;
    return path;
  }

  std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) /
      ("questions-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(QuestionsOf, TakeTheTemplatesInTurn) {
  Options options;
  options.port = 80;
  options.templates_file = file("templates", "GET /a\nGET /b?x=@seq@\n");
  Questions questions(options);
  std::string request;
  questions.write(request, 0, 4);
  EXPECT_EQ(request, "GET /a HTTP/1.1\r\nHost: 127.0.0.1:80\r\nAccept: */*\r\n\r\n");
  questions.write(request, 0, 5);
  EXPECT_EQ(request, "GET /b?x=5 HTTP/1.1\r\nHost: 127.0.0.1:80\r\nAccept: */*\r\n\r\n");
  EXPECT_EQ(questions.which(5), 1U);
}

TEST_F(QuestionsOf, RepeatTheRowAndCountItsPointsAndKeys) {
  Options options;
  options.templates_file = file("templates", "POST /log {\"run\":\"@run@\",\"rows\":[@rows@]}\n");
  options.row = "{\"k@key@\":@point@,\"t\":@time@}";
  options.runs_file = file("runs", "r0\nr1\n");
  options.rows = 3;
  options.keys = 2;
  Questions questions(options);
  std::string request;
  questions.write(request, 5, 7);
  const std::string body =
      "{\"run\":\"r1\",\"rows\":[{\"k0\":21,\"t\":1700000000021},{\"k1\":22,\"t\":1700000000022},"
      "{\"k0\":23,\"t\":1700000000023}]}";
  EXPECT_TRUE(request.ends_with("\r\n\r\n" + body)) << request;
  EXPECT_NE(request.find("Content-Length: " + std::to_string(body.size()) + "\r\n"), std::string::npos);
}

}  // namespace
}  // namespace wakeful::bench
