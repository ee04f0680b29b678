#include "detectors/frame.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "platform/core/error.hpp"

namespace wakeful::detectors {
namespace {

TEST(Frame, KeepsRowsAndTakesInfinitiesForMissing) {
  Frame frame({"a", "b"});
  frame.append(core::from_us(1), std::vector<double>{1, std::numeric_limits<double>::infinity()});
  frame.append(core::from_us(2), std::vector<double>{2, 3});
  EXPECT_EQ(frame.rows(), 2U);
  EXPECT_TRUE(std::isnan(frame.at(0, 1)));
  const FrameView last = frame.view().slice(1, 9);
  EXPECT_EQ(last.rows(), 1U);
  EXPECT_EQ(last.at(0, 1), 3);
  EXPECT_EQ(core::to_us(last.times()[0]), 2);
  EXPECT_EQ(frame.view().channel(0), (std::vector<double>{1, 2}));
}

TEST(Frame, RefusesWhatIsNoRow) {
  EXPECT_THROW(Frame(std::vector<std::string>{}), core::Error);
  EXPECT_THROW(Frame({"a", "a"}), core::Error);
  EXPECT_THROW(Frame({"a", ""}), core::Error);
  Frame frame({"a"});
  EXPECT_THROW(frame.append(std::vector<double>{1, 2}), core::Error);
  frame.append(std::vector<double>{1});
  EXPECT_THROW(frame.append(core::from_us(1), std::vector<double>{1}), core::Error);
  Frame timed({"a"});
  timed.append(core::from_us(1), std::vector<double>{1});
  EXPECT_THROW(timed.append(std::vector<double>{1}), core::Error);
}

TEST(Frame, AlignsToTheChannelsThatAModelKnows) {
  Frame frame({"new", "b"});
  frame.append(std::vector<double>{7, 2});
  const Frame aligned = align(frame, std::vector<std::string>{"gone", "b"});
  EXPECT_TRUE(std::isnan(aligned.at(0, 0)));
  EXPECT_EQ(aligned.at(0, 1), 2);
}

}  // namespace
}  // namespace wakeful::detectors
