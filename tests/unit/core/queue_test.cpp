#include "platform/core/queue.hpp"

#include <thread>

#include <gtest/gtest.h>

namespace wakeful::core {
namespace {

TEST(Queue, SaysNoWhenFullAndNothingWhenClosed) {
  Queue<int> queue(2);
  EXPECT_TRUE(queue.try_push(1));
  EXPECT_TRUE(queue.try_push(2));
  EXPECT_FALSE(queue.try_push(3));
  EXPECT_EQ(queue.pop(), 1);
  queue.close();
  EXPECT_FALSE(queue.try_push(4));
  EXPECT_EQ(queue.pop(), 2);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(Queue, WakesAWaiterOnCloseAndLosesNothingBetweenThreads) {
  Queue<int> queue(16);
  long sum = 0;
  std::thread consumer([&] {
    while (const auto item = queue.pop()) sum += *item;
  });
  for (int i = 1; i <= 10'000; ++i)
    while (!queue.try_push(i)) std::this_thread::yield();
  queue.close();
  consumer.join();
  EXPECT_EQ(sum, 10'000L * 10'001 / 2);
}

}  // namespace
}  // namespace wakeful::core
