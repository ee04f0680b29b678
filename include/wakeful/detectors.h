/* Trained detectors of Wakeful, for programs in any language: read a model file, score rows with it.
 *
 * The code is the server's own: the same model and rows give the same bits. A file that is cut, altered or of a newer
 * format is refused with a reason. Memory: a model belongs to whoever opened it, until wakeful_detectors_close; strings
 * that are returned live as long as their model. Errors: a function that can fail returns NULL or a number other than 0
 * and writes a reason into `error`, cut to `error_size` bytes with its NUL; `error` may be NULL. No function throws,
 * exits, logs, or keeps a global state. Threads: functions that take a const model may run at once on one model;
 * wakeful_detectors_update and _close want it for themselves; different models are independent.
 *
 * Compiled against version N of this interface, a program works with every library of version N: what is there is not
 * changed, and what is added raises nothing. See wakeful_detectors_abi_version.
 */
#ifndef WAKEFUL_DETECTORS_H
#define WAKEFUL_DETECTORS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WAKEFUL_DETECTORS_ABI_VERSION 1

/* The interface that the library has: compare with WAKEFUL_DETECTORS_ABI_VERSION before anything else. */
uint32_t wakeful_detectors_abi_version(void);

typedef struct wakeful_model wakeful_model;

/* A model file. */
wakeful_model* wakeful_detectors_open(const char* path, char* error, size_t error_size);
/* The same from its bytes, which may go away afterwards. */
wakeful_model* wakeful_detectors_read(const void* bytes, size_t size, char* error, size_t error_size);
void wakeful_detectors_close(wakeful_model* model); /* NULL is allowed */

/* RFC 3339: the start of the bucket behind which the model stands; "" where the file does not say. */
const char* wakeful_detectors_position(const wakeful_model* model);

/* A file holds one or several detectors, each with its channels in the order in which rows have them.
 * An index that is out of range gives 0 or NULL. */
size_t wakeful_detectors_count(const wakeful_model* model);
const char* wakeful_detectors_name(const wakeful_model* model, size_t detector);      /* its label in the file */
const char* wakeful_detectors_algorithm(const wakeful_model* model, size_t detector); /* its name in the catalog */
size_t wakeful_detectors_channels(const wakeful_model* model, size_t detector);
const char* wakeful_detectors_channel(const wakeful_model* model, size_t detector, size_t channel);
/* 1: every channel is judged by itself; 0: rows are judged as a whole. */
int wakeful_detectors_per_channel(const wakeful_model* model, size_t detector);

/* Where results go; each pointer may be NULL. NaN stands for what a method does not have, and for no verdict.
 * Shape: anomaly_score has one number a row, the others one for each channel of each row, row behind row. */
typedef struct wakeful_scores {
  double* anomaly_score; /* above 1 is anomalous */
  double* channel_score; /* of each channel; where rows are judged as a whole, what it contributes */
  double* expected;
  double* lower;
  double* upper;
} wakeful_scores;

/* Scores the rows that follow the model's position; the model stays where it is. `rows` holds row_count * channels
 * numbers, row behind row, NaN for a missing value; one row is one step. Returns 0. A model with inputs (below) takes
 * rows of its raw column's numbers if that is a number and the only one, and refuses rows otherwise. */
int wakeful_detectors_score(const wakeful_model* model, size_t detector, const double* rows, size_t row_count,
                            const wakeful_scores* out, char* error, size_t error_size);
/* The same, and the detector stands behind the last row afterwards. */
int wakeful_detectors_update(wakeful_model* model, size_t detector, const double* rows, size_t row_count,
                             const wakeful_scores* out, char* error, size_t error_size);

/* A model that was trained with features (calendar parts, encoded categories, a scale) has inputs: the raw columns of
 * the training's source, in the order in which wakeful_detectors_score_columns takes them. A model with none takes
 * rows. An index that is out of range gives NULL or 0. */
#define WAKEFUL_INPUT_TIME 1   /* texts: RFC 3339, a date, or a number since 1970; looked at in UTC */
#define WAKEFUL_INPUT_TEXT 2   /* texts: a category, in UTF-8 */
#define WAKEFUL_INPUT_NUMBER 3 /* numbers */
size_t wakeful_detectors_inputs(const wakeful_model* model);
const char* wakeful_detectors_input(const wakeful_model* model, size_t input); /* its name */
int wakeful_detectors_input_kind(const wakeful_model* model, size_t input);

/* The cells of one input, one a row; the member that its kind asks for is read. Missing are NULL, "" and NaN. */
typedef struct wakeful_column {
  const char* const* texts;
  const double* numbers;
} wakeful_column;

/* Scores rows by themselves, each as its bucket of one group; one that lacks a cell has no score. `columns` holds one
 * for each input. Shape of `out`: as above, of the detector's channels. Returns 0. A category that the training did not
 * show is refused, by name, unless the model has a code for such ones. */
int wakeful_detectors_score_columns(const wakeful_model* model, size_t detector, const wakeful_column* columns,
                                    size_t row_count, const wakeful_scores* out, char* error, size_t error_size);

#ifdef __cplusplus
}
#endif

#endif /* WAKEFUL_DETECTORS_H */
