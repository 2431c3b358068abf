// Row-wise layers: linear, activations, layer norm, GRU gates, dropout.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels.h"
#include "maths.h"
#include "products.h"

namespace score {

// -- linear: y = x W^T + b -----------------------------------------------------------------------------------------------
namespace {

enum { THIN = 8 };  // a product of so few columns is loops: a BLAS packs more than it multiplies

namespace of_linear {
enum { X, WEIGHT, BIAS };

// The transpose of x (rows, columns).
std::vector<float> flipped(const float* x, int rows, int columns) {
  std::vector<float> out(static_cast<size_t>(rows) * columns);
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < columns; c++) out[c * rows + r] = x[r * columns + c];
  return out;
}

void forward(const Args& a) {
  int n = a.lines(X), i = a.width(X), o = a.rows(WEIGHT);
  const float *x = a.in[X], *w = a.in[WEIGHT], *b = a.optional(BIAS);
  float* y = a.out[0];
  if (o <= THIN) {
    for (int r = 0; r < n; r++)
      for (int c = 0; c < o; c++) y[r * o + c] = dot_(x + r * i, w + c * i, i) + (b ? b[c] : 0.f);
    return;
  }
  if (i > THIN) return times_flipped(x, w, b, y, n, i, o);
  for (int r = 0; b && r < n; r++) std::memcpy(y + r * o, b, o * sizeof(float));
  if (i == 0 && !b) std::fill(y, y + n * o, 0.f);
  std::vector<float> columns = flipped(w, o, i);
  for (int r = 0; r < n; r++)
    for (int j = 0; j < i; j++) {
      const float* column = columns.data() + j * o;
      j == 0 && !b ? scale_(y + r * o, x[r * i], column, o) : add_(y + r * o, x[r * i + j], column, o);
    }
}

void backward(const Args& a) {
  int n = a.lines(X), i = a.width(X), o = a.rows(WEIGHT);
  const float *x = a.in[X], *w = a.in[WEIGHT], *g = a.cotangent();
  float *dx = a.out[X], *dw = a.out[WEIGHT], *db = a.out[BIAS];
  if (db) sum_of_rows(g, db, n, o);
  if (o <= THIN) {
    if (dw) std::fill(dw, dw + o * i, 0.f);
    if (dx && o == 0) std::fill(dx, dx + n * i, 0.f);
    for (int r = 0; r < n; r++)
      for (int c = 0; c < o; c++) {
        float each = g[r * o + c];
        if (dx) c == 0 ? scale_(dx + r * i, each, w, i) : add_(dx + r * i, each, w + c * i, i);
        if (dw) add_(dw + c * i, each, x + r * i, i);
      }
    return;
  }
  if (dx) times(g, w, dx, n, i, o);
  if (!dw) return;
  if (i > THIN) return flipped_times(g, x, dw, n, i, o);
  std::vector<float> columns(i * o, 0.f);
  for (int r = 0; r < n; r++)
    for (int j = 0; j < i; j++) add_(columns.data() + j * o, x[r * i + j], g + r * o, o);
  std::vector<float> whole = flipped(columns.data(), i, o);
  std::copy(whole.begin(), whole.end(), dw);
}

Register r("linear", {forward, backward, 3, Signature("x[... in], weight[out in], bias?[out] -> y[... out]"),
                      1 << BIAS});
}  // namespace of_linear

// -- element-wise: numbers are a slope (0 is ReLU) or a step size ----------------------------------------------------------
enum { X, Y };

// max(x, slope x)
void leaky(const Args& a) {
  float s = a.p[0];
  const float* x = a.in[X];
  float* y = a.out[0];
  int n = a.size(X);
#pragma omp simd
  for (int i = 0; i < n; i++) y[i] = x[i] > 0 ? x[i] : s * x[i];
}

// At zero the gradient is the slope's. A result is positive where its argument is.
void leaky_backward(const Args& a) {
  float s = a.p[0];
  const float *y = a.output(0), *g = a.cotangent();
  float* d = a.out[X];
  int n = a.size(X);
#pragma omp simd
  for (int i = 0; i < n; i++) d[i] = y[i] > 0 ? g[i] : s * g[i];
}
Register r_leaky("leaky", in_place({leaky, leaky_backward, 1, Signature("x[...] -> y[...]", "slope>=0"), 1 << X}));

void elu(const Args& a) {
  const float* x = a.in[X];
  float* y = a.out[0];
  int n = a.size(X);
#pragma omp simd
  for (int i = 0; i < n; i++) y[i] = x[i] > 0 ? x[i] : exp_(x[i]) - 1;
}
void elu_backward(const Args& a) {
  const float *g = a.cotangent(), *y = a.output(0);
  float* d = a.out[X];
  int n = a.size(X);
#pragma omp simd
  for (int i = 0; i < n; i++) d[i] = y[i] > 0 ? g[i] : g[i] * (y[i] + 1);
}
Register r_elu("elu", in_place({elu, elu_backward, 1, Signature("x[...] -> y[...]"), 1 << X}));

// x + dt (y - x)
void towards(const Args& a) {
  float dt = a.p[0];
  const float *x = a.in[X], *y = a.in[Y];
  float* out = a.out[0];
  int n = a.size(X);
#pragma omp simd
  for (int i = 0; i < n; i++) out[i] = x[i] + dt * (y[i] - x[i]);
}
void towards_backward(const Args& a) {
  float dt = a.p[0], rest = 1 - dt;
  const float* g = a.cotangent();
  float *dx = a.out[X], *dy = a.out[Y];
  int n = a.size(X);
  if (dy) scale_(dy, dt, g, n);
  if (dx) scale_(dx, rest, g, n);  // last, since it may take the cotangent's place
}
Register r_towards("towards", in_place({towards, towards_backward, 2, Signature("x[...], y[...] -> out[...]", "dt"),
                                        1 << X | 1 << Y}));

// -- layer_norm: (x - mean) / sqrt(var + eps) w + b over the last axis; 1 / sqrt(var + eps) and mean serve the gradient -----
namespace of_layer_norm {
enum { X, WEIGHT, BIAS };
enum { SCALE = 1, MEAN };

void forward(const Args& a) {
  int h = a.width(X), n = a.lines(X);
  const float *w = a.in[WEIGHT], *b = a.in[BIAS];
  for (int r = 0; r < n; r++) {
    const float* x = a.in[X] + r * h;
    float* y = a.out[0] + r * h;
    float mean = sum_(x, h) / h, square = 0;
#pragma omp simd reduction(+ : square)
    for (int c = 0; c < h; c++) square += (x[c] - mean) * (x[c] - mean);
    float scale = 1 / std::sqrt(square / h + static_cast<float>(a.p[0]));
    for (int c = 0; c < h; c++) y[c] = (x[c] - mean) * scale * w[c] + b[c];
    a.out[SCALE][r] = scale;
    a.out[MEAN][r] = mean;
  }
}

void backward(const Args& a) {
  int h = a.width(X), n = a.lines(X);
  const float *w = a.in[WEIGHT], *scale = a.output(SCALE), *mean = a.output(MEAN);
  float *dx = a.out[X], *dw = a.out[WEIGHT], *db = a.out[BIAS];
  if (dw) std::fill(dw, dw + h, 0.f);
  if (db) std::fill(db, db + h, 0.f);
  for (int r = 0; r < n; r++) {
    const float *x = a.in[X] + r * h, *g = a.cotangent() + r * h;
    float s = scale[r], m = mean[r], gw = 0, gwx = 0;
#pragma omp simd reduction(+ : gw, gwx)
    for (int c = 0; c < h; c++) {
      gw += g[c] * w[c];
      gwx += g[c] * w[c] * (x[c] - m) * s;
    }
    gw /= h;
    gwx /= h;
    if (dx)
      for (int c = 0; c < h; c++) dx[r * h + c] = s * (g[c] * w[c] - gw - (x[c] - m) * s * gwx);
    if (dw)
      for (int c = 0; c < h; c++) dw[c] += g[c] * (x[c] - m) * s;
    if (db)
      for (int c = 0; c < h; c++) db[c] += g[c];
  }
}

Register r("layer_norm", {forward, backward, 3,
                          Signature("x[... width], weight[width], bias[width] -> y[... width], scale[...], mean[...]",
                                    "epsilon"),
                          1 << BIAS});
}  // namespace of_layer_norm

// -- gru: pre-activations of (reset, update, candidate) from input and state, and the state; gates serve the gradient --------
namespace of_gru {
enum { FROM_INPUT, FROM_STATE, STATE };
enum { RESET = 1, UPDATE, CANDIDATE };

void forward(const Args& a) {
  int h = a.width(STATE), n = a.rows(STATE);
  for (int row = 0; row < n; row++) {
    const float *x = a.in[FROM_INPUT] + 3 * h * row, *s = a.in[FROM_STATE] + 3 * h * row, *old = a.in[STATE] + h * row;
    float *out = a.out[0] + h * row, *r = a.out[RESET] + h * row, *z = a.out[UPDATE] + h * row;
    float* c = a.out[CANDIDATE] + h * row;
    for (int i = 0; i < h; i++) {
      r[i] = sigmoid_(x[i] + s[i]);
      z[i] = sigmoid_(x[h + i] + s[h + i]);
    }
#pragma omp simd
    for (int i = 0; i < h; i++) {
      c[i] = 2 * sigmoid_(2 * (x[2 * h + i] + r[i] * s[2 * h + i])) - 1;
      out[i] = c[i] + z[i] * (old[i] - c[i]);
    }
  }
}

void backward(const Args& a) {
  int h = a.width(STATE), n = a.rows(STATE);
  std::vector<float> rest(6 * h);  // gradients that nobody asked for
  for (int row = 0; row < n; row++) {
    const float *s = a.in[FROM_STATE] + 3 * h * row, *old = a.in[STATE] + h * row, *g = a.cotangent() + h * row;
    const float *r = a.output(RESET) + h * row, *z = a.output(UPDATE) + h * row, *c = a.output(CANDIDATE) + h * row;
    float* dx = a.out[FROM_INPUT] ? a.out[FROM_INPUT] + 3 * h * row : rest.data();
    float* ds = a.out[FROM_STATE] ? a.out[FROM_STATE] + 3 * h * row : rest.data() + 3 * h;
#pragma omp simd  // more pointers than a compiler checks for overlap
    for (int i = 0; i < h; i++) {
      float to_c = g[i] * (1 - z[i]) * (1 - c[i] * c[i]);
      float to_r = to_c * s[2 * h + i] * (r[i] * (1 - r[i]));
      float to_z = g[i] * (old[i] - c[i]) * (z[i] * (1 - z[i]));
      dx[i] = ds[i] = to_r;
      dx[h + i] = ds[h + i] = to_z;
      dx[2 * h + i] = to_c;
      ds[2 * h + i] = to_c * r[i];
    }
    if (float* dh = a.out[STATE])
      for (int i = 0; i < h; i++) dh[row * h + i] = g[i] * z[i];
  }
}

Register r("gru", {forward, backward, 3,
                   Signature("from_input[rows 3*hidden], from_state[rows 3*hidden], state[rows hidden] -> "
                             "new[rows hidden], reset[rows hidden], update[rows hidden], candidate[rows hidden]"),
                   1 << FROM_INPUT});
}  // namespace of_gru

// -- dropout: x times the mask of `Noise` over the last axis ------------------------------------------------------------------
namespace of_dropout {
enum { X, ROWS, KEY };
enum { SALT, THRESHOLD, SCALE };

void masked(const float* x, float* y, const Args& a) {
  int h = a.width(X), n = a.lines(X);
  const uint32_t* rows = a.unsigned_(ROWS);
  uint32_t salt = scramble(*a.unsigned_(KEY) + static_cast<uint32_t>(a.p[SALT]));
  uint32_t threshold = static_cast<uint32_t>(a.p[THRESHOLD]);
  float scale = a.p[SCALE];
  for (int r = 0; r < n; r++)
#pragma omp simd
    for (int c = 0; c < h; c++)
      y[r * h + c] = x[r * h + c] * kept(rows[r] * static_cast<uint32_t>(h) + c, salt, threshold, scale);
}
void forward(const Args& a) { masked(a.in[X], a.out[0], a); }
void backward(const Args& a) { masked(a.cotangent(), a.out[X], a); }

Register r("dropout", in_place({forward, backward, 1,
                                Signature("x[... width], rows:uint[...], key:uint[] -> y[... width]",
                                          "salt:uint, threshold:uint, scale"),
                                1 << X}));
}  // namespace of_dropout

}  // namespace

}  // namespace score
