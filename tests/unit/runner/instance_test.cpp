#include "runner/streams/instance.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <optional>

#include "platform/core/id.hpp"

namespace wakeful::runner {
namespace {

namespace fs = std::filesystem;

class InstanceTest : public ::testing::Test {
 public:
  ~InstanceTest() override { fs::remove_all(root_); }

 protected:
  fs::path folder(const std::string& name) const {
    fs::create_directories(root_ / name);
    return root_ / name;
  }

 private:
  fs::path root_ = fs::temp_directory_path() / core::new_hex_id();
};

TEST_F(InstanceTest, IsTheSameAfterARestartAndNobodyElses) {
  std::optional<Instance> first(folder("tmp"));
  const Instance second(folder("tmp"));
  const std::string name = first->name();
  EXPECT_NE(second.name(), name);
  first.reset();
  EXPECT_EQ(Instance(folder("tmp")).name(), name);
  EXPECT_EQ(Instance(folder("tmp")).name(), name);
}

// As of another user, of a service with a /tmp of its own, or of a host of the same name.
TEST_F(InstanceTest, HasANameThatNoFolderElsewhereGives) {
  EXPECT_NE(Instance(folder("one")).name(), Instance(folder("other")).name());
}

TEST_F(InstanceTest, MakesAnIdWhereAnotherProcessDiedBeforeItHadWrittenOne) {
  const std::string name = Instance(folder("tmp")).name();
  for (const fs::directory_entry& file : fs::directory_iterator(folder("tmp")))
    std::ofstream(file.path(), std::ios::trunc) << "12";
  const std::string fresh = Instance(folder("tmp")).name();
  EXPECT_NE(fresh, name);
  EXPECT_EQ(Instance(folder("tmp")).name(), fresh);
}

TEST_F(InstanceTest, HasANameOfItsOwnWhereNothingCanBeKept) {
  EXPECT_NE(Instance("/nowhere/at/all").name(), Instance("/nowhere/at/all").name());
}

}  // namespace
}  // namespace wakeful::runner
