// What only the local store can get wrong: links, leftovers, what the folder looks like from outside.
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include <gtest/gtest.h>

#include "platform/artifacts/store.hpp"
#include "platform/core/error.hpp"
#include "unit/artifacts/folder_of_test.hpp"

namespace wakeful::artifacts {
namespace {

namespace fs = std::filesystem;

class LocalStoreTest : public ::testing::Test {
 protected:
  LocalStoreTest() {
    fs::create_directories(outside());
    std::ofstream(outside() / "secret") << "secret";
    fs::create_directories(root());
    store_ = open_store(root().string());
  }
  fs::path root() const { return folder_.path() / "root"; }
  fs::path outside() const { return folder_.path() / "outside"; }
  void put(std::string_view path) {
    http::TextBody body("text");
    store_->put(Path::parse(path), body);
  }
  template <class F>
  static core::ErrorCode code_of(F&& f) {
    try {
      f();
    } catch (const core::Error& error) {
      EXPECT_EQ(std::string(error.what()).find("outside"), std::string::npos) << error.what();
      return error.code();
    }
    ADD_FAILURE() << "accepted";
    return core::ErrorCode::internal;
  }

  testing::TemporaryFolder folder_;
  std::unique_ptr<Store> store_;
};

TEST_F(LocalStoreTest, FollowsNoLinkOutOfItsRoot) {
  fs::create_directory_symlink(outside(), root() / "dir");
  fs::create_symlink(outside() / "secret", root() / "file");
  EXPECT_EQ(code_of([&] { store_->open(Path::parse("dir/secret")); }), core::ErrorCode::invalid);
  EXPECT_EQ(code_of([&] { store_->open(Path::parse("file")); }), core::ErrorCode::invalid);
  EXPECT_EQ(code_of([&] { store_->list(Path::parse("dir")); }), core::ErrorCode::invalid);
  EXPECT_EQ(code_of([&] { put("dir/new"); }), core::ErrorCode::invalid);
  EXPECT_EQ(code_of([&] { put("dir/secret"); }), core::ErrorCode::invalid);
  EXPECT_EQ(code_of([&] { store_->remove(Path::parse("dir/secret")); }), core::ErrorCode::invalid);
  EXPECT_TRUE(store_->list(Path()).empty());
  EXPECT_TRUE(fs::exists(outside() / "secret"));
  EXPECT_FALSE(fs::exists(outside() / "new"));
}

TEST_F(LocalStoreTest, ReplacesAndRemovesLinksThemselves) {
  fs::create_symlink(outside() / "secret", root() / "file");
  put("file");
  EXPECT_FALSE(fs::is_symlink(root() / "file"));
  fs::create_directories(root() / "tree");
  fs::create_directory_symlink(outside(), root() / "tree" / "dir");
  store_->remove(Path::parse("tree"));
  EXPECT_FALSE(fs::exists(root() / "tree"));
  EXPECT_EQ(fs::file_size(outside() / "secret"), 6U);
}

TEST_F(LocalStoreTest, MayItselfBeBehindALink) {
  fs::create_directory_symlink(root(), folder_.path() / "link");
  auto through = open_store((folder_.path() / "link").string());
  put("a");
  EXPECT_EQ(through->list(Path()).size(), 1U);
}

TEST_F(LocalStoreTest, KeepsItsTemporaryFolderToItself) {
  put("a");
  EXPECT_TRUE(fs::exists(root() / ".wakeful-tmp"));
  EXPECT_EQ(store_->list(Path()).size(), 1U);
  std::ofstream(root() / ".wakeful-tmp" / "left") << "x";
  EXPECT_TRUE(store_->list(Path::parse(".wakeful-tmp")).empty());
  EXPECT_EQ(code_of([&] { store_->open(Path::parse(".wakeful-tmp/left")); }), core::ErrorCode::not_found);
  EXPECT_EQ(code_of([&] { put(".wakeful-tmp/left"); }), core::ErrorCode::invalid);
  EXPECT_EQ(code_of([&] { store_->remove(Path::parse(".wakeful-tmp")); }), core::ErrorCode::invalid);
}

TEST_F(LocalStoreTest, LeavesNoTemporaryFilesBehind) {
  put("a");
  put("a");
  put("d/b");
  store_->remove(Path::parse("d"));
  EXPECT_TRUE(fs::is_empty(root() / ".wakeful-tmp"));
}

TEST_F(LocalStoreTest, DoesNotWaitForAPipe) {
  ASSERT_EQ(::mkfifo((root() / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(code_of([&] { store_->open(Path::parse("pipe")); }), core::ErrorCode::not_found);
  EXPECT_TRUE(store_->list(Path()).empty());
}

TEST_F(LocalStoreTest, HidesNamesThatNoPathCanBe) {
  std::ofstream(root() / "a\\b") << "x";
  std::ofstream(root() / "a\nb") << "x";
  EXPECT_TRUE(store_->list(Path()).empty());
}

TEST_F(LocalStoreTest, MakesItsRootWithTheFirstFileOnly) {
  const fs::path later = folder_.path() / "later" / "root";
  auto store = open_store("file://" + later.string());
  EXPECT_TRUE(store->list(Path()).empty());
  store->remove(Path::parse("x"));
  EXPECT_FALSE(fs::exists(later));
  http::TextBody body("text");
  store->put(Path::parse("x"), body);
  EXPECT_TRUE(fs::exists(later / "x"));
}

TEST(OpenStore, KnowsFoldersAndFileUrisOnly) {
  testing::TemporaryFolder folder;
  auto store = open_store("file://localhost" + folder.path().string() + "/a%20b");
  http::TextBody body("text");
  store->put(Path::parse("x"), body);
  EXPECT_TRUE(fs::exists(folder.path() / "a b" / "x"));
  for (const char* destination :
       {"", "s3://bucket", "file://other/x", "file:", "file:///a?b", "file:///a#b", "file:///%zz"}) {
    EXPECT_THROW(open_store(destination), core::Error) << destination;
  }
}

}  // namespace
}  // namespace wakeful::artifacts
