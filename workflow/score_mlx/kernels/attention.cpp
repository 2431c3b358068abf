// Causal attention of language models, with dropout on its weights where that is asked for.
#include <algorithm>
#include <cmath>
#include <vector>

#include "blas.h"
#include "kernels.h"
#include "maths.h"
#include "products.h"

namespace score {

namespace {

enum { QUERY, KEY, VALUE, ROWS_OF_WEIGHTS, DROPOUT };
enum { SCALE, WINDOW, SALT, THRESHOLD, FACTOR };
enum { AT_ONCE = 64 };  // rows of attention weights at a time: they stay in the cache

// The weights of AT_ONCE rows of one head: rows [first, last) against the places [from, last) that they may see.
struct Part {
  int first, last, from, places, rows;
  Part(int row, int length, int window)
      : first(row), last(std::min(row + AT_ONCE, length)), from(std::max(0, row - window + 1)), places(last - from),
        rows(last - first) {}
  // places that row r sees
  int begin(int r, int window) const { return std::max(0, first + r - window + 1 - from); }
  int end(int r) const { return first + r + 1 - from; }
};

class Attention {
 public:
  explicit Attention(const Args& args)
      : a(args), d(a.width(QUERY)), length(a.shape[QUERY][2]), heads(a.rows(QUERY) * a.shape[QUERY][1]), window(a.p[WINDOW]),
        scale(a.p[SCALE]), dropped(a.given(DROPOUT)), weights(static_cast<size_t>(AT_ONCE) * length), mask(length, 1.f) {
    if (!dropped) return;
    salt = scramble(*a.unsigned_(DROPOUT) + static_cast<uint32_t>(a.p[SALT]));
    threshold = static_cast<uint32_t>(a.p[THRESHOLD]);
    factor = a.p[FACTOR];
  }

  void forward() {
    float* w = weights.data();
    each_part([&](int h, size_t at, const Part& b) {
      dots(b, a.in[QUERY] + at, a.in[KEY] + at, w);
      for (int r = 0; r < b.rows; r++) {
        float* line = w + r * b.places;
        int begin = b.begin(r, window), n = b.end(r) - begin;
        float *seen = line + begin, total = 0;
        scale_(seen, scale, seen, n);
        float most = largest(seen, n);
#pragma omp simd reduction(+ : total)
        for (int i = 0; i < n; i++) total += seen[i] = exp_(seen[i] - most);
        const float* own = draw(h, b, r, begin, n);
        float each = 1 / total;
#pragma omp simd
        for (int i = 0; i < n; i++) seen[i] *= each * own[i];
        clear(line, b, begin, begin + n);
        a.out[1][static_cast<size_t>(h) * length + b.first + r] = most + std::log(total);
      }
      of_rows(b, w, a.in[VALUE] + at, a.out[0] + at);
    });
  }

  void backward() {
    std::vector<float> slopes(weights.size()), spare[3];
    float *w = weights.data(), *s = slopes.data(), *grad[3];
    size_t whole = a.size(QUERY);
    for (int i = 0; i < 3; i++) {  // all three come at almost the cost of one
      if (!a.out[i]) spare[i].resize(whole);
      grad[i] = a.out[i] ? a.out[i] : spare[i].data();
      std::fill(grad[i], grad[i] + whole, 0.f);
    }
    each_part([&](int h, size_t at, const Part& b) {
      const float *q = a.in[QUERY] + at, *k = a.in[KEY] + at, *g = a.cotangent() + at, *y = a.output(0) + at;
      const float* log_sum = a.output(1) + static_cast<size_t>(h) * length;
      dots(b, q, k, w);
      dots(b, g, a.in[VALUE] + at, s);
      for (int r = 0; r < b.rows; r++) {
        int row = b.first + r, begin = b.begin(r, window), n = b.end(r) - begin;
        float *line = w + r * b.places, *seen = line + begin, *slope = s + r * b.places + begin;
        float level = log_sum[row], mean = dot_(g + static_cast<size_t>(row) * d, y + static_cast<size_t>(row) * d, d);
        const float* own = draw(h, b, r, begin, n);
#pragma omp simd
        for (int i = 0; i < n; i++) {
          float weight = exp_(scale * seen[i] - level);
          slope[i] = scale * weight * (slope[i] * own[i] - mean);
          seen[i] = weight * own[i];
        }
        clear(line, b, begin, begin + n);
        clear(s + r * b.places, b, begin, begin + n);
      }
      of_rows(b, s, k, grad[QUERY] + at);
      of_places(b, s, q, grad[KEY] + at);
      of_places(b, w, g, grad[VALUE] + at);
    });
  }

