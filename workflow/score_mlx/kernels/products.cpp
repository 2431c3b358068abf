// The matrix products of a layer: panels of the result, a tile at a time. One factor is read where it lies, the other from a
// copied panel. For a layer's few hundred rows this is faster than a BLAS, which copies both factors. The BLAS does the
// rest: processors without AVX2, very small and very wide products.
#include "products.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "blas.h"
#include "panels.h"

namespace score {

#ifdef OWN_PRODUCTS
namespace {

constexpr int TERMS = 768;             // of a panel at a time: more would not stay in the cache beside rows of x
constexpr size_t CACHED = 96 << 10;    // numbers of x that stay in a second-level cache of 1 MB
constexpr size_t KEPT = 1 << 20;       // numbers of panels that are kept for further rows
constexpr int DEPTH = 256;             // rows of g and x in a product over rows: its sums are added up in the result
constexpr int WIDEST = 384;            // columns of g there
constexpr int NARROW = 256;            // columns of x there that are read where they lie
constexpr int64_t SMALLEST = 1 << 20;  // multiplications; OpenBLAS has kernels that copy nothing below

// Memory for copied panels, kept by its thread and aligned to cache lines.
float* memory(size_t size) {
  static thread_local std::vector<float> own;
  if (own.size() < size + 16) own.resize(size + 16);
  auto address = reinterpret_cast<uintptr_t>(own.data());
  return own.data() + (64 - address % 64) % 64 / sizeof(float);
}

// f(first column, number of columns) for each panel.
template <class F>
void each_panel(int columns, F f) {
  for (int c = 0; c < columns; c += PANEL) f(c, std::min(PANEL, columns - c));
}

bool small(int n, int i, int o) { return int64_t{n} * i * o < SMALLEST; }

// How many rows of x to take at a time, of `terms` numbers each.
int rows_at_a_time(int n, int terms) {
  if (static_cast<size_t>(n) * terms <= CACHED) return n;
  int most = std::max<int>(CACHED / terms, ROWS_AT_ONCE), parts = (n + most - 1) / most;
  return ((n + parts - 1) / parts + ROWS_AT_ONCE - 1) / ROWS_AT_ONCE * ROWS_AT_ONCE;
}

// y (n, o) = x (n, k) times the panels that copy(panel, first term, terms, first column, columns) makes, each once. Rows of
// x come in parts that stay in the second-level cache while all panels are multiplied with them. The terms of a sum are
// always added one after the other, so that the parts are not seen in the result.
template <class Copy>
void by_panels(const float* x, float* y, int n, int k, int o, Before before, const float* bias, Copy copy) {
  int parts = before == ADDED || k == 0 ? 1 : (k + TERMS - 1) / TERMS, most = (k + parts - 1) / parts;
  int rows = rows_at_a_time(n, most);
  bool kept = rows < n;
  int wide = kept ? std::max<int>(KEPT / most / PANEL, 1) * PANEL : o;
  float* panels = memory(static_cast<size_t>(most) * (kept ? std::min(wide, o + PANEL) : PANEL));
  auto multiply = [&](int part, int r, int c, float* panel) {
    int first = part * most, terms = std::min(most, k - first), columns = std::min(PANEL, o - c);
    if (r == 0) copy(panel, first, terms, c, columns);
    Factor some_x{x + static_cast<size_t>(r) * k + first, static_cast<size_t>(k), 1};
    const float* own = bias && part + 1 == parts ? bias + c : nullptr;
    strip(std::min(rows, n - r), terms, some_x, panel, PANEL, y + static_cast<size_t>(r) * o + c, o, columns,
          part ? BEGUN : before, own);
  };
  for (int part = 0; part < parts; part++)
    for (int from = 0; from < o; from += wide)
      for (int r = 0; r < n; r += rows)
        for (int c = from; c < std::min(from + wide, o); c += PANEL)
          multiply(part, r, c, panels + (kept ? static_cast<size_t>(c - from) * most : 0));
}

}  // namespace
#endif

void block_times(const Factor& a, const float* b, size_t width, float* to, size_t stride, int rows, int terms, int columns,
                 bool add) {
#ifdef OWN_PRODUCTS
  Before before = add ? ADDED : NOTHING;
  each_panel(columns, [&](int c, int some) { strip(rows, terms, a, b + c, width, to + c, stride, some, before, nullptr); });
#else
  for (int r = 0; r < rows; r++) {
    float* row = to + static_cast<size_t>(r) * stride;
    if (!add) std::fill(row, row + columns, 0.f);
    for (int t = 0; t < terms; t++) {
      float x = a.first[r * a.along + t * a.across];
      for (int c = 0; c < columns; c++) row[c] += x * b[t * width + c];
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
  by_panels(x, y, n, i, o, NOTHING, bias, [&](float* panel, int first, int terms, int c, int columns) {
    const float* from = w + static_cast<size_t>(c) * i + first;
    flip_panel(panel, from, i, terms, columns);
    fetch(from + static_cast<size_t>(columns) * i, i, std::min(PANEL, o - c - columns), terms);
  });
#else
  for (int r = 0; bias && r < n; r++) std::copy_n(bias, o, y + static_cast<size_t>(r) * o);
  product(KEEP, FLIP, n, o, i, 1, x, i, w, i, bias ? 1 : 0, y, o);
#endif
}

void times(const float* g, const float* w, float* dx, int n, int i, int o, bool add) {
#ifdef OWN_PRODUCTS
  if (!small(n, i, o)) {
    by_panels(g, dx, n, o, i, add ? ADDED : NOTHING, nullptr, [&](float* panel, int first, int terms, int c, int columns) {
      const float* from = w + static_cast<size_t>(first) * i + c;
      copy_panel(panel, from, i, terms, columns);
      fetch(from + columns, i, terms, std::min(PANEL, i - c - columns));
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
    bool in_place = i <= NARROW && i % LANES == 0;
    int blocks = (o + ROWS_AT_ONCE - 1) / ROWS_AT_ONCE;
    size_t apart = static_cast<size_t>(DEPTH) * ROWS_AT_ONCE + LANES;  // not a multiple of a page, whose lines share places
    float *panel = memory(static_cast<size_t>(DEPTH) * PANEL + blocks * apart), *packed = panel + DEPTH * PANEL;
    for (int first = 0; first < n; first += DEPTH) {
      int k = std::min(DEPTH, n - first);
      const float* some_x = x + static_cast<size_t>(first) * i;
      copy_blocks(packed, apart, g + static_cast<size_t>(first) * o, o, k, o);
      each_panel(i, [&](int c, int columns) {
        if (!in_place) copy_panel(panel, some_x + c, i, k, columns);
        for (int b = 0; b < blocks; b++) {
          Factor block{packed + b * apart, 1, static_cast<size_t>(ROWS_AT_ONCE)};
          int row = b * ROWS_AT_ONCE;
          strip(std::min(ROWS_AT_ONCE, o - row), k, block, in_place ? some_x + c : panel, in_place ? i : PANEL,
                dw + static_cast<size_t>(row) * i + c, i, columns, first > 0 ? ADDED : NOTHING, nullptr);
        }
      });
    }
    return;
  }
#endif
  product(FLIP, KEEP, o, i, n, 1, g, o, x, i, 0, dw, i);
}

}  // namespace score
