// A step of Adam on one vector whose gradient comes in pieces, one a parameter.
#include <cmath>

#include "kernels.h"

namespace score {

// Inputs: parameters, mean, square (n,), rate (), root (), then gradients whose sizes add up to n, in the vector's order;
// p: decay of the mean and of the mean square, epsilon. Gives parameters - rate mean / (sqrt(square) root + epsilon),
// mean, square.
enum { FIRST = 5 };

static void adam(const Args& a) {
  float b1 = a.p[0], b2 = a.p[1], epsilon = a.p[2], c1 = 1 - a.p[0], c2 = 1 - a.p[1], rate = *a.in[3], root = *a.in[4];
  int at = 0;
  for (size_t piece = FIRST; piece < a.shape.size(); at += a.size(piece++)) {
    const float *parameter = a.in[0] + at, *mean = a.in[1] + at, *square = a.in[2] + at, *g = a.in[piece];
    int n = a.size(piece);
    float *to = a.out[0] + at, *to_mean = a.out[1] + at, *to_square = a.out[2] + at;
#pragma omp simd
    for (int i = 0; i < n; i++) {
      float m = b1 * mean[i] + c1 * g[i], s = b2 * square[i] + c2 * (g[i] * g[i]);
      to_mean[i] = m;
      to_square[i] = s;
      to[i] = parameter[i] - rate * m / (std::sqrt(s) * root + epsilon);
    }
  }
}

static Shapes adam_shapes(const Shapes& in, const Params&) { return {in[0], in[0], in[0]}; }
static Register r_adam("adam", {adam, nullptr, 0, adam_shapes});

}  // namespace score
