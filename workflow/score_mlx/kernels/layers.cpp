// Row-wise layers: linear, activations, layer norm, GRU gates, dropout.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "blas.h"
#include "kernels.h"
#include "maths.h"

namespace score {

// The transpose of x (rows, columns).
static std::vector<float> flipped(const float* x, int rows, int columns) {
  std::vector<float> out(static_cast<size_t>(rows) * columns);
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < columns; c++) out[c * rows + r] = x[r * columns + c];
  return out;
}

enum { THIN = 8 };  // a product of so few columns is loops: a BLAS packs more than it multiplies

// y = x W^T + b: x (n, i), W (o, i), b (o,) or (0,) -> (n, o)
static void linear(const Args& a) {
  int n = a.size(0) / a.width(0), i = a.width(0), o = a.rows(1);
  const float *x = a.in[0], *w = a.in[1], *b = a.size(2) ? a.in[2] : nullptr;
  float* y = a.out[0];
  if (o <= THIN) {
    for (int r = 0; r < n; r++)
      for (int c = 0; c < o; c++) y[r * o + c] = dot_(x + r * i, w + c * i, i) + (b ? b[c] : 0.f);
    return;
  }
  for (int r = 0; b && r < n; r++) std::memcpy(y + r * o, b, o * sizeof(float));
  if (i > THIN) {
    cblas_sgemm(ROWS, KEEP, FLIP, n, o, i, 1, x, i, w, i, b ? 1 : 0, y, o);
    return;
  }
  std::vector<float> columns = flipped(w, o, i);
  for (int r = 0; r < n; r++)
    for (int j = 0; j < i; j++) {
      const float* column = columns.data() + j * o;
      j == 0 && !b ? scale_(y + r * o, x[r * i], column, o) : add_(y + r * o, x[r * i + j], column, o);
    }
}

static void linear_backward(const Args& a) {
  int n = a.size(0) / a.width(0), i = a.width(0), o = a.rows(1);
  const float *x = a.in[0], *w = a.in[1], *g = a.in[3];
  float *dx = a.out[0], *dw = a.out[1], *db = a.out[2];
  if (db) {
    std::fill(db, db + o, 0.f);
    for (int r = 0; r < n; r++) add_(db, g + r * o, o);
  }
  if (o <= THIN) {
    if (dw) std::fill(dw, dw + o * i, 0.f);
    for (int r = 0; r < n; r++)
      for (int c = 0; c < o; c++) {
        float each = g[r * o + c];
        if (dx) c == 0 ? scale_(dx + r * i, each, w, i) : add_(dx + r * i, each, w + c * i, i);
        if (dw) add_(dw + c * i, each, x + r * i, i);
      }
    return;
  }
  if (dx) cblas_sgemm(ROWS, KEEP, KEEP, n, i, o, 1, g, o, w, i, 0, dx, i);
  if (!dw) return;
  if (i > THIN) {
    cblas_sgemm(ROWS, FLIP, KEEP, o, i, n, 1, g, o, x, i, 0, dw, i);
    return;
  }
  std::vector<float> columns(i * o, 0.f);
  for (int r = 0; r < n; r++)
    for (int j = 0; j < i; j++) add_(columns.data() + j * o, x[r * i + j], g + r * o, o);
  std::vector<float> whole = flipped(columns.data(), i, o);
  std::copy(whole.begin(), whole.end(), dw);
}

static Shapes linear_shapes(const Shapes& in, const Params&) {
  auto out = in[0];
  out.back() = in[1][0];
  return {out};
}
static Register r_linear("linear", {linear, linear_backward, 3, linear_shapes});

// max(x, slope x), slope p[0]; 0 is ReLU
static void leaky(const Args& a) {
  float s = a.p[0];
  const float* x = a.in[0];
  float* y = a.out[0];
  for (int i = 0, n = a.size(0); i < n; i++) y[i] = x[i] > 0 ? x[i] : s * x[i];
}

// At zero the gradient is the slope's.
static void leaky_backward(const Args& a) {
  float s = a.p[0];
  const float *x = a.in[0], *g = a.in[1];
  float* d = a.out[0];
  for (int i = 0, n = a.size(0); i < n; i++) d[i] = x[i] > 0 ? g[i] : s * g[i];
}
static Register r_leaky("leaky", {leaky, leaky_backward, 1, like_first});

static void elu(const Args& a) {
  const float* x = a.in[0];
  float* y = a.out[0];
  for (int i = 0, n = a.size(0); i < n; i++) y[i] = x[i] > 0 ? x[i] : exp_(x[i]) - 1;
}
static void elu_backward(const Args& a) {
  const float *g = a.in[1], *y = a.in[2];
  float* d = a.out[0];
  for (int i = 0, n = a.size(0); i < n; i++) d[i] = y[i] > 0 ? g[i] : g[i] * (y[i] + 1);
}
static Register r_elu("elu", {elu, elu_backward, 1, like_first});

