// Cross-entropy over a vocabulary, fused with the product that makes its logits: those of 1024 places over 24,000 tokens
// are 98 MB. For a loss alone there is a tile of logits at a time. For gradients there is a panel of rows: the slopes of a
// row need the sum over all its tokens, and computing its logits twice takes longer than reading a panel again.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "blas.h"
#include "kernels.h"
#include "maths.h"
#include "products.h"

namespace score {

static constexpr int TOKENS = 256;  // of a tile
static constexpr int PANEL = 256;   // rows of a panel, or d where that is more: it need not be smaller than W

enum { STATES, WEIGHT, BIAS, TARGETS };

// to = factor x, sums += to
static void scale_and_add(float* to, float* sums, float factor, const float* x, int n) {
#pragma omp simd
  for (int i = 0; i < n; i++) sums[i] += to[i] = factor * x[i];
}

// A panel of rows of logits z = h W^T + b, z <- cap tanh(z / cap), in tiles of tokens.
// In: states h (N, d), weight W (V, d), bias b (V,) or (0,), targets (N,) int; p: cap, 0 for none.
class Panel {
 public:
  explicit Panel(const Args& args) : a(args), n(a.rows(STATES)), v(a.rows(WEIGHT)), d(a.width(STATES)), cap(a.p[0]) {}

  // Losses and, where given, their gradients: losses (N,), slopes g (N,) of the losses, dh (N, d), dw (V, d), db (V,).
  void run(float* losses, const float* g, float* dh, float* dw, float* db) {
    keep = dh || dw || db;
    int most = std::max(d, PANEL), panels = (n + most - 1) / most;
    rows = panels ? (n + panels - 1) / panels : 0;
    z.resize(keep ? static_cast<size_t>(rows) * v : 0);
    tile.resize(static_cast<size_t>(rows) * std::min(v, TOKENS));
    levels.resize(static_cast<size_t>(rows) * (v / TOKENS + 1));
    if (!n && dw) std::fill_n(dw, static_cast<size_t>(v) * d, 0.f);
    if (db) std::fill_n(db, v, 0.f);
    for (first = 0; first < n; first += rows) {
      rows = std::min(rows, n - first);
      forward(losses);
      if (keep) backward(g, dh, dw, db);
    }
  }

 private:
  // f(number of the tile, its first token, its tokens, its place in z, where there is one)
  template <class F>
  void each_tile(F f) {
    for (int t = 0, token = 0; token < v; t++, token += TOKENS) {
      f(t, token, std::min(TOKENS, v - token), keep ? z.data() + static_cast<size_t>(token) * rows : nullptr);
    }
  }

  // Place of a row's target in a tile, or -1.
  int target(int r, int token, int width) const {
    int place = a.index(TARGETS)[first + r] - token;
    return 0 <= place && place < width ? place : -1;
  }

  // Logits become exp(z - level) dz/d(uncapped z), the slopes of log sum exp but for a factor a row.
  void forward(float* losses) {
    most.assign(rows, -std::numeric_limits<float>::infinity());
    total.assign(rows, 0.f);
    wanted.assign(rows, 0.f);
    const float* h = a.in[STATES] + static_cast<size_t>(first) * d;
    bool bias = a.given(BIAS);
    each_tile([&](int t, int token, int width, float* at) {
      const float* w = a.in[WEIGHT] + static_cast<size_t>(token) * d;
      times_flipped(h, w, bias ? a.in[BIAS] + token : nullptr, tile.data(), rows, d, width);
      for (int r = 0; r < rows; r++) {
        float* line = tile.data() + static_cast<size_t>(r) * width;
        add_up(r, t, token, width, line, keep ? at + static_cast<size_t>(r) * width : line);
      }
    });
    for (int r = 0; r < rows; r++) {
      total[r] = most[r] + std::log(total[r]);
      if (losses) losses[first + r] = total[r] - wanted[r];
    }
  }

