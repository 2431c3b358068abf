// Products in registers: a tile of the result is ROWS_AT_ONCE rows by a panel of columns, summed over one factor's rows in place
// and the other factor's panel, copied so that it is read line after line. For a layer's few hundred rows this is faster
// than a BLAS, which copies both factors. The BLAS does the rest: processors without AVX2, very small and very wide products.
#include "products.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
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
Lanes& at(float* place) { return *reinterpret_cast<Lanes*>(place); }
const Lanes& at(const float* place) { return *reinterpret_cast<const Lanes*>(place); }

// Memory for copied panels, kept by its thread and aligned to cache lines.
float* memory(size_t size) {
  static thread_local std::vector<float> own;
  if (own.size() < size + 16) own.resize(size + 16);
  auto address = reinterpret_cast<uintptr_t>(own.data());
  return own.data() + (64 - address % 64) % 64 / sizeof(float);
}

// Asks for `rows` rows of `columns` numbers to be brought into the cache while other work goes on.
void fetch(const float* from, size_t stride, int rows, int columns) {
  for (int r = 0; r < rows; r++, from += stride)
    for (int c = 0; c < columns; c += 64 / sizeof(float)) __builtin_prefetch(from + c, 0, 2);
}

// to[p][c] = from[p][c] for p < k, zero beyond the columns.
void copy_panel(float* to, const float* from, size_t stride, int k, int columns) {
  for (int p = 0; p < k; p++, to += PANEL, from += stride) {
    if (columns == PANEL) {
      for (int half = 0; half < PANEL; half += LANES) at(to + half) = at(from + half);
      continue;
    }
    std::copy_n(from, columns, to);
    std::fill(to + columns, to + PANEL, 0.f);
  }
}

// Two rows of which `one` takes those lanes of `two` that lie HALF below, for each block of 2 HALF lanes, and `two` the others.
template <int HALF, size_t... L>
inline __attribute__((always_inline)) void swap_blocks(Lanes& one, Lanes& two, std::index_sequence<L...>) {
  Lanes upper = __builtin_shufflevector(one, two, (L & HALF ? LANES + L - HALF : L)...);
  two = __builtin_shufflevector(one, two, (L & HALF ? LANES + L : L + HALF)...);
  one = upper;
}

// A square of LANES rows, flipped: blocks of half its size change places, then those of half that, down to single numbers.
template <int HALF = LANES / 2>
inline __attribute__((always_inline)) void flip_lanes(Lanes (&rows)[LANES]) {
#pragma GCC unroll 16
  for (int r = 0; r < LANES; r++)
    if (!(r & HALF)) swap_blocks<HALF>(rows[r], rows[r + HALF], std::make_index_sequence<LANES>());
  if constexpr (HALF > 1) flip_lanes<HALF / 2>(rows);
}

// to[c][r] = from[r][c] for LANES rows and as many columns.
void flip_square(float* to, size_t to_stride, const float* from, size_t stride) {
  Lanes rows[LANES];
#pragma GCC unroll 16
  for (int r = 0; r < LANES; r++) rows[r] = at(from + r * stride);
  flip_lanes(rows);
#pragma GCC unroll 16
  for (int r = 0; r < LANES; r++) at(to + r * to_stride) = rows[r];
}

// to[p][c] = from[c][p] for p < k, zero beyond the columns; in squares where they fit.
void flip_panel(float* to, const float* from, size_t stride, int k, int columns) {
  int c = 0;
  for (; c + LANES <= columns; c += LANES) {
    int p = 0;
    for (; p + LANES <= k; p += LANES) flip_square(to + p * PANEL + c, PANEL, from + c * stride + p, stride);
    for (; p < k; p++)
      for (int r = 0; r < LANES; r++) to[p * PANEL + c + r] = from[(c + r) * stride + p];
  }
  for (; c < PANEL; c++)
    for (int p = 0; p < k; p++) to[p * PANEL + c] = c < columns ? from[c * stride + p] : 0.f;
}

// A tile of the result, VECTORS vectors wide, with the bias or what is there already. Rows of b are `width` apart.
template <int R, int VECTORS>
void tile(int k, const Factor& a, const float* b, size_t width, float* to, size_t stride, bool add, const float* bias) {
  Lanes sums[R][VECTORS];
#pragma GCC unroll 16
  for (int r = 0; r < R; r++)
    for (int v = 0; v < VECTORS; v++) sums[r][v] = Lanes{};
  for (int p = 0; p < k; p++, b += width) {
    Lanes row[VECTORS];
    for (int v = 0; v < VECTORS; v++) row[v] = at(b + v * LANES);
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
      float x = a.first[r * a.along + p * a.across];
      for (int v = 0; v < VECTORS; v++) sums[r][v] += x * row[v];
    }
  }
  for (int v = 0; v < VECTORS; v++) {
    Lanes start = bias ? at(bias + v * LANES) : Lanes{};
#pragma GCC unroll 16
    for (int r = 0; r < R; r++) {
      Lanes& place = at(to + r * stride + v * LANES);
      place = (add ? place : start) + sums[r][v];
    }
  }
}

