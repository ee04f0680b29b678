/* What a C program does with the library, for c_api_test.cpp. */
#ifdef __cplusplus
extern "C" {
#endif
/* The anomaly scores of `rows` by the first detector of the file; 0, or 1 with a reason in `error`. */
int score_in_c(const char* path, const double* rows, unsigned long count, double* scores, char* error,
               unsigned long error_size);
#ifdef __cplusplus
}
#endif
