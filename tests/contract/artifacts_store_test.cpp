// One suite for every implementation of artifacts::Store.
#include "contract/artifacts_store.hpp"

#include <atomic>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "platform/core/digest.hpp"
#include "platform/core/error.hpp"
#include "unit/artifacts/folder_of_test.hpp"

namespace wakeful::artifacts {
namespace {

using testing::StoreFactory;

/// `size` bytes that depend on their place, given in pieces of odd lengths; breaks after `breaks_at`.
class MadeBody final : public http::BodyReader {
 public:
  explicit MadeBody(std::uint64_t size, std::uint64_t breaks_at = ~std::uint64_t{0})
      : size_(size), breaks_at_(breaks_at) {}
  static char at(std::uint64_t i) { return static_cast<char>((i * 2654435761U) >> 13U); }
  std::size_t read(std::span<char> out) override {
    if (at_ >= breaks_at_) throw core::invalid("the body was cut");
    const std::size_t n =
        static_cast<std::size_t>(std::min({std::uint64_t{out.size()}, size_ - at_, std::uint64_t{70'001}}));
    for (std::size_t i = 0; i < n; ++i) out[i] = at(at_ + i);
    at_ += n;
    return n;
  }

 private:
  std::uint64_t size_;
  std::uint64_t breaks_at_;
  std::uint64_t at_ = 0;
};

std::string read_all(Opened opened) {
  std::string text;
  char piece[777];
  while (const std::size_t got = opened.body->read(piece)) text.append(piece, got);
  EXPECT_EQ(text.size(), opened.length);
  return text;
}

std::string names(const std::vector<Entry>& entries) {
  std::string text;
  for (const Entry& e : entries)
    text += fmt::format("{}{} {}\n", e.path.text(), e.is_directory ? "/" : "", e.size_bytes);
  return text;
}

class ArtifactStore : public ::testing::TestWithParam<StoreFactory> {
 protected:
  Stored put(std::string_view path, std::string text) {
    http::TextBody body(std::move(text));
    return store_->put(Path::parse(path), body);
  }
  std::string get(std::string_view path, std::optional<Range> range = std::nullopt) {
    return read_all(store_->open(Path::parse(path), range));
  }
  template <class F>
  core::ErrorCode code_of(F&& f) {
    try {
      f();
    } catch (const core::Error& error) {
      return error.code();
    }
    ADD_FAILURE() << "accepted";
    return core::ErrorCode::internal;
  }

  std::unique_ptr<Store> store_ = GetParam().make();
};

TEST_P(ArtifactStore, GivesBackWhatWasPut) {
  const Stored stored = put("1/run/artifacts/model/MLmodel", "flavors: {}\n");
  EXPECT_EQ(stored.size_bytes, 12U);
  EXPECT_EQ(stored.sha256, core::sha256_hex("flavors: {}\n"));
  EXPECT_EQ(get("1/run/artifacts/model/MLmodel"), "flavors: {}\n");
}

TEST_P(ArtifactStore, KeepsEmptyFilesAndStrangeNames) {
  put("d/empty", "");
  put("d/a:b", "12");
  put("d/é x %41 \"q\".txt", "1");
  EXPECT_EQ(get("d/empty"), "");
  EXPECT_EQ(get("d/é x %41 \"q\".txt"), "1");
  EXPECT_EQ(names(store_->list(Path::parse("d"))), "d/a:b 2\nd/empty 0\nd/é x %41 \"q\".txt 1\n");
}

TEST_P(ArtifactStore, ReplacesAFileAndChangesItsTag) {
  put("a", "one");
  const std::string before = store_->open(Path::parse("a")).etag;
  EXPECT_EQ(before, store_->open(Path::parse("a")).etag);
  put("a", "two!");
  EXPECT_EQ(get("a"), "two!");
  EXPECT_NE(before, store_->open(Path::parse("a")).etag);
}

TEST_P(ArtifactStore, LeavesNothingOfABodyThatBreaks) {
  put("x/kept", "old");
  MadeBody broken(10'000'000, 1'000'000);
  EXPECT_EQ(code_of([&] { store_->put(Path::parse("x/kept"), broken); }), core::ErrorCode::invalid);
  MadeBody broken_again(10'000'000, 1'000'000);
  EXPECT_EQ(code_of([&] { store_->put(Path::parse("x/new"), broken_again); }), core::ErrorCode::invalid);
  EXPECT_EQ(get("x/kept"), "old");
  EXPECT_EQ(names(store_->list(Path::parse("x"))), "x/kept 3\n");
}

TEST_P(ArtifactStore, ListsOneLevelSortedByPath) {
  put("r/b.txt", "bb");
  put("r/a/1", "x");
  put("r/B", "y");
  put("other", "z");
  EXPECT_EQ(names(store_->list(Path::parse("r"))), "r/B 1\nr/a/ 0\nr/b.txt 2\n");
  EXPECT_EQ(names(store_->list(Path())), "other 1\nr/ 0\n");
}

TEST_P(ArtifactStore, ListsAFileAsItselfAndWhatIsMissingAsNothing) {
  EXPECT_EQ(names(store_->list(Path())), "");
  put("r/a", "x");
  EXPECT_EQ(names(store_->list(Path::parse("r/a"))), "r/a 1\n");
  EXPECT_EQ(names(store_->list(Path::parse("r/b"))), "");
  EXPECT_EQ(names(store_->list(Path::parse("r/a/below"))), "");
  EXPECT_EQ(names(store_->list(Path::parse("no/such"))), "");
}

TEST_P(ArtifactStore, OpensRanges) {
  put("f", "0123456789");
  EXPECT_EQ(get("f", Range{.first = 0, .last = 3}), "0123");
  EXPECT_EQ(get("f", Range{.first = 7, .last = std::nullopt}), "789");
  EXPECT_EQ(get("f", Range{.first = 9, .last = 1'000}), "9");
  const Opened part = store_->open(Path::parse("f"), Range{.first = 2, .last = 4});
  EXPECT_EQ(part.size_bytes, 10U);
  EXPECT_EQ(part.first, 2U);
  EXPECT_EQ(part.length, 3U);
}

TEST_P(ArtifactStore, RefusesRangesBeyondTheEnd) {
  put("f", "0123456789");
  put("empty", "");
  for (const auto& [path, range] :
       {std::pair{"f", Range{.first = 10}}, {"f", Range{.first = 5, .last = 4}}, {"empty", Range{}}}) {
    try {
      get(path, range);
      ADD_FAILURE() << path;
    } catch (const core::Error& error) {
      EXPECT_EQ(error.wire_status(), 416);
    }
  }
}

TEST_P(ArtifactStore, SaysWhatIsMissing) {
  put("f", "x");
  put("d/f", "x");
  EXPECT_EQ(code_of([&] { get("g"); }), core::ErrorCode::not_found);
  EXPECT_EQ(code_of([&] { get("no/g"); }), core::ErrorCode::not_found);
  EXPECT_EQ(code_of([&] { get("f/below"); }), core::ErrorCode::not_found);
  EXPECT_EQ(code_of([&] { get("d"); }), core::ErrorCode::invalid);
  EXPECT_EQ(code_of([&] { get(""); }), core::ErrorCode::invalid);
}

TEST_P(ArtifactStore, LetsAFileAndAFolderNotShareAName) {
  put("f", "x");
  put("d/g", "x");
  EXPECT_EQ(code_of([&] { put("f/under", "x"); }), core::ErrorCode::conflict);
  EXPECT_EQ(code_of([&] { put("d", "x"); }), core::ErrorCode::conflict);
  EXPECT_EQ(code_of([&] { put("", "x"); }), core::ErrorCode::invalid);
  EXPECT_EQ(get("f"), "x");
  EXPECT_EQ(get("d/g"), "x");
}

TEST_P(ArtifactStore, RemovesFilesAndTrees) {
  put("r/a", "x");
  put("r/t/1/2/3", "x");
  put("r/t/4", "x");
  store_->remove(Path::parse("r/t"));
  EXPECT_EQ(names(store_->list(Path::parse("r"))), "r/a 1\n");
  store_->remove(Path::parse("r/t"));
  store_->remove(Path::parse("no/such"));
  store_->remove(Path::parse("r/a"));
  EXPECT_EQ(code_of([&] { get("r/a"); }), core::ErrorCode::not_found);
  EXPECT_EQ(code_of([&] { store_->remove(Path()); }), core::ErrorCode::invalid);
}

TEST_P(ArtifactStore, KeepsAnOpenedFileReadableWhenItIsReplacedOrRemoved) {
  put("f", "old content");
  Opened opened = store_->open(Path::parse("f"));
  put("f", "new");
  store_->remove(Path::parse("f"));
  EXPECT_EQ(read_all(std::move(opened)), "old content");
}

TEST_P(ArtifactStore, StreamsLargeBodies) {
  constexpr std::uint64_t kSize = 9'000'011;
  MadeBody body(kSize);
  EXPECT_EQ(store_->put(Path::parse("big"), body).size_bytes, kSize);
  const std::string tail = get("big", Range{.first = kSize - 1'000});
  for (std::size_t i = 0; i < tail.size(); ++i) ASSERT_EQ(tail[i], MadeBody::at(kSize - 1'000 + i)) << i;
}

TEST_P(ArtifactStore, GivesOneOfSeveralWritersAWholeFile) {
  std::vector<std::thread> writers;
  for (int w = 0; w < 4; ++w) {
    writers.emplace_back([this, w] {
      for (int i = 0; i < 10; ++i) put("p/q/shared", std::string(50'000, static_cast<char>('a' + w)));
    });
  }
  for (auto& writer : writers) writer.join();
  const std::string content = get("p/q/shared");
  EXPECT_EQ(content, std::string(50'000, content.front()));
  EXPECT_EQ(names(store_->list(Path())), "p/ 0\n");
}

INSTANTIATE_TEST_SUITE_P(Local, ArtifactStore,
                         ::testing::Values(StoreFactory{"Folder", [] { return testing::fresh_local_store(); }}),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace wakeful::artifacts
