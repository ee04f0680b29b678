#pragma once
// The one interface of every detector: learn from rows, then score the rows that follow, one by one or many at once.
//
// A SCORE ABOVE 1 IS ANOMALOUS, for every detector. A detector is a position in a series: `fit` puts it behind the last
// training row, `update` moves it over the rows that come next. A score uses rows up to its own only; k rows at once
// give bit for bit what k single rows give; save -> load -> update is as if nothing had happened. One row is one step:
// a missing step is a row of NaN. A missing value gets a NaN score and leaves no trace in the state but that the
// method goes on without it. What is learned, and what moves, is each algorithm's business (detectors/*.cpp); names,
// parameters and their table are catalog.hpp. Threads: one owner; const functions may run at once.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "detectors/frame.hpp"
#include "detectors/model_file.hpp"
#include "detectors/parameters.hpp"

namespace wakeful::detectors {

struct CatalogRow;

/// Scores never exceed this: a channel that was constant may deviate by any factor, and infinities are no use.
inline constexpr double kHighestScore = 1e9;

/// Where one row's results go; spans are empty for what the method does not have.
struct RowScore {
  double& anomaly_score;
  std::span<double> channel_score;
  std::span<double> yhat;
  std::span<double> yhat_lower;
  std::span<double> yhat_upper;
};

/// Shape: anomaly_score has one number per row; the others rows() * channels, one row behind the other, or nothing
/// where the method has none. NaN: not scored (missing value, or warming up).
struct Scores {
  std::size_t channels = 0;
  std::vector<double> y;
  std::vector<double> yhat;
  std::vector<double> yhat_lower;  // outside [yhat_lower, yhat_upper] is a channel_score above 1
  std::vector<double> yhat_upper;
  std::vector<double> anomaly_score;
  /// Methods that score each channel apart (CatalogRow::per_channel): that channel's own score, > 1 is anomalous, and
  /// anomaly_score is the largest. Joint methods: what the channel contributes to anomaly_score.
  std::vector<double> channel_score;

  std::size_t rows() const { return anomaly_score.size(); }
  RowScore row(std::size_t i);
  /// Appends the rows of `more`, which must come from the same detector.
  void append(const Scores& more);
};

struct Fact {
  std::string name;
  double value;
};

class Detector {
 public:
  virtual ~Detector() = default;

  std::string_view algorithm() const;
  const CatalogRow& catalog_row() const { return *row_; }
  const Parameters& parameters() const { return parameters_; }
  std::span<const std::string> channels() const { return names_; }
  /// fit or start has been called.
  bool ready() const { return !names_.empty(); }
  std::uint64_t training_rows() const { return training_rows_; }

  /// Learns from `training`, forgetting what was known, and stands behind its last row. Short training is allowed
  /// (catalog's `advised_rows` says what makes sense); a channel with no value at all never alarms until it has shown
  /// some. Gives the scores of the training rows themselves, each made from rows up to its own by the finished model.
  /// Errors: invalid, field "training", for no rows.
  Scores fit(const FrameView& training);

  /// The same without the scores of the training, which cost time. With `rows`: learns from all of them, and stands
  /// behind the first `rows`.
  void train(const FrameView& training, std::optional<std::size_t> rows = std::nullopt);

  /// Stands before the first row, having learned nothing. Errors: invalid unless the method learns online.
  void start(std::span<const std::string> channels);

  /// Scores the rows that follow and moves behind them.
  /// Errors: invalid, field "channels", unless their channels are those of the training, in the same order (see align).
  Scores update(const FrameView& rows);

  /// The same for one row, without allocation. `out` must have been made by `room_for`; its row 0 is overwritten.
  void update(std::span<const double> row, Scores& out);
  Scores room_for(std::size_t rows) const;

  /// Scores the rows that follow; the detector stays where it is.
  Scores score(const FrameView& rows) const;

  /// Whether a score depends on the rows before it. If not, the same row always scores the same, and update() leaves
  /// the detector as it was.
  bool follows_rows() const { return has_position(); }

  virtual std::unique_ptr<Detector> clone() const = 0;

  /// Everything learned and the position, under names that begin with `prefix`; load_detector reads it.
  void save(ModelWriter& out, std::string_view prefix = {}) const;

  /// What was learned, as numbers with names ("scale.cpu"), for a run's metrics.
  virtual std::vector<Fact> facts() const = 0;
  /// One JSON object: algorithm, parameters, channels, training_rows, facts.
  std::string describe() const;

 protected:
  Detector(const CatalogRow& row, Parameters parameters) : row_(&row), parameters_(std::move(parameters)) {}
  Detector(const Detector&) = default;

  /// What the method gives beside anomaly_score.
  struct Outputs {
    bool channel_score = true;
    bool expected = true;
  };
  virtual Outputs outputs() const = 0;
  /// Learns the model and stands before the first row of `training`. rows > 0.
  virtual void learn(const FrameView& training) = 0;
  /// False if a score depends on nothing but its own row.
  virtual bool has_position() const { return true; }
  /// As after learning from nothing, for `count` channels. Only methods that learn online are asked.
  virtual void begin(std::size_t count) = 0;
  /// `out` is all NaN.
  virtual void step(std::span<const double> row, RowScore out) = 0;
  /// Many rows, where that is cheaper than one by one; must give the same bits.
  virtual void step_rows(const FrameView& rows, Scores& out);
  virtual void save_state(ModelWriter& out, std::string_view prefix) const = 0;
  /// Errors: invalid, field "model", for sections that do not fit together.
  virtual void load_state(const ModelReader& in, std::string_view prefix) = 0;

 private:
  friend std::unique_ptr<Detector> load_detector(const ModelReader& in, std::string_view prefix);
  void learn_rows(const FrameView& training);

  const CatalogRow* row_;
  Parameters parameters_;
  std::vector<std::string> names_;
  std::uint64_t training_rows_ = 0;
};

/// The detector that save wrote under `prefix`.
/// Errors: invalid, field "model": not a detector, of an algorithm or with parameters that this program does not know,
/// or with sections that do not fit together.
std::unique_ptr<Detector> load_detector(const ModelReader& in, std::string_view prefix = {});

/// One detector as a whole model file, and back.
std::string save_detector(const Detector& detector);
std::unique_ptr<Detector> load_detector(std::string_view file);

/// Several in one file, as a registered model holds all algorithms of its detector: names are free, and keep their
/// order.
struct NamedDetector {
  std::string name;
  std::unique_ptr<Detector> detector;
};
/// `position`, if there is one, says in the caller's own words behind which row they stand.
std::string save_detectors(std::span<const NamedDetector> detectors, std::string_view position = {});
std::vector<NamedDetector> load_detectors(std::string_view file);
/// What save_detectors was told; "" if it was nothing.
std::string position_of(std::string_view file);

}  // namespace wakeful::detectors
