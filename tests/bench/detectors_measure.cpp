// One detector of the catalog on files of numbers: how long it learns and scores, and what it says.
//
//   detectors_measure ALGORITHM CHANNELS TRAINING ROWS SCORES [key=value …]
//
// TRAINING and ROWS are little-endian doubles, row by row. Writes the scores of ROWS to SCORES in the same form, and
// one JSON object to stdout: train_s and score_s (processor time of the one thread; scoring: the better of two rounds),
// one_us (a row by itself, the median) and the detector's facts. For tests/bench/detectors/run.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

#include "detectors/catalog.hpp"
#include "platform/core/json.hpp"

namespace {

using namespace wakeful;

detectors::Frame read_frame(const std::string& path, std::size_t channels) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + " cannot be read");
  std::vector<std::string> names;
  for (std::size_t c = 0; c < channels; ++c) names.push_back("m" + std::to_string(c));
  detectors::Frame frame(names);
  std::vector<double> row(channels);
  while (file.read(reinterpret_cast<char*>(row.data()), static_cast<std::streamsize>(channels * sizeof(double))))
    frame.append(row);
  return frame;
}

double now() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

/// Microseconds a row, the median of up to 2,000.
double one_by_one(detectors::Detector& detector, const detectors::Frame& rows) {
  detectors::Scores room = detector.room_for(1);
  std::vector<double> took;
  timespec at{};
  const auto clock = [&at] {
    clock_gettime(CLOCK_MONOTONIC, &at);
    return static_cast<double>(at.tv_sec) * 1e6 + static_cast<double>(at.tv_nsec) / 1e3;
  };
  for (std::size_t i = 0; i < std::min<std::size_t>(rows.rows(), 2'000); ++i) {
    const double began = clock();
    detector.update(rows.row(i), room);
    took.push_back(clock() - began);
  }
  std::nth_element(took.begin(), took.begin() + static_cast<std::ptrdiff_t>(took.size() / 2), took.end());
  return took[took.size() / 2];
}

int run(int argc, char** argv) {
  std::vector<std::pair<std::string, std::string>> settings;
  for (int i = 6; i < argc; ++i) {
    const std::string word = argv[i];
    settings.emplace_back(word.substr(0, word.find('=')), word.substr(word.find('=') + 1));
  }
  const auto channels = static_cast<std::size_t>(std::stoul(argv[2]));
  const detectors::Frame training = read_frame(argv[3], channels), rows = read_frame(argv[4], channels);
  const auto detector = detectors::make_detector(argv[1], settings);
  double began = now();
  detector->train(training);
  const double train = now() - began;
  detectors::Scores scores;
  double score = 1e300;
  for (int round = 0; round < 2; ++round) {
    began = now();
    scores = detector->score(rows);
    score = std::min(score, now() - began);
  }
  std::ofstream out(argv[5], std::ios::binary);
  out.write(reinterpret_cast<const char*>(scores.anomaly_score.data()),
            static_cast<std::streamsize>(scores.rows() * sizeof(double)));
  core::JsonWriter json;
  json.begin_object().member("train_s", train).member("score_s", score);
  json.member("one_us", one_by_one(*detector->clone(), rows));
  for (const detectors::Fact& fact : detector->facts()) json.member(fact.name, fact.value);
  std::puts(json.end_object().take().c_str());
  return out.flush() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    std::fputs("usage: detectors_measure ALGORITHM CHANNELS TRAINING ROWS SCORES [key=value …]\n", stderr);
    return 2;
  }
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "detectors_measure: %s\n", e.what());
    return 1;
  }
}
