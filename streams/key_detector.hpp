#pragma once
// A detector of the catalog for one key: it learns from the key's first closed windows, and judges those that follow.
//
// One window is one step of its series; steps without an event are missing values. Threads: one owner.
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "detectors/catalog.hpp"
#include "detectors/detector.hpp"

namespace wakeful::streams {

/// What a file says of it.
struct KeyAlgorithm {
  const detectors::CatalogRow* row = nullptr;
  detectors::Parameters parameters{};
  std::int64_t train = 0;  // windows to learn from
};

struct Verdict {
  double score = 0;  // above 1 is anomalous
  std::optional<double> expected{};
  std::optional<double> lower{};
  std::optional<double> upper{};
};

class KeyDetector {
 public:
  /// The window that begins at `start`, in ascending order; windows begin `step` apart. Nothing while it learns, or
  /// where the method gives no score.
  std::optional<Verdict> judge(const KeyAlgorithm& algorithm, std::int64_t start, std::int64_t step, double value);

  /// Everything, as numbers; read gives it back. Errors of read: invalid, field "state".
  void save(std::vector<double>& out) const;
  /// How many numbers save() adds, or about so many: a model may have grown a little since it was trained or read.
  std::size_t size() const { return 3 + learning_.size() + model_cells_; }
  void read(const std::vector<double>& numbers, std::size_t& at);

 private:
  void pass_over(std::int64_t start, std::int64_t step);

  std::int64_t last_ = -1;  // where the last window began
  std::vector<double> learning_;
  std::unique_ptr<detectors::Detector> detector_;
  std::size_t model_cells_ = 0;  // what it takes to keep the detector
  detectors::Scores scores_;
};

}  // namespace wakeful::streams
