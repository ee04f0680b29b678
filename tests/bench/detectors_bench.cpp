// How fast each detector of the catalog learns and scores: `ninja detectors_bench`, in the release build.
//
// Columns: rows/s of train(), of score() over many rows, and of update() one row at a time; the median of several
// rounds, in processor time of one thread. Arguments: rows, channels.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "detectors/catalog.hpp"
#include "platform/core/random.hpp"

namespace {

using namespace wakeful;

detectors::Frame noisy_waves(std::size_t rows, std::size_t channels) {
  core::Random chance(1);
  std::vector<std::string> names;
  for (std::size_t c = 0; c < channels; ++c) names.push_back("channel_" + std::to_string(c));
  detectors::Frame frame(names);
  std::vector<double> row(channels);
  for (std::size_t i = 0; i < rows; ++i) {
    for (double& v : row) v = std::sin(static_cast<double>(i) / 50) + chance.normal();
    frame.append(row);
  }
  return frame;
}

/// Rows per second of `act` over `rows` rows, the median of five rounds.
template <class Act>
double speed(std::size_t rows, Act act) {
  std::vector<double> seconds;
  for (int round = 0; round < 5; ++round) {
    const std::clock_t start = std::clock();
    act();
    seconds.push_back(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  std::nth_element(seconds.begin(), seconds.begin() + 2, seconds.end());
  return static_cast<double>(rows) / seconds[2];
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t rows = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 20000;
  const std::size_t channels = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1;
  const detectors::Frame frame = noisy_waves(rows, channels);
  std::printf("%zu rows, %zu channels\n%-22s %14s %14s %14s\n", rows, channels, "rows/s", "train", "score",
              "one by one");
  for (const detectors::CatalogRow& row : detectors::catalog()) {
    const auto detector = detectors::make_detector(row.name);
    const double train = speed(rows, [&] { detector->train(frame); });
    const double score = speed(rows, [&] { detector->score(frame); });
    detectors::Scores one = detector->room_for(1);
    const double single = speed(rows, [&] {
      for (std::size_t i = 0; i < rows; ++i) detector->update(frame.row(i), one);
    });
    std::printf("%-22s %14.0f %14.0f %14.0f\n", std::string(row.name).c_str(), train, score, single);
  }
}
