#include "platform/artifacts/path.hpp"

#include <gtest/gtest.h>

#include "platform/core/error.hpp"

namespace wakeful::artifacts {
namespace {

TEST(Path, IsKeptAsItIsButForDotsAndExtraSlashes) {
  const std::pair<std::string, std::string> cases[] = {{"", ""},
                                                       {"path", "path"},
                                                       {"path/", "path"},
                                                       {"path/to/file", "path/to/file"},
                                                       {"./d", "d"},
                                                       {".", ""},
                                                       {"a//b/./c/", "a/b/c"},
                                                       {"dog%step%100", "dog%step%100"},
                                                       {"dog+step+100", "dog+step+100"},
                                                       {"p%41.txt", "p%41.txt"},
                                                       {"é x.txt", "é x.txt"},
                                                       {"x/2024-01-01T00:00:00", "x/2024-01-01T00:00:00"},
                                                       {"..x/...", "..x/..."},
                                                       {"sp \"q\".txt", "sp \"q\".txt"},
                                                       {"~x", "~x"}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(Path::parse(text).text(), expected);
}

TEST(Path, IsRefusedWhereItCouldLeaveItsRoot) {
  const std::string refused[] = {"/path",
                                 "../path",
                                 "../../path",
                                 "./../path",
                                 "path/../to",
                                 "path/../../to",
                                 "..",
                                 "file://a#/..//tmp",
                                 "file://a%23/..//tmp/",
                                 "/etc/passwd",
                                 "/etc/passwd%00.jpg",
                                 "/etc/passwd%0A",
                                 "%2E%2E%2Fpath",
                                 "%2E%2E%2F%2E%2E%2Fpath",
                                 "%252E%252E%252Fpath",
                                 "%25252E%25252E%25252Fpath",
                                 "%2%0952e%2%0952e/path",
                                 "/file://etc/passwd",
                                 "C:\\Windows",
                                 "C:/Windows/../x",
                                 "a:b",
                                 "\\\\server\\share",
                                 "\\\\?\\C:\\x",
                                 "..\\Windows",
                                 "::Windows",
                                 "....\\\\",
                                 "a#b",
                                 "a%23b",
                                 "a%00b",
                                 "a\nb",
                                 "a\x7f",
                                 "%2fetc",
                                 "FILE:x",
                                 "./file:/x",
                                 "./C:/x",
                                 ".//a:b",
                                 "a%5Cb",
                                 "\xff\xfe",
                                 std::string("a\0b", 3),
                                 std::string(1'025, 'a'),
                                 std::string(256, 'a'),
                                 "a/" + std::string(256, 'b')};
  for (const std::string& text : refused) {
    try {
      Path::parse(text, "artifact_path");
      ADD_FAILURE() << text;
    } catch (const core::Error& error) {
      EXPECT_EQ(error.code(), core::ErrorCode::invalid);
      EXPECT_STREQ(error.what(), "Invalid path");
      EXPECT_EQ(error.field(), "artifact_path");
    }
  }
}

TEST(Path, IsRefusedWhenDecodingItNeverEnds) {
  std::string text = "%41";
  for (int i = 0; i < 12; ++i) text.replace(0, 1, "%25");
  EXPECT_FALSE(Path::find(text));
}

TEST(Path, KnowsItsNameItsParentAndWhatLiesBelow) {
  const Path path = Path::parse("a/b/c.txt");
  EXPECT_EQ(path.name(), "c.txt");
  EXPECT_EQ(path.parent().text(), "a/b");
  EXPECT_TRUE(Path::parse("a").parent().is_root());
  EXPECT_EQ((Path() / path).text(), "a/b/c.txt");
  EXPECT_EQ((Path::parse("x") / path).text(), "x/a/b/c.txt");
  EXPECT_EQ((path / Path()).text(), "a/b/c.txt");
  EXPECT_EQ(Path::parse("a").child("b:c")->text(), "a/b:c");
  for (const char* name : {"b/c", "a\\b", "a\nb", "a#b", "..", ".", "", "a%2fb%00"})
    EXPECT_FALSE(Path::parse("a").child(name)) << name;
  EXPECT_FALSE(Path().child("b:c"));
}

}  // namespace
}  // namespace wakeful::artifacts
