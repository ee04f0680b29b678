// How far a value lies from the exponentially weighted mean of those before it.
//
// m += rate * (y - m); score = |y - m| / limit, where the limit follows the residuals' scale and tail (limit.hpp). One
// value beyond the limit moves m as if it lay at the limit: an outlier leaves no echo. A second one in a row on the
// same side is a change, and moves m in full. Learns online: without training the first kWarmUp residuals give the
// scale, and rows until then have no score (0 for a channel that training did not show). Source: Roberts 1959; Huber,
// Robust Statistics. Cost: O(1) a value, no allocation.
#include <array>
#include <cmath>

#include "detectors/algorithms.hpp"
#include "detectors/limit.hpp"
#include "detectors/limit_parameters.hpp"
#include "detectors/per_channel.hpp"
#include "detectors/robust.hpp"

namespace wakeful::detectors {
namespace {

constexpr std::size_t kWarmUp = 20;
constexpr std::array<ParameterSpec, 5> kParameters = {{
    {.name = "rate",
     .kind = ParameterKind::real,
     .fallback = "0.05",
     .least = 1e-6,
     .most = 1,
     .doc = "weight of the newest value in the mean"},
    kToleranceParameter,
    kRiskParameter,
    kAdaptParameter,
    kDirectionParameter,
}};

class EwmaResidual {
 public:
  explicit EwmaResidual(const Parameters& p)
      : rate_(p.real("rate")),
        direction_(direction_of(p)),
        limit_({.tolerance = p.real("tolerance"), .risk = p.real("risk"), .rate = p.real("adapt")}) {}

  void learn(std::span<const double> values) {
    const std::vector<double> known = finite_of(values);
    trained_ = true;
    if (known.empty()) return;
    const auto head = std::span(known).first(std::min(known.size(), kWarmUp));
    const double start = median({head.begin(), head.end()});
    double mean = start, magnitude = 0;
    std::vector<double> residuals;
    residuals.reserve(known.size());
    for (double y : known) {
      residuals.push_back(y - mean);
      mean += rate_ * (y - mean);
      magnitude = std::max(magnitude, std::abs(y));
    }
    limit_.learn(residuals, magnitude);
    warm_ = true;
    mean_ = start;
  }

  Point step(double y) {
    if (!warm_) return warm_up(y);
    const double limit = limit_.value();
    const Point out = judge(y, mean_, limit, direction_);
    if (std::isnan(y)) return out;
    const double residual = y - mean_;
    const int side = residual > limit ? 1 : residual < -limit ? -1 : 0;
    const double moved = side != 0 && side != side_ ? side * limit : residual;
    mean_ += rate_ * moved;
    side_ = side;
    limit_.step(residual);
    return out;
  }

  void add_facts(const std::string& channel, std::vector<Fact>& out) const {
    out.push_back({"scale." + channel, warm_ ? limit_.scale() : std::nan("")});
    out.push_back({"tolerance." + channel, warm_ ? limit_.tolerance() : std::nan("")});
  }

  void pack(Packer& out) const {
    out.flag(trained_);
    out.flag(warm_);
    out.real(mean_);
    out.count(static_cast<std::size_t>(side_ + 1));
    out.real(magnitude_);
    out.reals(first_);
    limit_.pack(out);
  }

  void unpack(Unpacker& in) {
    trained_ = in.flag();
    warm_ = in.flag();
    mean_ = in.real();
    side_ = static_cast<int>(in.count(2)) - 1;
    magnitude_ = in.real();
    first_ = in.reals();
    limit_.unpack(in);
    if (first_.size() >= kWarmUp) Unpacker::fail();
  }

 private:
  Point warm_up(double y) {
    Point out;
    if (std::isnan(y)) return out;
    if (trained_) out.score = 0;
    magnitude_ = std::max(magnitude_, std::abs(y));
    if (std::isnan(mean_)) {
      mean_ = y;
      return out;
    }
    out.yhat = mean_;
    first_.push_back(y - mean_);
    mean_ += rate_ * (y - mean_);
    if (first_.size() < kWarmUp) return out;
    limit_.learn(first_, magnitude_);
    first_.clear();
    warm_ = true;
    return out;
  }

  double rate_;
  Direction direction_;
  Limit limit_;
  bool trained_ = false;
  bool warm_ = false;
  double mean_ = std::nan("");
  int side_ = 0;  // of the limit on which the last value lay
  double magnitude_ = 0;
  std::vector<double> first_;
};

}  // namespace

std::span<const ParameterSpec> ewma_residual_parameters() { return kParameters; }

std::unique_ptr<Detector> make_ewma_residual(const CatalogRow& row, const Parameters& parameters) {
  return std::make_unique<PerChannel<EwmaResidual>>(row, parameters);
}

}  // namespace wakeful::detectors
