/* What a C program does with the library, for c_api_test.cpp. */
#ifdef __cplusplus
extern "C" {
#endif
/* The anomaly scores of `rows` by the first detector of the file; 0, or 1 with a reason in `error`. */
int score_in_c(const char* path, const double* rows, unsigned long count, double* scores, char* error,
               unsigned long error_size);
/* The anomaly score of one row with a time, a category and a number, whichever of them the model takes. */
struct wakeful_model;
int score_row_in_c(const struct wakeful_model* model, unsigned long detector, const char* time, const char* category,
                   double number, double* score, char* error, unsigned long error_size);
#ifdef __cplusplus
}
#endif
