#pragma once
// THE table of algorithms: names, aliases, parameters, what each can do, and how it is made.
//
// Command line, detector files, job validation, forms, documentation and the contract suite are read from here. Adding
// a detector is one .cpp and one row of catalog.cpp. Threads: constant.
#include <memory>
#include <span>
#include <string_view>

#include "detectors/detector.hpp"
#include "detectors/parameters.hpp"

namespace wakeful::detectors {

struct CatalogRow {
  std::string_view name;
  /// Other names it answers to: those of the example systems, and of other libraries.
  std::span<const std::string_view> aliases;
  std::string_view summary;
  std::span<const ParameterSpec> parameters;
  /// Scores every channel by itself: channel_score is an entity's own score. Otherwise rows are scored as a whole.
  bool per_channel;
  /// Learns while it scores: start() works, and training is optional.
  bool online;
  /// Rows may also be a table, in no order.
  bool table;
  /// Measures rows against what the training showed, once and for all: a channel that wanders off is soon an alarm.
  bool stationary;
  /// Fewer training values than this per channel are accepted, but not worth a model: jobs refuse to train on them.
  std::size_t advised_rows;
  std::unique_ptr<Detector> (*make)(const CatalogRow& row, const Parameters& parameters);
};

std::span<const CatalogRow> catalog();

/// By name or alias, whatever the case of an alias's letters, of a dotted name by its last part; null if there is none.
const CatalogRow* find_algorithm(std::string_view name);
/// Errors: invalid, field "algorithm", with the nearest known name.
const CatalogRow& get_algorithm(std::string_view name);

/// An untrained detector. Errors: as get_algorithm and parse_parameters.
std::unique_ptr<Detector> make_detector(std::string_view algorithm,
                                        std::span<const std::pair<std::string, std::string>> settings = {});
std::unique_ptr<Detector> make_detector(const CatalogRow& row, const Parameters& parameters);

/// What a training job asks before it trains: enough values in every channel, or in at least one.
/// Errors: invalid, field "training", saying how many there are and how many it takes.
void check_training(const CatalogRow& row, const FrameView& training);

}  // namespace wakeful::detectors
