// What language models add: RMS norm and causal attention.
#include <algorithm>
#include <cmath>
#include <vector>

#include "blas.h"
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

enum { QUERY, KEY, VALUE };  // of attention
enum { BLOCK = 64 };  // rows of attention weights at a time: they stay in the cache

// One head's block of rows [first, last) against the places [from, last) that it may see.
struct Block {
  int first, last, from, places;
  Block(int row, int length, int window)
      : first(row), last(std::min(row + BLOCK, length)), from(std::max(0, row - window + 1)), places(last - from) {}
  int rows() const { return last - first; }
  // columns that row r sees
  int begin(int r, int window) const { return std::max(0, first + r - window + 1 - from); }
  int end(int r) const { return first + r + 1 - from; }
};

// softmax(scale q k^T, causal, within a window) v: q, k, v (B, heads, T, D) -> same; scale p[0], window p[1].
// Also gives log sum exp of the logits by row.
static void causal_attention(const Args& a) {
  int d = a.width(QUERY), length = a.shape[QUERY][2], heads = a.rows(QUERY) * a.shape[QUERY][1], window = a.p[1];
  std::vector<float> weights(static_cast<size_t>(BLOCK) * length);
  float* w = weights.data();
  for (int h = 0; h < heads; h++) {
    size_t at = static_cast<size_t>(h) * length * d;
    const float *q = a.in[QUERY] + at, *k = a.in[KEY] + at, *v = a.in[VALUE] + at;
    for (int row = 0; row < length; row += BLOCK) {
      Block b(row, length, window);
      product(KEEP, FLIP, b.rows(), b.places, d, a.p[0], q + row * d, d, k + b.from * d, d, 0, w, b.places);
      for (int r = 0; r < b.rows(); r++) {
        float* line = w + r * b.places;
        int begin = b.begin(r, window), end = b.end(r);
        float most = largest(line + begin, end - begin), total = 0;
#pragma omp simd reduction(+ : total)
        for (int i = begin; i < end; i++) total += line[i] = exp_(line[i] - most);
        std::fill(line, line + begin, 0.f);
        std::fill(line + end, line + b.places, 0.f);
        scale_(line + begin, 1 / total, line + begin, end - begin);
        a.out[1][static_cast<size_t>(h) * length + row + r] = most + std::log(total);
      }
      product(KEEP, KEEP, b.rows(), d, b.places, 1, w, b.places, v + b.from * d, d, 0, a.out[0] + at + row * d, d);
    }
  }
}

static void causal_attention_backward(const Args& a) {
  int d = a.width(QUERY), length = a.shape[QUERY][2], heads = a.rows(QUERY) * a.shape[QUERY][1], window = a.p[1];
  size_t block = static_cast<size_t>(BLOCK) * length, whole = a.size(QUERY);
  std::vector<float> weights(block), slopes(block), spare[3];
  float *w = weights.data(), *s = slopes.data(), *grad[3];
  for (int i = 0; i < 3; i++) {  // all three come at almost the cost of one
    if (!a.out[i]) spare[i].resize(whole);
    grad[i] = a.out[i] ? a.out[i] : spare[i].data();
    std::fill(grad[i], grad[i] + whole, 0.f);
  }
  for (int h = 0; h < heads; h++) {
    size_t at = static_cast<size_t>(h) * length * d;
    const float *q = a.in[QUERY] + at, *k = a.in[KEY] + at, *v = a.in[VALUE] + at, *g = a.cotangent() + at, *y = a.output(0) + at;
    const float* lse = a.output(1) + static_cast<size_t>(h) * length;
    for (int row = 0; row < length; row += BLOCK) {
      Block b(row, length, window);
      const float *qb = q + row * d, *kb = k + b.from * d, *vb = v + b.from * d, *gb = g + row * d;
      product(KEEP, FLIP, b.rows(), b.places, d, a.p[0], qb, d, kb, d, 0, w, b.places);
      product(KEEP, FLIP, b.rows(), b.places, d, 1, gb, d, vb, d, 0, s, b.places);
      for (int r = 0; r < b.rows(); r++) {
        float *line = w + r * b.places, *slope = s + r * b.places, own = lse[row + r];
        float mean = dot_(gb + r * d, y + (row + r) * d, d), scale = a.p[0];
        int begin = b.begin(r, window), end = b.end(r);
        std::fill(line, line + begin, 0.f);
        std::fill(slope, slope + begin, 0.f);
#pragma omp simd
        for (int i = begin; i < end; i++) {
          line[i] = exp_(line[i] - own);
          slope[i] = scale * line[i] * (slope[i] - mean);
        }
        std::fill(line + end, line + b.places, 0.f);
        std::fill(slope + end, slope + b.places, 0.f);
      }
      product(KEEP, KEEP, b.rows(), d, b.places, 1, s, b.places, kb, d, 0, grad[0] + at + row * d, d);
      product(FLIP, KEEP, b.places, d, b.rows(), 1, s, b.places, qb, d, 1, grad[1] + at + b.from * d, d);
      product(FLIP, KEEP, b.places, d, b.rows(), 1, w, b.places, gb, d, 1, grad[2] + at + b.from * d, d);
    }
  }
}
static Register r_attention("causal_attention", {causal_attention, causal_attention_backward, 3,
                                              Signature("q[batch heads length width], k[batch heads length width], "
                                                        "v[batch heads length width] -> y[batch heads length width], "
                                                        "log_sum_exp[batch*heads*length]", "scale, window>0")});

}  // namespace score
