#include "panels.h"

#ifdef OWN_PRODUCTS
#include <algorithm>

namespace score {

void fetch(const float* from, size_t stride, int rows, int columns) {
  for (int r = 0; r < rows; r++, from += stride)
    for (int c = 0; c < columns; c += 64 / sizeof(float)) __builtin_prefetch(from + c, 0, 2);
}

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

namespace {

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

}  // namespace

void flip_square(float* to, size_t to_stride, const float* from, size_t stride) {
  Lanes rows[LANES];
#pragma GCC unroll 16
  for (int r = 0; r < LANES; r++) rows[r] = at(from + r * stride);
  flip_lanes(rows);
#pragma GCC unroll 16
  for (int r = 0; r < LANES; r++) at(to + r * to_stride) = rows[r];
}

// In squares where they fit.
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

void copy_blocks(float* to, size_t apart, const float* from, size_t stride, int k, int columns) {
  for (int p = 0; p < k; p++, from += stride, to += ROWS_AT_ONCE) {
    float* block = to;
    int c = 0;
    for (; c + LANES <= columns; c += ROWS_AT_ONCE, block += apart) at(block) = at(from + c);  // the next row covers the excess
    for (; c < columns; c += ROWS_AT_ONCE, block += apart) std::copy_n(from + c, std::min(ROWS_AT_ONCE, columns - c), block);
  }
}

}  // namespace score
#endif