using Tile = void (*)(int, const Factor&, const float*, size_t, float*, size_t, bool, const float*);
template <int VECTORS, size_t... R>
constexpr std::array<Tile, sizeof...(R)> tiles_of(std::index_sequence<R...>) {
  return {tile<R + 1, VECTORS>...};
}
// tiles<VECTORS>[r - 1]: of r rows
template <int VECTORS>
constexpr auto tiles = tiles_of<VECTORS>(std::make_index_sequence<ROWS_AT_ONCE>());

// A panel of the result. Rows of b are `width` apart. Columns that are not whole vectors pass through a tile of their own.
void strip(int rows, int k, Factor a, const float* b, size_t width, float* to, size_t stride, int columns, bool add,
           const float* bias) {
  const auto& fitting = columns <= LANES ? tiles<1> : tiles<2>;
  for (int r = 0; r < rows; r += ROWS_AT_ONCE, a.first += ROWS_AT_ONCE * a.along, to += ROWS_AT_ONCE * stride) {
    int some = std::min(ROWS_AT_ONCE, rows - r);
    Tile tile = fitting[some - 1];
    if (columns % LANES == 0) {
      tile(k, a, b, width, to, stride, add, bias);
      continue;
    }
    float whole[ROWS_AT_ONCE * PANEL];
    tile(k, a, b, width, whole, PANEL, false, nullptr);
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

void block_times(const Factor& a, const float* b, float* to, int rows, int terms, int columns) {
#ifdef OWN_PRODUCTS
  each_panel(columns, [&](int c, int some) { strip(rows, terms, a, b + c, columns, to + c, columns, some, false, nullptr); });
#else
  for (int r = 0; r < rows; r++) {
    float* row = to + static_cast<size_t>(r) * columns;
    std::fill(row, row + columns, 0.f);
    for (int t = 0; t < terms; t++) {
      float x = a.first[r * a.along + t * a.across];
      for (int c = 0; c < columns; c++) row[c] += x * b[static_cast<size_t>(t) * columns + c];
    }
  }
#endif
}

void flip_block(const float* from, float* to, int rows, int columns) {
#ifdef OWN_PRODUCTS
  for (int r = 0; r < rows; r += LANES)
    for (int c = 0; c < columns; c += LANES)
      flip_square(to + static_cast<size_t>(c) * rows + r, rows, from + static_cast<size_t>(r) * columns + c, columns);
#else
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < columns; c++) to[static_cast<size_t>(c) * rows + r] = from[static_cast<size_t>(r) * columns + c];
#endif
}

void times_flipped(const float* x, const float* w, const float* bias, float* y, int n, int i, int o) {
#ifdef OWN_PRODUCTS
  float* panel = memory(static_cast<size_t>(i) * PANEL);
  each_panel(o, [&](int c, int columns) {
    flip_panel(panel, w + static_cast<size_t>(c) * i, i, i, columns);
    fetch(w + static_cast<size_t>(c + columns) * i, i, std::min(PANEL, o - c - columns), i);
    strip(n, i, {x, static_cast<size_t>(i), 1}, panel, PANEL, y + c, o, columns, false, bias ? bias + c : nullptr);
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
      fetch(w + c + columns, i, o, std::min(PANEL, i - c - columns));
      strip(n, o, {g, static_cast<size_t>(o), 1}, panel, PANEL, dx + c, i, columns, add, nullptr);
    });
    return;
  }
#endif
  product(KEEP, KEEP, n, i, o, 1, g, o, w, i, add ? 1 : 0, dx, i);
}

void sum_of_rows(const float* g, float* db, int n, int o) {
  int c = 0;
#ifdef OWN_PRODUCTS
  constexpr int AT_ONCE = 8;  // registers that are sums
  for (; c + AT_ONCE * LANES <= o; c += AT_ONCE * LANES) {
    Lanes sums[AT_ONCE] = {};
    for (int r = 0; r < n; r++)
#pragma GCC unroll 8
      for (int part = 0; part < AT_ONCE; part++) sums[part] += at(g + static_cast<size_t>(r) * o + c + part * LANES);
    for (int part = 0; part < AT_ONCE; part++) at(db + c + part * LANES) = sums[part];
  }
#endif
  std::fill(db + c, db + o, 0.f);
  for (int r = 0; c < o && r < n; r++)
    for (int rest = c; rest < o; rest++) db[rest] += g[static_cast<size_t>(r) * o + rest];
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
        fetch(some_x + c + columns, i, k, std::min(PANEL, i - c - columns));
        strip(o, k, {some_g, 1, static_cast<size_t>(o)}, panel, PANEL, dw + c, i, columns, first > 0, nullptr);
      });
    }
    return;
  }
#endif
  product(FLIP, KEEP, o, i, n, 1, g, o, x, i, 0, dw, i);
}

}  // namespace score
