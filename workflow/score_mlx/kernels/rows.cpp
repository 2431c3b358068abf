// Sums and products of a layer's rows with few numbers: a bias, a factor.
#include <algorithm>
#include <vector>

#include "kernels.h"
#include "maths.h"

namespace score {

namespace {

// -- add_bias: x + times b, times a number for each row, 1 where it is left out -------------------------------------------
namespace of_add_bias {
enum { X, BIAS, TIMES };

// A product is rounded before it is added, as where MLX's own operations compute both: hence a row of products.
void forward(const Args& a) {
  int n = a.lines(X), h = a.width(X);
  const float *b = a.in[BIAS], *times = a.optional(TIMES);
  std::vector<float> row(b, b + h);
  for (int r = 0; r < n; r++) {
    const float* x = a.in[X] + r * h;
    float* y = a.out[0] + r * h;
    if (times) scale_(row.data(), times[r], b, h);
#pragma omp simd
    for (int c = 0; c < h; c++) y[c] = x[c] + row[c];
  }
}

void backward(const Args& a) {
  int n = a.lines(X), h = a.width(X);
  const float *times = a.optional(TIMES), *g = a.cotangent();
  std::vector<float> row(h);
  if (float* db = a.out[BIAS]) {
    std::fill(db, db + h, 0.f);
    for (int r = 0; r < n; r++) {
      if (times) scale_(row.data(), times[r], g + r * h, h);
      add_(db, times ? row.data() : g + r * h, h);
    }
  }
  if (a.out[X] && a.out[X] != g) std::copy_n(g, n * h, a.out[X]);
}

Register r("add_bias", in_place({forward, backward, 2, Signature("x[... width], bias[width], times?[...] -> y[... width]"),
                                 1 << X | 1 << BIAS}));
}  // namespace of_add_bias

// -- scale: factor x -------------------------------------------------------------------------------------------------------
enum { X };

void scale(const Args& a) { scale_(a.out[0], a.p[0], a.in[X], a.size(X)); }
void scale_backward(const Args& a) { scale_(a.out[X], a.p[0], a.cotangent(), a.size(X)); }
Register r_scale("scale", in_place({scale, scale_backward, 1, Signature("x[...] -> y[...]", "factor"), 1 << X}));

}  // namespace

}  // namespace score
