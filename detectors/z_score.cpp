// How many standard deviations a value lies from the mean of the training.
//
// score = |y - mean| / (threshold * deviation), on the side that `direction` asks for; the deviation is the
// population's (divided by n). For series that stay where they are: one that wanders is soon an alarm. Nothing moves
// while it scores, and no row depends on another. A channel without a training value scores 0; one that stood still
// takes the floor of floored_scale. Cost: O(1) a value.
#include <array>
#include <cmath>

#include "detectors/algorithms.hpp"
#include "detectors/limit_parameters.hpp"
#include "detectors/per_channel.hpp"
#include "detectors/robust.hpp"

namespace wakeful::detectors {
namespace {

constexpr std::array<ParameterSpec, 2> kParameters = {{
    {.name = "threshold",
     .kind = ParameterKind::real,
     .fallback = "3",
     .least = 0.01,
     .most = 1e6,
     .doc = "how many standard deviations a value may lie from the mean"},
    kDirectionParameter,
}};

class ZScore {
 public:
  explicit ZScore(const Parameters& p) : threshold_(p.real("threshold")), direction_(direction_of(p)) {}

  void learn(std::span<const double> values) {
    const std::vector<double> known = finite_of(values);
    trained_ = !known.empty();
    if (!trained_) return;
    const Moments moments = moments_of(known);
    mean_ = moments.mean;
    deviation_ = std::max(moments.deviation, floored_scale({}, moments.magnitude));
  }

  Point step(double y) const {
    if (trained_) return judge(y, mean_, threshold_ * deviation_, direction_);
    Point out;
    if (!std::isnan(y)) out.score = 0;
    return out;
  }

  void add_facts(const std::string& channel, std::vector<Fact>& out) const {
    out.push_back({"mean." + channel, trained_ ? mean_ : std::nan("")});
    out.push_back({"deviation." + channel, trained_ ? deviation_ : std::nan("")});
  }

  void pack(Packer& out) const {
    out.flag(trained_);
    out.real(mean_);
    out.real(deviation_);
  }

  void unpack(Unpacker& in) {
    trained_ = in.flag();
    mean_ = in.real();
    deviation_ = in.real();
    if (trained_ && (!std::isfinite(mean_) || !(deviation_ > 0))) Unpacker::fail();
  }

 private:
  double threshold_;
  Direction direction_;
  bool trained_ = false;
  double mean_ = 0;
  double deviation_ = 1;
};

}  // namespace

std::span<const ParameterSpec> z_score_parameters() { return kParameters; }

std::unique_ptr<Detector> make_z_score(const CatalogRow& row, const Parameters& parameters) {
  return std::make_unique<PerChannel<ZScore>>(row, parameters);
}

}  // namespace wakeful::detectors
