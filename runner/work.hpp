#pragma once
// One claimed job, and what the functions that work on it need: train.cpp, evaluate.cpp and predict.cpp.
#include <functional>

#include "client/server.hpp"
#include "monitor/wire/protocol.hpp"
#include "runner/source.hpp"

namespace wakeful::runner {

struct Work {
  const monitor::Claim& claim;
  const client::Server& server;
  Connections& connections;
  const SourceSettings& sources;
  /// Throws when the lease is lost or the runner stops; called between steps that take long.
  std::function<void()> check;

  SourceContext context() const { return {server, connections, sources}; }
};

/// Evaluates all that is due of every model of the claim, part by part; each part is committed by itself.
/// The result is a JSON object for people. Errors: one model's trouble does not keep the others from being evaluated;
/// it is thrown at the end, the transient first.
std::string evaluate(const Work& work);

/// Trains every algorithm of the detector on every metric, logs what it did to the job's run and uploads the models.
/// Errors: invalid naming `training` for too little data; otherwise as Source::pull and Detector::fit.
monitor::Registration train(const Work& work);

/// Judges the rows of the job's interval by the detector's models and writes the verdicts to its table. The result is a
/// JSON object for people. Errors: as Source::pull; invalid naming `predict.output` for what the table does not take.
std::string predict(const Work& work);

}  // namespace wakeful::runner