// h + dt (y - h), dt p[0]
static void towards(const Args& a) {
  float dt = a.p[0];
  const float *h = a.in[0], *y = a.in[1];
  float* out = a.out[0];
  for (int i = 0, n = a.size(0); i < n; i++) out[i] = h[i] + dt * (y[i] - h[i]);
}
static void towards_backward(const Args& a) {
  float dt = a.p[0], rest = 1 - dt;
  const float* g = a.in[2];
  float *dh = a.out[0], *dy = a.out[1];
  int n = a.size(0);
  if (dh)
    for (int i = 0; i < n; i++) dh[i] = rest * g[i];
  if (dy)
    for (int i = 0; i < n; i++) dy[i] = dt * g[i];
}
static Register r_towards("towards", {towards, towards_backward, 2, like_first});

// (x - mean) / sqrt(var + eps) w + b over the last axis; eps p[0]. Also gives 1 / sqrt(var + eps) and mean, by row.
static void layer_norm(const Args& a) {
  int h = a.width(0), n = a.size(0) / h;
  const float *w = a.in[1], *b = a.in[2];
  for (int r = 0; r < n; r++) {
    const float* x = a.in[0] + r * h;
    float* y = a.out[0] + r * h;
    float mean = sum_(x, h) / h, square = 0;
#pragma omp simd reduction(+ : square)
    for (int c = 0; c < h; c++) square += (x[c] - mean) * (x[c] - mean);
    float scale = 1 / std::sqrt(square / h + static_cast<float>(a.p[0]));
    for (int c = 0; c < h; c++) y[c] = (x[c] - mean) * scale * w[c] + b[c];
    a.out[1][r] = scale;
    a.out[2][r] = mean;
  }
}

static void layer_norm_backward(const Args& a) {
  int h = a.width(0), n = a.size(0) / h;
  const float *w = a.in[1], *scale = a.in[5], *mean = a.in[6];
  float *dx = a.out[0], *dw = a.out[1], *db = a.out[2];
  if (dw) std::fill(dw, dw + h, 0.f);
  if (db) std::fill(db, db + h, 0.f);
  for (int r = 0; r < n; r++) {
    const float *x = a.in[0] + r * h, *g = a.in[3] + r * h;
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
static Shapes layer_norm_shapes(const Shapes& in, const Params&) {
  auto rows = in[0];
  rows.pop_back();
  return {in[0], rows, rows};
}
static Register r_layer_norm("layer_norm", {layer_norm, layer_norm_backward, 3, layer_norm_shapes});

// GRU gates: pre-activations of (reset, update, candidate) from input and state (n, 3 H each), state h (n, H) -> h'.
// Also gives r, z, n.
static void gru(const Args& a) {
  int h = a.width(2), n = a.rows(2);
  for (int row = 0; row < n; row++) {
    const float *x = a.in[0] + 3 * h * row, *s = a.in[1] + 3 * h * row, *old = a.in[2] + h * row;
    float *out = a.out[0] + h * row, *r = a.out[1] + h * row, *z = a.out[2] + h * row, *c = a.out[3] + h * row;
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

static void gru_backward(const Args& a) {
  int h = a.width(2), n = a.rows(2);
  std::vector<float> rest(6 * h);  // gradients that nobody asked for
  for (int row = 0; row < n; row++) {
    const float *s = a.in[1] + 3 * h * row, *old = a.in[2] + h * row, *g = a.in[3] + h * row;
    const float *r = a.in[5] + h * row, *z = a.in[6] + h * row, *c = a.in[7] + h * row;
    float* dx = a.out[0] ? a.out[0] + 3 * h * row : rest.data();
    float* ds = a.out[1] ? a.out[1] + 3 * h * row : rest.data() + 3 * h;
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
    if (float* dh = a.out[2])
      for (int i = 0; i < h; i++) dh[row * h + i] = g[i] * z[i];
  }
}
static Shapes gru_shapes(const Shapes& in, const Params&) { return {in[2], in[2], in[2], in[2]}; }
static Register r_gru("gru", {gru, gru_backward, 3, gru_shapes});

// x times the mask of `Noise` over the last axis: x (rows..., H), rows (rows...), key (1,);
// p: call's salt, threshold, scale
static void masked(const float* x, float* y, const Args& a) {
  int h = a.width(0), n = a.size(0) / h;
  const uint32_t* rows = a.unsigned_(1);
  uint32_t salt = scramble(*a.unsigned_(2) + static_cast<uint32_t>(a.p[0])), threshold = static_cast<uint32_t>(a.p[1]);
  float scale = a.p[2];
  for (int r = 0; r < n; r++)
    for (int c = 0; c < h; c++) {
      uint32_t drawn = scramble(rows[r] * static_cast<uint32_t>(h) + c + salt);
      y[r * h + c] = x[r * h + c] * (drawn >= threshold ? scale : 0.f);
    }
}
static void dropout(const Args& a) { masked(a.in[0], a.out[0], a); }
static void dropout_backward(const Args& a) { masked(a.in[3], a.out[0], a); }
static Register r_dropout("dropout", {dropout, dropout_backward, 1, like_first});

}  // namespace score
