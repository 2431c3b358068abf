// What language models add beside attention: RMS norm, rotary positions, squared ReLU.
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels.h"
#include "maths.h"

namespace score {

// x / sqrt(mean of x^2 + eps) over the last axis, eps p[0]. Also gives 1 / sqrt(...) by row.
static void rms_norm(const Args& a) {
  int h = a.width(0), n = a.lines(0);
  for (int r = 0; r < n; r++) {
    const float* x = a.in[0] + static_cast<size_t>(r) * h;
    a.out[1][r] = 1 / std::sqrt(dot_(x, x, h) / h + static_cast<float>(a.p[0]));
    scale_(a.out[0] + static_cast<size_t>(r) * h, a.out[1][r], x, h);
  }
}

// dx = s (g - y mean(g y))
static void rms_norm_backward(const Args& a) {
  int h = a.width(0), n = a.lines(0);
  for (int r = 0; r < n; r++) {
    const float *g = a.cotangent() + static_cast<size_t>(r) * h, *y = a.output(0) + static_cast<size_t>(r) * h;
    float s = a.output(1)[r], mean = dot_(g, y, h) / h;
    float* d = a.out[0] + static_cast<size_t>(r) * h;
#pragma omp simd
    for (int c = 0; c < h; c++) d[c] = s * (g[c] - y[c] * mean);
  }
}
static Register r_rms_norm("rms_norm", {rms_norm, rms_norm_backward, 1,
                                     Signature("x[... width] -> y[... width], scale[...]", "epsilon")});

// max(x, 0)^2
static void relu2(const Args& a) {
  const float* x = a.in[0];
  float* y = a.out[0];
  for (int i = 0, n = a.size(0); i < n; i++) y[i] = x[i] > 0 ? x[i] * x[i] : 0.f * x[i];  // NaN stays
}
static void relu2_backward(const Args& a) {
  const float *x = a.in[0], *g = a.cotangent();
  float* d = a.out[0];
  for (int i = 0, n = a.size(0); i < n; i++) d[i] = x[i] > 0 ? 2 * x[i] * g[i] : 0.f;
}
static Register r_relu2("relu2", {relu2, relu2_backward, 1, Signature("x[...] -> y[...]")});

// Rotary positions and RMS norm of each head: u the head's vector at place t, pair i of it turned by t 10000^(-2i/D),
// y = factor u / sqrt(mean of u^2 + epsilon). A rotation leaves the mean as it is.
struct Rotation {
  int pairs, length;
  std::vector<float> cosine, sine;  // (length, pairs)
  Rotation(int d, int places) : pairs(d / 2), length(places), cosine(pairs * places), sine(pairs * places) {
    for (int i = 0; i < pairs; i++) {
      double frequency = std::pow(10000.0, -2.0 * i / d);
      for (int t = 0; t < length; t++) {
        cosine[t * pairs + i] = static_cast<float>(std::cos(t * frequency));
        sine[t * pairs + i] = static_cast<float>(std::sin(t * frequency));
      }
    }
  }
  // to = factor times x turned by place t, or turned back; they may be one
  void turn(float* to, const float* x, int t, float factor, bool back) const {
    const float *c = cosine.data() + t * pairs, *s = sine.data() + t * pairs;
    float sign = back ? -factor : factor;
    for (int i = 0; i < pairs; i++) {
      float even = x[2 * i], odd = x[2 * i + 1];
      to[2 * i] = factor * c[i] * even - sign * s[i] * odd;
      to[2 * i + 1] = sign * s[i] * even + factor * c[i] * odd;
    }
  }
};

// f(place, row of x (B, T, heads, D), row of y (B, heads, T, D)) for each vector
template <class F>
static void each_head(const Args& a, int heads, F f) {
  int length = a.shape[0][1];
  for (int b = 0; b < a.rows(0); b++)
    for (int h = 0; h < heads; h++)
      for (int t = 0; t < length; t++)
        f(t, (static_cast<size_t>(b) * length + t) * heads + h, (static_cast<size_t>(b) * heads + h) * length + t);
}

static void rotate_heads(const Args& a) {
  int heads = a.p[0], d = a.width(0) / heads;
  float epsilon = a.p[1], factor = a.p[2];
  Rotation rotation(d, a.shape[0][1]);
  each_head(a, heads, [&](int t, size_t from, size_t to) {
    const float* x = a.in[0] + from * d;
    float scale = 1 / std::sqrt(dot_(x, x, d) / d + epsilon);
    a.out[1][to] = scale;
    rotation.turn(a.out[0] + to * d, x, t, factor * scale, false);
  });
}

static void rotate_heads_backward(const Args& a) {
  int heads = a.p[0], d = a.width(0) / heads;
  float factor = a.p[2];
  Rotation rotation(d, a.shape[0][1]);
  std::vector<float> slope(d);
  each_head(a, heads, [&](int t, size_t from, size_t to) {
    const float *g = a.cotangent() + to * d, *y = a.output(0) + to * d;
    float scale = factor * a.output(1)[to], mean = dot_(g, y, d) / d / (factor * factor);
    for (int i = 0; i < d; i++) slope[i] = g[i] - y[i] * mean;
    rotation.turn(a.out[0] + from * d, slope.data(), t, scale, true);
  });
}
static Register r_rotate("rotate_heads", {rotate_heads, rotate_heads_backward, 1,
                                          Signature("x[batch time 2*heads*pairs] -> y[batch heads time 2*pairs], "
                                                    "scale[batch heads time]", "heads, epsilon, factor")});

}  // namespace score
