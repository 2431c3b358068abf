// Atoms of a molecule: pooling, and softmax over them.
//
// Every operation takes `place` (A,), molecule * longest + atom within it, and `real` (A,), 0 for padding, as its last
// two inputs, and the number of molecules and `longest` as its parameters.
#include <algorithm>
#include <cmath>

#include "kernels.h"
#include "maths.h"

namespace score {

struct Owners {
  std::vector<int> of;  // an atom's molecule, -1 for padding
  int atoms, molecules;
  Owners(const Args& a, int place) : of(a.rows(place)), atoms(a.rows(place)), molecules(a.p[0]) {
    int longest = a.p[1];
    for (int i = 0; i < atoms; i++) of[i] = a.in[place + 1][i] > 0 ? a.index(place)[i] / longest : -1;
  }
};

// to[molecule] = sum of weight h over its atoms, weight 1 where there are none
static void pooled(float* to, const float* h, const float* weights, const Owners& owner, int width) {
  std::fill(to, to + owner.molecules * width, 0.f);
  for (int i = 0; i < owner.atoms; i++)
    if (owner.of[i] >= 0) add_(to + owner.of[i] * width, weights ? weights[i] : 1.f, h + i * width, width);
}
static void spread_out(float* to, const float* g, const float* weights, const Owners& owner, int width) {
  for (int i = 0; i < owner.atoms; i++) {
    float weight = owner.of[i] < 0 ? 0.f : weights ? weights[i] : 1.f;
    const float* from = g + std::max(owner.of[i], 0) * width;
    for (int c = 0; c < width; c++) to[i * width + c] = weight * from[c];
  }
}

// -- pool: h (A, H), weights (A, 1), may be left out -> (B, H) --------------------------------------------------------------
static const float* weights_of(const Args& a) { return a.given(1) ? a.in[1] : nullptr; }
static void pool(const Args& a) { pooled(a.out[0], a.in[0], weights_of(a), Owners(a, 2), a.width(0)); }
static void pool_backward(const Args& a) {
  Owners owner(a, 2);
  int width = a.width(0);
  if (a.out[0]) spread_out(a.out[0], a.in[4], weights_of(a), owner, width);
  if (a.out[1])
    for (int i = 0; i < owner.atoms; i++)
      a.out[1][i] = owner.of[i] < 0 ? 0.f : dot_(a.in[0] + i * width, a.in[4] + owner.of[i] * width, width);
}
static Shapes pool_shapes(const Shapes& in, const Params& p) { return {{static_cast<int>(p[0]), in[0].back()}}; }
static Register r_pool("pool", {pool, pool_backward, 2, pool_shapes});

// -- spread: g (B, H) -> (A, H) -----------------------------------------------------------------------------------------
static void spread(const Args& a) { spread_out(a.out[0], a.in[0], nullptr, Owners(a, 1), a.width(0)); }
static void spread_backward(const Args& a) { pooled(a.out[0], a.in[3], nullptr, Owners(a, 1), a.width(0)); }
static Shapes spread_shapes(const Shapes& in, const Params&) { return {{in[1][0], in[0].back()}}; }
static Register r_spread("spread", {spread, spread_backward, 1, spread_shapes});

// -- softmax over each molecule's atoms: logits (A, 1) -> (A, 1), 0 for padding ------------------------------------------
static void softmax_molecule(const Args& a) {
  Owners owner(a, 1);
  const float* x = a.in[0];
  float* y = a.out[0];
  std::vector<float> most(owner.molecules, -INFINITY), total(owner.molecules, 0.f);
  for (int i = 0; i < owner.atoms; i++)
    if (int b = owner.of[i]; b >= 0) most[b] = std::max(most[b], x[i]);
  for (int i = 0; i < owner.atoms; i++)
    if (int b = owner.of[i]; b >= 0) total[b] += y[i] = exp_(x[i] - most[b]);
  for (int i = 0; i < owner.atoms; i++) y[i] = owner.of[i] < 0 ? 0.f : y[i] / total[owner.of[i]];
}
static void softmax_molecule_backward(const Args& a) {
  Owners owner(a, 1);
  const float *g = a.in[3], *y = a.in[4];
  std::vector<float> total(owner.molecules, 0.f);
  for (int i = 0; i < owner.atoms; i++)
    if (int b = owner.of[i]; b >= 0) total[b] += g[i] * y[i];
  for (int i = 0; i < owner.atoms; i++)
    a.out[0][i] = owner.of[i] < 0 ? 0.f : y[i] * (g[i] - total[owner.of[i]]);
}
static Register r_softmax_molecule("softmax_molecule", {softmax_molecule, softmax_molecule_backward, 1, like_first});

}  // namespace score
