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

int score_row_in_c(const struct wakeful_model* model, unsigned long detector, const char* time, const char* category,
                   double number, double* score, char* error, unsigned long error_size) {
  wakeful_scores out = {0};
  wakeful_column columns[8] = {{0}};
  size_t i;
  for (i = 0; i < wakeful_detectors_inputs(model) && i < 8; ++i) {
    switch (wakeful_detectors_input_kind(model, i)) {
      case WAKEFUL_INPUT_TIME:
        columns[i].texts = &time;
        break;
      case WAKEFUL_INPUT_TEXT:
        columns[i].texts = &category;
        break;
      default:
        columns[i].numbers = &number;
    }
  }
  out.anomaly_score = score;
  return wakeful_detectors_score_columns(model, detector, columns, 1, &out, error, error_size);
}
