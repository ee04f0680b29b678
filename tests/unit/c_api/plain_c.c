#include "plain_c.h"

#include <stdio.h>

#include "wakeful/detectors.h"

int score_in_c(const char* path, const double* rows, unsigned long count, double* scores, char* error,
               unsigned long error_size) {
  wakeful_scores out = {0};
  wakeful_model* model;
  int failed;
  if (wakeful_detectors_abi_version() != WAKEFUL_DETECTORS_ABI_VERSION) {
    snprintf(error, error_size, "another interface");
    return 1;
  }
  model = wakeful_detectors_open(path, error, error_size);
  if (model == NULL) return 1;
  out.anomaly_score = scores;
  failed = wakeful_detectors_score(model, 0, rows, count, &out, error, error_size);
  wakeful_detectors_close(model);
  return failed;
}
