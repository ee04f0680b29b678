#include "runner/failure.hpp"

#include <gtest/gtest.h>

namespace wakeful::runner {
namespace {

using monitor::FailureClass;

TEST(Failure, IsTriedAgainWhenItMayPass) {
  EXPECT_EQ(classify(core::unavailable("the server is away")), FailureClass::transient);
  EXPECT_EQ(classify(core::exhausted("too many requests")), FailureClass::transient);
  EXPECT_EQ(classify(core::conflict("the model moved")), FailureClass::transient);
  EXPECT_EQ(classify(core::internal("a defect")), FailureClass::transient);
}

TEST(Failure, IsPermanentWhenTheFileIsWrong) {
  EXPECT_EQ(classify(core::invalid("no such column", "source.sql")), FailureClass::permanent);
  EXPECT_EQ(classify(core::not_found("no such table")), FailureClass::permanent);
  EXPECT_EQ(classify(core::denied("no rights")), FailureClass::permanent);
}

TEST(Failure, WaitsForDataToTrainOn) {
  EXPECT_EQ(classify(core::invalid("3 values, 50 are needed", "training")), FailureClass::waiting);
}

TEST(Failure, KnowsALostLeaseFromOtherConflicts) {
  EXPECT_TRUE(is_lease_lost(core::conflict("gone").with_wire("LEASE_LOST", 409)));
  EXPECT_FALSE(is_lease_lost(core::conflict("moved").with_wire("MODEL_MOVED", 409)));
  EXPECT_FALSE(is_lease_lost(core::conflict("taken")));
}

}  // namespace
}  // namespace wakeful::runner
