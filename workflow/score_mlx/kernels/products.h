// The matrix products of a linear layer, for factors that fit a processor's caches.
#pragma once

namespace score {

// All matrices are row by row: x (n, i), w (o, i), y and g (n, o). Each element is one sum in the order of its terms.

// y = x w^T + bias; bias (o) may be null.
void times_flipped(const float* x, const float* w, const float* bias, float* y, int n, int i, int o);

// dx (n, i) = g w; with `add` the product is added to what is there.
void times(const float* g, const float* w, float* dx, int n, int i, int o, bool add = false);

// dw (o, i) = g^T x
void flipped_times(const float* g, const float* x, float* dw, int n, int i, int o);

}  // namespace score
