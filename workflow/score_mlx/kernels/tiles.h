// Tiles: pieces of a matrix product that stay in registers while they are summed. On a processor with AVX2 or AVX-512.
#pragma once

#include <cstddef>
#include <utility>

#include "products.h"

#if defined(__AVX2__) && defined(__FMA__)
#define OWN_PRODUCTS

namespace score {

#if defined(__AVX512F__)
constexpr int LANES = 16, ROWS_AT_ONCE = 12;  // 24 of 32 registers are sums
#else
constexpr int LANES = 8, ROWS_AT_ONCE = 6;  // 12 of 16
#endif
constexpr int PANEL = 2 * LANES;

// Not deduced with auto or as a template's argument, which would drop the alignment of a single number.
typedef float Lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
inline Lanes& at(float* place) { return *reinterpret_cast<Lanes*>(place); }
inline const Lanes& at(const float* place) { return *reinterpret_cast<const Lanes*>(place); }

// What becomes of numbers that are there: they are overwritten, the sum is added to them, or they are its first terms.
enum Before { NOTHING, ADDED, BEGUN };

// to (rows, columns) = a (rows, k) b (k, columns) + bias, of at most PANEL columns; rows of b are `width` apart, those of the
// result `stride`. b is read up to whole vectors. bias (columns) may be null, and is where numbers are added to what is there.
void strip(int rows, int k, Factor a, const float* b, size_t width, float* to, size_t stride, int columns, Before before,
           const float* bias);

}  // namespace score
#endif
