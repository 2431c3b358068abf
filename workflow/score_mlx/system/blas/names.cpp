// The matrix products that MLX asks a BLAS for, under the names it asks by. PyPI's OpenBLAS has a prefix before each of
// its names, so that it can live beside others; these functions call whatever `score_mlx.system.blas` puts behind them.
extern "C" {

using Single = void (*)(int, int, int, int, int, int, float, const float*, int, const float*, int, float, float*, int);
using Double =
    void (*)(int, int, int, int, int, int, double, const double*, int, const double*, int, double, double*, int);
using Complex = void (*)(
    int, int, int, int, int, int, const void*, const void*, int, const void*, int, const void*, void*, int);

Single score_sgemm = nullptr;
Double score_dgemm = nullptr;
Complex score_cgemm = nullptr;

void cblas_sgemm(
    int order, int flip_a, int flip_b, int m, int n, int k, float alpha, const float* a, int lda, const float* b, int ldb,
    float beta, float* c, int ldc) {
  score_sgemm(order, flip_a, flip_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void cblas_dgemm(
    int order, int flip_a, int flip_b, int m, int n, int k, double alpha, const double* a, int lda, const double* b,
    int ldb, double beta, double* c, int ldc) {
  score_dgemm(order, flip_a, flip_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void cblas_cgemm(
    int order, int flip_a, int flip_b, int m, int n, int k, const void* alpha, const void* a, int lda, const void* b,
    int ldb, const void* beta, void* c, int ldc) {
  score_cgemm(order, flip_a, flip_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

}  // extern "C"
