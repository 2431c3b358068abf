// The matrix products of a linear layer, for factors that fit a processor's caches.
#pragma once

#include <cstddef>

namespace score {

// All matrices are row by row: x (n, i), w (o, i), y and g (n, o). Each element is one sum in the order of its terms.

// y = x w^T + bias; bias (o) may be null.
void times_flipped(const float* x, const float* w, const float* bias, float* y, int n, int i, int o);

// dx (n, i) = g w; with `add` the product is added to what is there.
void times(const float* g, const float* w, float* dx, int n, int i, int o, bool add = false);

// db (o): the sum of g's rows
void sum_of_rows(const float* g, float* db, int n, int o);

// dw (o, i) = g^T x
void flipped_times(const float* g, const float* x, float* dw, int n, int i, int o);

// -- Blocks, as of one head in one molecule: a row is BLOCK numbers long, or twice that, ... ----------------------------------
enum { BLOCK = 16 };
inline int in_blocks(int n) { return (n + BLOCK - 1) / BLOCK * BLOCK; }

// A factor, whose number at (row, term) is first[row * along + term * across].
struct Factor {
  const float* first;
  size_t along, across;
};

// to (rows, columns) = a (rows, terms) b (terms, columns), or with `add` the sum of that and what is there; columns are a multiple
// of BLOCK, rows of b `width` apart, those of the result `stride`.
void block_times(const Factor& a, const float* b, size_t width, float* to, size_t stride, int rows, int terms, int columns,
                 bool add);
inline void block_times(const Factor& a, const float* b, float* to, int rows, int terms, int columns) {
  block_times(a, b, columns, to, columns, rows, terms, columns, false);
}

// to (columns, rows) = from (rows, columns), both multiples of BLOCK.
void flip_block(const float* from, float* to, int rows, int columns);

}  // namespace score
