// Atoms of a molecule: pooling, and softmax over them.
//
// Every operation takes as its last three inputs `place`, molecule * longest + atom within it, `real`, 0 for padding, and
// `slots`, the atom at each place.
#include <algorithm>
#include <cmath>

#include "kernels.h"
#include "maths.h"

#define BY_MOLECULE(inputs, outputs) \
  Signature(inputs ", place:int<molecules*longest>[atoms], real:mask[atoms], slots:int<atoms>[molecules longest] -> " outputs)

namespace score {

namespace {

struct Owners {
  std::vector<int> of;  // an atom's molecule, -1 for padding
  int atoms, molecules;
  Owners(const Args& a, int place) : of(a.rows(place)), atoms(a.rows(place)), molecules(a.rows(place + 2)) {
    int longest = a.width(place + 2);
    for (int i = 0; i < atoms; i++) of[i] = a.in[place + 1][i] > 0 ? a.index(place)[i] / longest : -1;
  }
};

// to[molecule] = sum of weight h over its atoms, weight 1 where there are none
void pooled(float* to, const float* h, const float* weights, const Owners& owner, int width) {
  std::fill(to, to + owner.molecules * width, 0.f);
  for (int i = 0; i < owner.atoms; i++)
    if (owner.of[i] >= 0) add_(to + owner.of[i] * width, weights ? weights[i] : 1.f, h + i * width, width);
}
void spread_out(float* to, const float* g, const float* weights, const Owners& owner, int width) {
  for (int i = 0; i < owner.atoms; i++) {
    float weight = owner.of[i] < 0 ? 0.f : weights ? weights[i] : 1.f;
    const float* from = g + std::max(owner.of[i], 0) * width;
    for (int c = 0; c < width; c++) to[i * width + c] = weight * from[c];
  }
}

// -- pool ------------------------------------------------------------------------------------------------------------
namespace of_pool {
enum { X, WEIGHTS, PLACE };

void forward(const Args& a) { pooled(a.out[0], a.in[X], a.optional(WEIGHTS), Owners(a, PLACE), a.width(X)); }
void backward(const Args& a) {
  Owners owner(a, PLACE);
  int width = a.width(X);
  if (a.out[X]) spread_out(a.out[X], a.cotangent(), a.optional(WEIGHTS), owner, width);
  if (a.out[WEIGHTS])
    for (int i = 0; i < owner.atoms; i++)
      a.out[WEIGHTS][i] = owner.of[i] < 0 ? 0.f : dot_(a.in[X] + i * width, a.cotangent() + owner.of[i] * width, width);
}
Register r("pool", {forward, backward, 2,
                    BY_MOLECULE("x[atoms hidden], weights?[atoms 1]", "y[molecules hidden]")});
}  // namespace of_pool

enum { X, PLACE };  // of an operation on one array

// -- spread: a molecule's row for each of its atoms ----------------------------------------------------------------------
void spread(const Args& a) { spread_out(a.out[0], a.in[X], nullptr, Owners(a, PLACE), a.width(X)); }
void spread_backward(const Args& a) { pooled(a.out[X], a.cotangent(), nullptr, Owners(a, PLACE), a.width(X)); }
Register r_spread("spread", {spread, spread_backward, 1, BY_MOLECULE("x[molecules hidden]", "y[atoms hidden]"), 1 << X});

// -- softmax over each molecule's atoms; 0 for padding ------------------------------------------------------------------
void softmax_molecule(const Args& a) {
  Owners owner(a, PLACE);
  const float* x = a.in[X];
  float* y = a.out[0];
  std::vector<float> most(owner.molecules, -INFINITY), total(owner.molecules, 0.f);
  for (int i = 0; i < owner.atoms; i++)
    if (int b = owner.of[i]; b >= 0) most[b] = std::max(most[b], x[i]);
  for (int i = 0; i < owner.atoms; i++)
    if (int b = owner.of[i]; b >= 0) total[b] += y[i] = exp_(x[i] - most[b]);
  for (int i = 0; i < owner.atoms; i++) y[i] = owner.of[i] < 0 ? 0.f : y[i] / total[owner.of[i]];
}
void softmax_molecule_backward(const Args& a) {
  Owners owner(a, PLACE);
  const float *g = a.cotangent(), *y = a.output(0);
  std::vector<float> total(owner.molecules, 0.f);
  for (int i = 0; i < owner.atoms; i++)
    if (int b = owner.of[i]; b >= 0) total[b] += g[i] * y[i];
  for (int i = 0; i < owner.atoms; i++)
    a.out[X][i] = owner.of[i] < 0 ? 0.f : y[i] * (g[i] - total[owner.of[i]]);
}
Register r_softmax_molecule("softmax_molecule", {softmax_molecule, softmax_molecule_backward, 1,
                                                 BY_MOLECULE("x[atoms 1]", "y[atoms 1]"), 1 << X});

}  // namespace

}  // namespace score
