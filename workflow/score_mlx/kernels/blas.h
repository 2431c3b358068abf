// The BLAS's matrix product: of whichever BLAS was put under MLX.
#pragma once

extern "C" void cblas_sgemm(int, int, int, int, int, int, float, const float*, int, const float*, int, float, float*, int);

namespace score {

enum { ROWS = 101, KEEP = 111, FLIP = 112 };  // CBLAS's row-major, no transpose, transpose

}  // namespace score
