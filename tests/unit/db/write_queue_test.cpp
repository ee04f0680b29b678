#include "platform/db/write_queue.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "platform/core/error.hpp"

namespace wakeful::db {
namespace {

using namespace std::chrono_literals;
using Wake = WriteQueue::Wake;

constexpr auto nothing = [](Tx&) {};

struct Request : WriteRequest {
  Request() : WriteRequest{.body = nothing, .deadline = core::Deadline::never()} {}
};

TEST(WriteQueue, GivesInteractiveRequestsFirstAndEachKindInOrder) {
  WriteQueue queue(10);
  Request bulk, first, second;
  queue.push(bulk, Priority::bulk);
  queue.push(first, Priority::interactive);
  queue.push(second, Priority::interactive);
  EXPECT_EQ(&first, queue.find_request());
  EXPECT_EQ(&second, queue.find_request());
  EXPECT_EQ(&bulk, queue.find_request());
  EXPECT_EQ(nullptr, queue.find_request());
}

TEST(WriteQueue, DoesNotLetBulkRequestsStarve) {
  WriteQueue queue(10);
  Request bulk, interactive;
  queue.push(bulk, Priority::bulk);
  bulk.queued_at -= 2s;
  queue.push(interactive, Priority::interactive);
  EXPECT_EQ(&bulk, queue.find_request());
}

TEST(WriteQueue, RefusesWhatIsTooMuchAndWhatComesTooLate) {
  WriteQueue queue(1);
  Request first, second;
  queue.push(first, Priority::bulk);
  EXPECT_THROW(queue.push(second, Priority::interactive), core::Error);
  EXPECT_EQ(1U, queue.size());
  EXPECT_TRUE(queue.cancel(first));
  EXPECT_FALSE(queue.cancel(first));
  queue.push(second, Priority::interactive);
  queue.close();
  EXPECT_THROW(queue.push(first, Priority::interactive), core::Error);
  EXPECT_EQ(Wake::work, queue.gather(0s));
  EXPECT_EQ(&second, queue.find_request());
  queue.end_turn({});
  EXPECT_EQ(Wake::closed, queue.gather(0s));
}

TEST(WriteQueue, RestsWhenNobodyComes) {
  WriteQueue queue(1);
  EXPECT_EQ(Wake::idle, queue.gather(1ms));
}

TEST(WriteQueue, WaitsForThoseWhoAreExpectedButNotForEver) {
  WriteQueue queue(10);
  Request first, second;
  queue.push(first, Priority::interactive);
  queue.end_turn({.expected = 2, .patience = 1ms});
  EXPECT_EQ(Wake::work, queue.gather(1h));  // the second does not come
  EXPECT_EQ(1U, queue.size());
  queue.end_turn({.expected = 2, .patience = 1h});
  std::thread late([&] { queue.push(second, Priority::interactive); });
  EXPECT_EQ(Wake::work, queue.gather(1h));
  EXPECT_EQ(2U, queue.size());
  late.join();
}

TEST(WriteQueue, ATaskWaitsForNobody) {
  WriteQueue queue(10);
  auto body = [] {};
  BetweenWrites task{.task = core::FunctionRef<void()>(body)};
  queue.end_turn({.expected = 9, .patience = 1h});
  queue.push(task);
  EXPECT_EQ(Wake::work, queue.gather(1h));
  EXPECT_EQ(&task, queue.find_task());
  EXPECT_EQ(nullptr, queue.find_task());
}

TEST(WriteQueue, LetsACallerWriteWhoWouldWaitForNobody) {
  WriteQueue queue(10);
  Request request;
  ASSERT_TRUE(queue.try_take_turn());
  EXPECT_FALSE(queue.try_take_turn());  // one at a time
  queue.end_turn({});
  queue.push(request, Priority::interactive);
  EXPECT_FALSE(queue.try_take_turn());  // that would be jumping the queue
  EXPECT_EQ(&request, queue.find_request());
  EXPECT_TRUE(queue.try_take_turn());
}

TEST(WriteQueue, LetsNoCallerWriteWhereOthersAreExpected) {
  WriteQueue queue(10);
  ASSERT_TRUE(queue.try_take_turn());
  queue.end_turn({.expected = 2});
  EXPECT_FALSE(queue.try_take_turn());
  EXPECT_EQ(Wake::idle, queue.gather(0s));
  EXPECT_FALSE(queue.try_take_turn());  // the writer tidies up
}

TEST(WriteQueue, TheWriterWaitsForACallersTurnToEnd) {
  WriteQueue queue(10);
  ASSERT_TRUE(queue.try_take_turn());
  Request request;
  queue.push(request, Priority::interactive);
  queue.close();
  bool is_over = false;
  std::thread caller([&] {
    is_over = true;
    queue.end_turn({});
  });
  EXPECT_EQ(Wake::work, queue.gather(0s));
  EXPECT_TRUE(is_over);
  caller.join();
  EXPECT_EQ(&request, queue.find_request());
  queue.end_turn({});
  EXPECT_EQ(Wake::closed, queue.gather(0s));
}

TEST(WriteQueue, ChoresWakeTheWriter) {
  WriteQueue queue(10);
  ASSERT_TRUE(queue.try_take_turn());
  queue.end_turn({.chores = true});
  EXPECT_FALSE(queue.try_take_turn());
  EXPECT_EQ(Wake::work, queue.gather(0s));
  EXPECT_EQ(nullptr, queue.find_request());
}

TEST(Signal, TellsADeadlineFromAPost) {
  Signal signal;
  EXPECT_FALSE(signal.wait(core::Deadline::after(1ms)));
  signal.post();
  EXPECT_TRUE(signal.wait(core::Deadline::after(0ms)));
  signal.post();
  EXPECT_TRUE(signal.wait(core::Deadline::never()));
}

}  // namespace
}  // namespace wakeful::db
