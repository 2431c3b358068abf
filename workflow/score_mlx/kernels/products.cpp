// Products in registers: a tile of the result is ROWS_AT_ONCE rows by a panel of columns, summed over one factor's rows in place
// and the other factor's panel, copied so that it is read line after line. For a layer's few hundred rows this is faster
// than a BLAS, which copies both factors. The BLAS does the rest: processors without AVX2, very small and very wide products.
#include "products.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "blas.h"

namespace score {

namespace {

#if defined(__AVX2__) && defined(__FMA__)
#define OWN_PRODUCTS
#if defined(__AVX512F__)
constexpr int LANES = 16, ROWS_AT_ONCE = 12;  // 24 of 32 registers are sums
#else
constexpr int LANES = 8, ROWS_AT_ONCE = 6;  // 12 of 16
#endif
constexpr int PANEL = 2 * LANES;
constexpr int DEPTH = 256;            // rows of a panel of x: it stays in the first-level cache or close to it
constexpr int WIDEST = 384;           // columns of g, of which a tile reads a few in each row
constexpr int64_t SMALLEST = 1 << 20;  // multiplications; OpenBLAS has kernels that copy nothing below

// Not deduced with auto or as a template's argument, which would drop the alignment of a single number.
typedef float Lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef float Four __attribute__((vector_size(16), aligned(4), may_alias));

// Memory for copied panels, kept by its thread and aligned to cache lines.
float* memory(size_t size) {
  static thread_local std::vector<float> own;
  if (own.size() < size + 16) own.resize(size + 16);
  auto address = reinterpret_cast<uintptr_t>(own.data());
  return own.data() + (64 - address % 64) % 64 / sizeof(float);
}

// to[p][c] = from[p][c] for p < k, zero beyond the columns.
void copy_panel(float* to, const float* from, size_t stride, int k, int columns) {
  for (int p = 0; p < k; p++) {
    std::copy_n(from + p * stride, columns, to + p * PANEL);
    std::fill(to + p * PANEL + columns, to + (p + 1) * PANEL, 0.f);
  }
}

// to[p][c] = from[c][p], in squares of four.
void flip_panel(float* to, const float* from, size_t stride, int k, int columns) {
  int c = 0;
  for (; c + 4 <= columns; c += 4) {
    int p = 0;
    for (; p + 4 <= k; p += 4) {
      auto row = [&](int r) -> Four { return *reinterpret_cast<const Four*>(from + (c + r) * stride + p); };
      Four first = __builtin_shufflevector(row(0), row(1), 0, 4, 1, 5), second = __builtin_shufflevector(row(0), row(1), 2, 6, 3, 7);
      Four third = __builtin_shufflevector(row(2), row(3), 0, 4, 1, 5), fourth = __builtin_shufflevector(row(2), row(3), 2, 6, 3, 7);
      auto put = [&](int r, Four value) { *reinterpret_cast<Four*>(to + (p + r) * PANEL + c) = value; };
      put(0, __builtin_shufflevector(first, third, 0, 1, 4, 5));
      put(1, __builtin_shufflevector(first, third, 2, 3, 6, 7));
      put(2, __builtin_shufflevector(second, fourth, 0, 1, 4, 5));
      put(3, __builtin_shufflevector(second, fourth, 2, 3, 6, 7));
    }
    for (; p < k; p++)
      for (int r = 0; r < 4; r++) to[p * PANEL + c + r] = from[(c + r) * stride + p];
  }
  for (; c < PANEL; c++)
    for (int p = 0; p < k; p++) to[p * PANEL + c] = c < columns ? from[c * stride + p] : 0.f;
}

// One factor's element (r, p) is at first[r * row + p * step].
struct Factor {
  const float* first;
  size_t row, step;
};

// A tile of the result, with the bias or what is there already.
template <int R>
void tile(int k, const Factor& a, const float* panel, float* to, size_t stride, bool add, const float* bias) {
  Lanes sums[R][2];
#pragma GCC unroll 16
  for (int r = 0; r < R; r++) sums[r][0] = sums[r][1] = Lanes{};
  for (int p = 0; p < k; p++, panel += PANEL) {
    Lanes left = *reinterpret_cast<const Lanes*>(panel), right = *reinterpret_cast<const Lanes*>(panel + LANES);
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
      float x = a.first[r * a.row + p * a.step];
      sums[r][0] += x * left;
      sums[r][1] += x * right;
    }
  }
  for (int half = 0; half < 2; half++) {
    Lanes start = bias ? *reinterpret_cast<const Lanes*>(bias + half * LANES) : Lanes{};
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
      Lanes* place = reinterpret_cast<Lanes*>(to + r * stride + half * LANES);
      *place = (add ? *place : start) + sums[r][half];
    }
  }
}

