// What only CSV sources can be asked: files that are broken, or not to be read.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "platform/core/error.hpp"
#include "platform/core/id.hpp"
#include "runner/source.hpp"

namespace wakeful::runner {
namespace {

namespace fs = std::filesystem;
const Span kAll{core::parse_rfc3339("1900-01-01T00:00:00Z"), core::parse_rfc3339("2100-01-01T00:00:00Z")};

class CsvSourceTest : public ::testing::Test {
 protected:
  CsvSourceTest() { fs::create_directories(folder_); }
  ~CsvSourceTest() override { fs::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  Observations pull(const monitor::CsvSource& csv) {
    metric_.name = "v";
    metric_.source = csv;
    return make_source(metric_, {server_, connections_, settings_})->pull(kAll, core::Deadline::never());
  }
  std::string refusal(const monitor::CsvSource& csv) {
    try {
      pull(csv);
      return "accepted";
    } catch (const core::Error& e) {
      return e.what();
    }
  }

  fs::path folder_ = fs::temp_directory_path() / ("wakeful-" + core::new_hex_id());
  client::Server server_{[](http::Request) -> http::Response { throw core::internal("no server is asked"); }};
  Connections connections_;
  SourceSettings settings_;
  monitor::Metric metric_;
};

TEST_F(CsvSourceTest, FindsItsColumnsByName) {
  EXPECT_EQ(pull({.path = write("a.csv", "v,Timestamp\n1,2026-03-01\n")}).rows.size(), 1U);
  const std::string other = write("b.csv", "when,reading\n2026-03-01,7\n");
  EXPECT_EQ(pull({.path = other, .time_column = "when", .value_column = "reading"}).rows[0].value, 7);
  EXPECT_NE(refusal({.path = other}).find("name it in time_column"), std::string::npos);
  EXPECT_NE(refusal({.path = other, .time_column = "when", .value_column = "raeding"}).find("did you mean 'reading'?"),
            std::string::npos);
}

TEST_F(CsvSourceTest, TakesWhatIsNoFiniteNumberAsMissing) {
  const auto found =
      pull({.path = write("a.csv", "ts,v\n2026-03-01,\n2026-03-02,nan\n2026-03-03,-inf\n2026-03-04,0\n,5\n")});
  ASSERT_EQ(found.rows.size(), 1U);
  EXPECT_EQ(found.rows[0].value, 0);
}

TEST_F(CsvSourceTest, NamesTheLineOfWhatIsWrong) {
  EXPECT_NE(refusal({.path = write("a.csv", "ts,v\n2026-03-01,1\n2026-03-02,x\n")}).find("line 3: 'x' is no number"),
            std::string::npos);
  EXPECT_NE(refusal({.path = write("b.csv", "ts,v\n2026-03-01\n")}).find("line 2: 1 fields"), std::string::npos);
  EXPECT_NE(refusal({.path = write("c.csv", "ts,v\nsoon,1\n")}).find("line 2: 'soon' is no time"), std::string::npos);
  EXPECT_NE(refusal({.path = write("d.csv", "")}).find("empty"), std::string::npos);
}

TEST_F(CsvSourceTest, ReadsOnlyFilesBelowItsRoot) {
  settings_.csv_root = folder_.string();
  write("a.csv", "ts,v\n2026-03-01,1\n");
  EXPECT_EQ(pull({.path = "a.csv"}).rows.size(), 1U);
  EXPECT_EQ(pull({.path = (folder_ / "a.csv").string()}).rows.size(), 1U);
  fs::create_symlink("/etc/passwd", folder_ / "link.csv");
  for (const char* path : {"/etc/passwd", "../a.csv", "link.csv", "x/../../a.csv"})
    EXPECT_NE(refusal({.path = path}).find("outside the folder"), std::string::npos) << path;
}

TEST_F(CsvSourceTest, SaysThatAFileIsNotThere) {
  EXPECT_NE(refusal({.path = (folder_ / "none.csv").string()}).find("is no file"), std::string::npos);
  EXPECT_NE(refusal({.path = folder_.string()}).find("is no file"), std::string::npos);
}

}  // namespace
}  // namespace wakeful::runner
