// A step of Adam on one vector whose gradient comes in pieces, one a parameter.
#include "adam.h"

#include <cmath>
#include <functional>
#include <numeric>

#include "kernels.h"

namespace score {

void adam_piece(const AdamStep& step, size_t n, const float* g, const Moments<const float>& from, const Moments<float>& to) {
  float b1 = step.decay, b2 = step.decay_of_square, c1 = 1 - step.decay, c2 = 1 - step.decay_of_square;
  float rate = step.rate, root = step.root, epsilon = step.epsilon;
  const float *parameter = from.parameter, *mean = from.mean, *square = from.square;
  float *to_parameter = to.parameter, *to_mean = to.mean, *to_square = to.square;
#pragma omp simd
  for (size_t i = 0; i < n; i++) {
    float m = b1 * mean[i] + c1 * g[i], s = b2 * square[i] + c2 * (g[i] * g[i]);
    to_mean[i] = m;
    to_square[i] = s;
    to_parameter[i] = parameter[i] - rate * m / (std::sqrt(s) * root + epsilon);
  }
}

namespace {

// Gives parameters - rate mean / (sqrt(square) root + epsilon), mean, square; the gradients' sizes add up to n, in the
// vector's order.
enum { PARAMETERS, MEAN, SQUARE, RATE, ROOT, GRADIENTS };
enum { DECAY, DECAY_OF_SQUARE, EPSILON };

void adam(const Args& a) {
  AdamStep step{a.p[DECAY], a.p[DECAY_OF_SQUARE], static_cast<float>(a.p[EPSILON]), *a.in[RATE], *a.in[ROOT]};
  Moments<const float> from{a.in[PARAMETERS], a.in[MEAN], a.in[SQUARE]};
  Moments<float> to{a.out[0], a.out[1], a.out[2]};
  for (int piece = GRADIENTS, at = 0; piece < a.inputs; at += a.size(piece++))
    adam_piece(step, a.size(piece), a.in[piece], from.at(at), to.at(at));
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