using Tile = void (*)(int, const Factor&, const float*, float*, size_t, bool, const float*);
const Tile tiles[] = {nullptr,  tile<1>, tile<2>,  tile<3>,  tile<4>, tile<5>, tile<6>,
#if defined(__AVX512F__)
                      tile<7>, tile<8>, tile<9>, tile<10>, tile<11>, tile<12>
#endif
};

// A panel of the result. Fewer columns than a panel has pass through a tile of their own.
void strip(int rows, int k, Factor a, const float* panel, float* to, size_t stride, int columns, bool add, const float* bias) {
  for (int r = 0; r < rows; r += ROWS_AT_ONCE, a.first += ROWS_AT_ONCE * a.row, to += ROWS_AT_ONCE * stride) {
    int some = std::min(ROWS_AT_ONCE, rows - r);
    if (columns == PANEL) {
      tiles[some](k, a, panel, to, stride, add, bias);
      continue;
    }
    float whole[ROWS_AT_ONCE * PANEL];
    tiles[some](k, a, panel, whole, PANEL, false, nullptr);
    for (int q = 0; q < some; q++)
      for (int c = 0; c < columns; c++)
        to[q * stride + c] = (add ? to[q * stride + c] : bias ? bias[c] : 0.f) + whole[q * PANEL + c];
  }
}

// f(first column, number of columns) for each panel.
template <class F>
void each_panel(int columns, F f) {
  for (int c = 0; c < columns; c += PANEL) f(c, std::min(PANEL, columns - c));
}

bool small(int n, int i, int o) { return int64_t{n} * i * o < SMALLEST; }
#endif

}  // namespace

void times_flipped(const float* x, const float* w, const float* bias, float* y, int n, int i, int o) {
#ifdef OWN_PRODUCTS
  float* panel = memory(static_cast<size_t>(i) * PANEL);
  each_panel(o, [&](int c, int columns) {
    flip_panel(panel, w + static_cast<size_t>(c) * i, i, i, columns);
    strip(n, i, {x, static_cast<size_t>(i), 1}, panel, y + c, o, columns, false, bias ? bias + c : nullptr);
  });
#else
  for (int r = 0; bias && r < n; r++) std::copy_n(bias, o, y + static_cast<size_t>(r) * o);
  product(KEEP, FLIP, n, o, i, 1, x, i, w, i, bias ? 1 : 0, y, o);
#endif
}

void times(const float* g, const float* w, float* dx, int n, int i, int o, bool add) {
#ifdef OWN_PRODUCTS
  if (!small(n, i, o)) {
    float* panel = memory(static_cast<size_t>(o) * PANEL);
    each_panel(i, [&](int c, int columns) {
      copy_panel(panel, w + c, i, o, columns);
      strip(n, o, {g, static_cast<size_t>(o), 1}, panel, dx + c, i, columns, add, nullptr);
    });
    return;
  }
#endif
  product(KEEP, KEEP, n, i, o, 1, g, o, w, i, add ? 1 : 0, dx, i);
}

void flipped_times(const float* g, const float* x, float* dw, int n, int i, int o) {
#ifdef OWN_PRODUCTS
  if (!small(n, i, o) && o <= WIDEST) {
    float* panel = memory(static_cast<size_t>(DEPTH) * PANEL);
    for (int first = 0; first < n; first += DEPTH) {
      int k = std::min(DEPTH, n - first);
      const float *some_x = x + static_cast<size_t>(first) * i, *some_g = g + static_cast<size_t>(first) * o;
      each_panel(i, [&](int c, int columns) {
        copy_panel(panel, some_x + c, i, k, columns);
        strip(o, k, {some_g, 1, static_cast<size_t>(o)}, panel, dw + c, i, columns, first > 0, nullptr);
      });
    }
    return;
  }
#endif
  product(FLIP, KEEP, o, i, n, 1, g, o, x, i, 0, dw, i);
}

}  // namespace score
