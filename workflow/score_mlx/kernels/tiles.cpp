#include "tiles.h"

#ifdef OWN_PRODUCTS
#include <algorithm>
#include <array>

namespace score {

namespace {

// f(0), f(1), ... f(N - 1), each number a constant: the compiler keeps an array in registers only if all its indices are.
template <int N, class F>
inline __attribute__((always_inline)) void each(F f) {
  [&]<int... J>(std::integer_sequence<int, J...>) __attribute__((always_inline)) {
    (f(std::integral_constant<int, J>()), ...);
  }(std::make_integer_sequence<int, N>());
}

// A tile of R rows, VECTORS vectors wide.
template <int R, int VECTORS>
void tile(int k, const Factor& a, const float* b, size_t width, float* to, size_t stride, Before before,
          const float* bias) {
  Lanes sums[R * VECTORS];
  auto place = [&](auto j) __attribute__((always_inline)) -> Lanes& {
    return at(to + j / VECTORS * stride + j % VECTORS * LANES);
  };
  if (before == BEGUN)
    each<R * VECTORS>([&](auto j) __attribute__((always_inline)) { sums[j] = place(j); });
  else
    each<R * VECTORS>([&](auto j) __attribute__((always_inline)) { sums[j] = Lanes{}; });
  const float* x = a.first;
  size_t along = a.along, across = a.across;
  auto term = [&]() __attribute__((always_inline)) {
    Lanes row[VECTORS];
    each<VECTORS>([&](auto v) __attribute__((always_inline)) { row[v] = at(b + v * LANES); });
    each<R>([&](auto r) __attribute__((always_inline)) {
      float factor = x[r * along];
      each<VECTORS>([&](auto v) __attribute__((always_inline)) { sums[r * VECTORS + v] += factor * row[v]; });
    });
    b += width;
    x += across;
  };
  int p = 0;
  for (float* line = to; p < std::min(k, R); p++, line += stride) {  // the tile's place comes into the cache meanwhile
    each<VECTORS>([&](auto v) __attribute__((always_inline)) { __builtin_prefetch(line + v * LANES, 1, 3); });
    term();
  }
  for (; p < k; p++) term();
  if (before == ADDED) {
    each<R * VECTORS>([&](auto j) __attribute__((always_inline)) { place(j) += sums[j]; });
    return;
  }
  Lanes start[VECTORS];
  each<VECTORS>([&](auto v) __attribute__((always_inline)) { start[v] = bias ? at(bias + v * LANES) : Lanes{}; });
  each<R * VECTORS>([&](auto j) __attribute__((always_inline)) { place(j) = start[j % VECTORS] + sums[j]; });
}

using Tile = void (*)(int, const Factor&, const float*, size_t, float*, size_t, Before, const float*);
template <int VECTORS, size_t... R>
constexpr std::array<Tile, sizeof...(R)> tiles_of(std::index_sequence<R...>) {
  return {tile<R + 1, VECTORS>...};
}
// tiles<VECTORS>[r - 1]: of r rows
template <int VECTORS>
constexpr auto tiles = tiles_of<VECTORS>(std::make_index_sequence<ROWS_AT_ONCE>());

}  // namespace

// Columns that are not whole vectors pass through a tile of their own.
void strip(int rows, int k, Factor a, const float* b, size_t width, float* to, size_t stride, int columns, Before before,
           const float* bias) {
  const auto& fitting = columns <= LANES ? tiles<1> : tiles<2>;
  for (int r = 0; r < rows; r += ROWS_AT_ONCE, a.first += ROWS_AT_ONCE * a.along, to += ROWS_AT_ONCE * stride) {
    int some = std::min(ROWS_AT_ONCE, rows - r);
    Tile tile = fitting[some - 1];
    if (columns % LANES == 0) {
      tile(k, a, b, width, to, stride, before, bias);
      continue;
    }
    float whole[ROWS_AT_ONCE * PANEL] = {};
    for (int q = 0; before == BEGUN && q < some; q++) std::copy_n(to + q * stride, columns, whole + q * PANEL);
    tile(k, a, b, width, whole, PANEL, before == BEGUN ? BEGUN : NOTHING, nullptr);
    for (int q = 0; q < some; q++)
      for (int c = 0; c < columns; c++)
        to[q * stride + c] = (before == ADDED ? to[q * stride + c] : bias ? bias[c] : 0.f) + whole[q * PANEL + c];
  }
}

}  // namespace score
#endif
