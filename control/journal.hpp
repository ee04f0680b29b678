#pragma once
// What a transaction has to tell, gathered while it works and appended as its last write, as events asks for.
// Kinds: evaluation.committed, anomaly.detected, model.registered, model.retired, job.ended, detector.deleted. A value
// inside one transaction.
#include <string>
#include <string_view>
#include <vector>

#include "monitor/wire/types.hpp"
#include "platform/core/clock.hpp"
#include "platform/db/database.hpp"

namespace wakeful::control {

class Journal {
 public:
  /// With its anomalies, if it has any.
  void committed(const monitor::Evaluation& evaluation);
  void registered(const monitor::OnlineModel& model);
  void retired(std::string_view detector, std::string_view model);
  void ended(const monitor::Job& job);
  void deleted(std::string_view detector);

  /// Order: the last write of `tx`.
  void write(db::Tx& tx, core::Timestamp now) const;

 private:
  struct Entry {
    std::string_view kind;
    std::string subject;
    std::string payload;
  };
  std::vector<Entry> entries_;
};

}  // namespace wakeful::control
