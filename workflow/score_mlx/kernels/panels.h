// Panels: PANEL columns of a factor of a product, copied so that they are read line after line.
#pragma once

#include "tiles.h"

#ifdef OWN_PRODUCTS
namespace score {

// to[p][c] = from[p][c] for p < k, zero beyond the columns.
void copy_panel(float* to, const float* from, size_t stride, int k, int columns);

// to[p][c] = from[c][p] for p < k, zero beyond the columns.
void flip_panel(float* to, const float* from, size_t stride, int k, int columns);

// to[c][r] = from[r][c] for LANES rows and as many columns.
void flip_square(float* to, size_t to_stride, const float* from, size_t stride);

// The columns of from (k, columns) in blocks of ROWS_AT_ONCE, each row after row; the blocks begin `apart` from each other, and
// the last one is written up to LANES numbers beyond its end.
void copy_blocks(float* to, size_t apart, const float* from, size_t stride, int k, int columns);

// Asks for `rows` rows of `columns` numbers to be brought into the cache while other work goes on.
void fetch(const float* from, size_t stride, int rows, int columns);

}  // namespace score
#endif
