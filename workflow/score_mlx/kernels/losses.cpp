// Means over molecules that a network minimises: of squared errors, of cross-entropies. A molecule of weight 0 is padding.
#include <algorithm>
#include <cmath>

#include "kernels.h"

namespace score {

namespace {

enum { PREDICTION, LABEL, WEIGHT };

// sum of the weights, at least 1
float total(const Args& a) {
  float sum = 0;
  for (int i = 0; i < a.size(WEIGHT); i++) sum += a.in[WEIGHT][i];
  return std::max(sum, 1.f);
}

// The weighted mean of term(prediction, label).
template <class F>
void mean(const Args& a, F term) {
  float sum = 0;
  for (int i = 0; i < a.size(PREDICTION); i++) sum += a.in[WEIGHT][i] * term(a.in[PREDICTION][i], a.in[LABEL][i]);
  a.out[0][0] = sum / total(a);
}

// Its gradient, of slope(prediction, label).
template <class F>
void mean_backward(const Args& a, F slope) {
  float scale = a.cotangent()[0] / total(a);
  for (int i = 0; i < a.size(PREDICTION); i++)
    a.out[PREDICTION][i] = scale * a.in[WEIGHT][i] * slope(a.in[PREDICTION][i], a.in[LABEL][i]);
}

void square(const Args& a) {
  mean(a, [](float x, float y) { return (x - y) * (x - y); });
}
void square_backward(const Args& a) {
  mean_backward(a, [](float x, float y) { return 2 * (x - y); });
}
Register r_square("mean_square", {square, square_backward, 1,
                                  Signature("prediction[n], label[n], weight[n] -> loss[]")});

// log(1 + e^z) - y z of a logit z and a class y, in the form that no large z overflows
void entropy(const Args& a) {
  mean(a, [](float z, float y) { return std::max(z, 0.f) + std::log1p(std::exp(-std::abs(z))) - y * z; });
}
void entropy_backward(const Args& a) {
  mean_backward(a, [](float z, float y) { return 0.5f * (1 + std::tanh(0.5f * z)) - y; });
}
Register r_entropy("mean_entropy", {entropy, entropy_backward, 1,
                                    Signature("prediction[n], label[n], weight[n] -> loss[]")});

}  // namespace

}  // namespace score
