#pragma once
// What every artifacts::Store is tested with: a factory that gives a fresh, empty one.
#include <functional>
#include <memory>
#include <string>

#include "platform/artifacts/store.hpp"

namespace wakeful::artifacts::testing {

struct StoreFactory {
  std::string name;
  std::function<std::unique_ptr<Store>()> make;
};

}  // namespace wakeful::artifacts::testing
