// A step of Adam on one vector whose gradient comes in pieces, one a parameter.
#include <cmath>
#include <functional>
#include <numeric>

#include "kernels.h"

namespace score {

namespace {

// Gives parameters - rate mean / (sqrt(square) root + epsilon), mean, square; the gradients' sizes add up to n, in the
// vector's order.
enum { PARAMETERS, MEAN, SQUARE, RATE, ROOT, GRADIENTS };
enum { DECAY, DECAY_OF_SQUARE, EPSILON };

void adam(const Args& a) {
  float b1 = a.p[DECAY], b2 = a.p[DECAY_OF_SQUARE], epsilon = a.p[EPSILON], c1 = 1 - a.p[DECAY];
  float c2 = 1 - a.p[DECAY_OF_SQUARE], rate = *a.in[RATE], root = *a.in[ROOT];
  int at = 0;
  for (int piece = GRADIENTS; piece < a.inputs; at += a.size(piece++)) {
    const float *parameter = a.in[PARAMETERS] + at, *mean = a.in[MEAN] + at, *square = a.in[SQUARE] + at, *g = a.in[piece];
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

const char* in_pieces(const Shapes& in) {
  int64_t total = 0;
  for (size_t piece = GRADIENTS; piece < in.size(); piece++)
    total += std::accumulate(in[piece].begin(), in[piece].end(), int64_t{1}, std::multiplies<>());
  return total == in[PARAMETERS][0] ? nullptr : "the gradients' sizes do not add up to the parameters'";
}

Register r("adam", {adam, nullptr, 0,
                    Signature("parameters[n], mean[n], square[n], rate[], root[], gradients* -> new[n], mean[n], square[n]",
                              "decay, decay_of_square, epsilon"),
                    0, in_pieces});

}  // namespace

}  // namespace score
