#pragma once
// A fresh store in memory, with its schema and the default experiment.
#include <memory>

#include "platform/db/open.hpp"
#include "tracker/experiments.hpp"

namespace wakeful::tracker::testing {

inline std::unique_ptr<db::Database> fresh_store() {
  auto store = db::open("sqlite://");
  db::upgrade(*store);
  store->write([](db::Tx& tx) { ensure_default_experiment(tx, Settings{}, core::from_ms(1)); });
  return store;
}

}  // namespace wakeful::tracker::testing
