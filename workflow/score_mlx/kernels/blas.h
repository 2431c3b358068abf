// The BLAS's matrix product: of whichever BLAS was put under MLX.
#pragma once

extern "C" void cblas_sgemm(int, int, int, int, int, int, float, const float*, int, const float*, int, float, float*, int);

namespace score {

enum { ROWS = 101, KEEP = 111, FLIP = 112 };  // CBLAS's row-major, no transpose, transpose

// c = alpha a b + beta c, row by row: a (m, k), b (k, n), either of them read transposed; ld*: floats from row to row.
inline void product(int flip_a, int flip_b, int m, int n, int k, float alpha, const float* a, int lda, const float* b,
                    int ldb, float beta, float* c, int ldc) {
  cblas_sgemm(ROWS, flip_a, flip_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

}  // namespace score