 private:
  // f(head, its first number in an array, part)
  template <class F>
  void each_part(F f) {
    for (int h = 0; h < heads; h++)
      for (int row = 0; row < length; row += AT_ONCE) f(h, static_cast<size_t>(h) * length * d, Part(row, length, window));
  }

  // Blocks of our own products need whole vectors.
  bool in_blocks_of(const Part& b) const { return d % BLOCK == 0 && b.places % BLOCK == 0; }

  // to (rows, places) = x y^T
  void dots(const Part& b, const float* x, const float* y, float* to) {
    x += static_cast<size_t>(b.first) * d;
    y += static_cast<size_t>(b.from) * d;
    if (!in_blocks_of(b)) return product(KEEP, FLIP, b.rows, b.places, d, 1, x, d, y, d, 0, to, b.places);
    flipped.resize(static_cast<size_t>(length) * d);
    flip_block(y, flipped.data(), b.places, d);
    block_times({x, static_cast<size_t>(d), 1}, flipped.data(), to, b.rows, d, b.places);
  }

  // to (rows, d) = w (rows, places) x (places, d)
  void of_rows(const Part& b, const float* w, const float* x, float* to) const {
    x += static_cast<size_t>(b.from) * d;
    to += static_cast<size_t>(b.first) * d;
    if (!in_blocks_of(b)) return product(KEEP, KEEP, b.rows, d, b.places, 1, w, b.places, x, d, 0, to, d);
    block_times({w, static_cast<size_t>(b.places), 1}, x, to, b.rows, b.places, d);
  }

  // to (places, d) += w^T x
  void of_places(const Part& b, const float* w, const float* x, float* to) const {
    x += static_cast<size_t>(b.first) * d;
    to += static_cast<size_t>(b.from) * d;
    if (!in_blocks_of(b)) return product(FLIP, KEEP, b.places, d, b.rows, 1, w, b.places, x, d, 1, to, d);
    block_times({w, 1, static_cast<size_t>(b.places)}, x, d, to, d, b.places, b.rows, d, true);
  }

  // Zero where a row does not look.
  static void clear(float* line, const Part& b, int begin, int end) {
    std::fill(line, line + begin, 0.f);
    std::fill(line + end, line + b.places, 0.f);
  }

  // Dropout's factors of a row's weights from `begin` on.
  const float* draw(int h, const Part& b, int r, int begin, int n) {
    if (!dropped) return mask.data();
    uint32_t first = a.unsigned_(ROWS_OF_WEIGHTS)[static_cast<size_t>(h) * length + b.first + r] * static_cast<uint32_t>(length);
    first += b.from + begin;
    uint32_t own = salt, least = threshold;
    float each = factor, *to = mask.data();
#pragma omp simd
    for (int i = 0; i < n; i++) to[i] = kept(first + i, own, least, each);
    return to;
  }

  const Args& a;
  int d, length, heads, window;
  float scale;
  bool dropped;
  uint32_t salt = 0, threshold = 0;
  float factor = 1;
  std::vector<float> weights, mask, flipped;
};

// dropout(softmax(scale q k^T, causal, within a window)) v: q, k, v (B, heads, T, D) -> same. Each row of weights has the number
// that `Noise` knows it by. Also gives log sum exp of the logits by row.
void causal_attention(const Args& a) { Attention(a).forward(); }
void causal_attention_backward(const Args& a) { Attention(a).backward(); }
const char* without_rows(const Shapes& in) {
  return left_out(in[ROWS_OF_WEIGHTS]) && !left_out(in[DROPOUT]) ? "dropout without the numbers of its rows" : nullptr;
}
Register r("causal_attention", {causal_attention, causal_attention_backward, 3,
                                Signature("q[batch heads length width], k[batch heads length width], "
                                          "v[batch heads length width], rows?:uint[batch heads length], dropout?:uint[] -> "
                                          "y[batch heads length width], log_sum_exp[batch*heads*length]",
                                          "scale, window>0, salt:uint, threshold:uint, factor"),
                                0, without_rows});

}  // namespace

}  // namespace score