  // From a row's logits in a tile, which stays in the cache, to their place in the panel.
  void add_up(int r, int t, int token, int width, float* line, float* to) {
    if (cap != 0)
#pragma omp simd
      for (int i = 0; i < width; i++) line[i] = cap * tanh_(line[i] / cap);
    int place = target(r, token, width);
    if (place >= 0) wanted[r] = line[place];
    float before = most[r], level = std::max(before, largest(line, width)), sum = 0, c = cap == 0 ? 0 : 1 / (cap * cap);
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < width; i++) {
      float z = line[i], e = exp_(z - level);
      sum += e;
      to[i] = e * (1 - c * z * z);
    }
    total[r] = sum + (token ? total[r] * exp_(before - level) : 0.f);
    most[r] = levels[static_cast<size_t>(t) * rows + r] = level;
  }

  void backward(const float* g, float* dh, float* dw, float* db) {
    size_t from = static_cast<size_t>(first) * d;
    each_tile([&](int t, int token, int width, const float* at) {
      for (int r = 0; r < rows; r++) {
        float* line = tile.data() + static_cast<size_t>(r) * width;
        float own = g[first + r], c = cap == 0 ? 0 : wanted[r] / cap;
        float factor = own * exp_(levels[static_cast<size_t>(t) * rows + r] - total[r]);
        const float* slopes = at + static_cast<size_t>(r) * width;
        db ? scale_and_add(line, db + token, factor, slopes, width) : scale_(line, factor, slopes, width);
        int place = target(r, token, width);
        if (place < 0) continue;
        line[place] -= own * (1 - c * c);
        if (db) db[token + place] -= own * (1 - c * c);
      }
      const float *w = a.in[WEIGHT] + static_cast<size_t>(token) * d, *h = a.in[STATES] + from;
      if (dh) times(tile.data(), w, dh + from, rows, d, width, token > 0);
      if (dw) {
        float* to = dw + static_cast<size_t>(token) * d;
        product(FLIP, KEEP, width, d, rows, 1, tile.data(), width, h, d, first ? 1 : 0, to, d);
      }
    });
  }

  const Args& a;
  int n, v, d, rows = 0, first = 0;
  float cap;
  bool keep = false;  // the whole panel, or a tile at a time
  std::vector<float> z, tile, levels, most, total, wanted;
};

// log sum_j exp(z_j) - z_target by row -> (N,)
static void cross_entropy(const Args& a) { Panel(a).run(a.out[0], nullptr, nullptr, nullptr, nullptr); }
static void cross_entropy_backward(const Args& a) {
  Panel(a).run(nullptr, a.cotangent(), a.out[0], a.out[1], a.given(BIAS) ? a.out[2] : nullptr);
}
static Register r_cross_entropy("cross_entropy", {cross_entropy, cross_entropy_backward, 3,
                                               Signature("states[rows width], weight[vocabulary width], "
                                                         "bias?[vocabulary], targets:int<vocabulary>[rows] -> "
                                                         "loss[rows]", "cap")});

// The mean of the same over rows, a scalar. Also gives its gradients, which cost less together with it than after it.
static void mean_cross_entropy(const Args& a) {
  int n = a.rows(STATES);
  std::vector<float> losses(n), g(n, 1.f / n);
  Panel(a).run(losses.data(), g.data(), a.out[1], a.out[2], a.out[3]);
  a.out[0][0] = sum_(losses.data(), n) / n;
}
static void mean_cross_entropy_backward(const Args& a) {
  for (int i = 0; i < 3; i++)
    if (a.out[i]) scale_(a.out[i], a.cotangent()[0], a.output(1 + i), a.size(i));
}
static Register r_mean("mean_cross_entropy", {mean_cross_entropy, mean_cross_entropy_backward, 3,
                                              Signature("states[rows width], weight[vocabulary width], "
                                                        "bias?[vocabulary], targets:int<vocabulary>[rows] -> loss[], "
                                                        "to_states[rows width], to_weight[vocabulary width], "
                                                        "to_bias[vocabulary]", "cap")});

}  // namespace score
