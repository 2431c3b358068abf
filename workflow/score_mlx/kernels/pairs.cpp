// Attention over all pairs of a molecule's atoms, bonded pairs marked: the Graph Transformer's.
//
// `q` is scaled; `bias` and `value` are each bond's; `place` is molecule * longest + atom within it; `real` 0 for padding;
// `slots` the atom at each place;
// `key` the dropout's. `attention` is that before dropout, molecule by molecule, head by head, row by row.
#include <algorithm>
#include <cmath>

#include "kernels.h"
#include "maths.h"

namespace score {

namespace {

enum { Q, K, V, BIAS, VALUE, PLACE, REAL, SLOTS, KEY, SOURCE, REVERSE, ENDS };
enum { HEADS, SALT, THRESHOLD, SCALE };

struct Molecules {
  int heads, longest, width, hidden;
  std::vector<std::vector<int>> atoms;  // of each molecule, in its own order
  std::vector<int> first, within;       // of each atom: its first message, its place in its molecule
  uint32_t salt = 0, threshold = 0;
  float scale = 1;
  bool dropped;

  explicit Molecules(const Args& a)
      : heads(a.p[HEADS]), longest(a.width(SLOTS)), width(a.width(Q) / heads), hidden(a.width(Q)),
        atoms(a.rows(SLOTS)), first(a.rows(Q) + 1), within(a.rows(Q), -1), dropped(a.given(KEY)) {
    const int* place = a.index(PLACE);
    for (int i = 0; i < a.rows(Q); i++) {
      if (a.in[REAL][i] == 0) continue;
      auto& own = atoms[place[i] / longest];
      within[i] = place[i] % longest;
      if (static_cast<int>(own.size()) <= within[i]) own.resize(within[i] + 1);
      own[within[i]] = i;
    }
    std::copy_n(a.index(ENDS), a.rows(ENDS), first.begin() + 1);
    if (dropped) {
      salt = scramble(*a.unsigned_(KEY) + static_cast<uint32_t>(a.p[SALT]));
      threshold = static_cast<uint32_t>(a.p[THRESHOLD]);
      scale = a.p[SCALE];
    }
  }

  // Dropout's factor for each pair (i, j) of a molecule and one head: as `Noise` names pairs.
  void mask(float* to, int molecule, int i, int n, int head) const {
    for (int j = 0; j < n; j++) {
      uint32_t pair = (static_cast<uint32_t>(molecule) * SCORE_MOST_ATOMS + i) * SCORE_MOST_ATOMS + j;
      to[j] = !dropped ? 1.f : scramble(pair * static_cast<uint32_t>(heads) + head + salt) >= threshold ? scale : 0.f;
    }
  }
};

template <class Width>
void forward(const Args& a, const Molecules& m, Width w) {
  const int *source = a.index(SOURCE), h = m.hidden;
  std::fill(a.out[0], a.out[0] + a.size(Q), 0.f);
  float* attention = a.out[1];
  std::vector<float> mask(m.longest);
  for (size_t b = 0; b < m.atoms.size(); b++) {
    const auto& atoms = m.atoms[b];
    int n = atoms.size();
    for (int c = 0; c < m.heads; c++)
      for (int i = 0; i < n; i++, attention += n) {
        int atom = atoms[i];
        const float* q = a.in[Q] + atom * h + c * w;
        for (int j = 0; j < n; j++) attention[j] = dot_(q, a.in[K] + atoms[j] * h + c * w, w);
        for (int k = m.first[atom]; k < m.first[atom + 1]; k++)
          attention[m.within[source[k]]] += a.in[BIAS][k * m.heads + c];
        float most = *std::max_element(attention, attention + n);
        for (int j = 0; j < n; j++) attention[j] = exp_(attention[j] - most);
        float rest = 1 / sum_(attention, n);
        for (int j = 0; j < n; j++) attention[j] *= rest;
        m.mask(mask.data(), b, i, n, c);
        float* out = a.out[0] + atom * h + c * w;
        for (int j = 0; j < n; j++) add_(out, attention[j] * mask[j], a.in[V] + atoms[j] * h + c * w, w);
        for (int k = m.first[atom]; k < m.first[atom + 1]; k++) {
          int j = m.within[source[k]];
          add_(out, attention[j] * mask[j], a.in[VALUE] + k * h + c * w, w);
        }
      }
  }
}

template <class Width>
void backward(const Args& a, const Molecules& m, Width w) {
  const int *source = a.index(SOURCE), h = m.hidden;
  const float *g_all = a.cotangent(), *attention = a.output(1);
  // Whoever needs one of these gradients needs nearly all: they are all made.
  std::vector<std::vector<float>> rest(5);
  float* d[5];
  for (int i = Q; i <= VALUE; i++) {
    if (!a.out[i]) rest[i].resize(a.size(i));
    d[i] = a.out[i] ? a.out[i] : rest[i].data();
    std::fill(d[i], d[i] + a.size(i), 0.f);
  }
  std::vector<float> mask(m.longest), slope(m.longest);
  for (size_t b = 0; b < m.atoms.size(); b++) {
    const auto& atoms = m.atoms[b];
    int n = atoms.size();
    for (int c = 0; c < m.heads; c++)
      for (int i = 0; i < n; i++, attention += n) {
        int atom = atoms[i], at = atom * h + c * w;
        const float* g = g_all + at;
        m.mask(mask.data(), b, i, n, c);
        for (int j = 0; j < n; j++) {
          slope[j] = dot_(g, a.in[V] + atoms[j] * h + c * w, w);
          add_(d[V] + atoms[j] * h + c * w, attention[j] * mask[j], g, w);
        }
        for (int k = m.first[atom]; k < m.first[atom + 1]; k++) {
          int j = m.within[source[k]];
          slope[j] += dot_(g, a.in[VALUE] + k * h + c * w, w);
          add_(d[VALUE] + k * h + c * w, attention[j] * mask[j], g, w);
        }
        for (int j = 0; j < n; j++) slope[j] *= mask[j];
        float mean = dot_(slope.data(), attention, n);
        for (int j = 0; j < n; j++) slope[j] = attention[j] * (slope[j] - mean);
        for (int j = 0; j < n; j++) {
          int other = atoms[j] * h + c * w;
          add_(d[Q] + at, slope[j], a.in[K] + other, w);
          add_(d[K] + other, slope[j], a.in[Q] + at, w);
        }
        for (int k = m.first[atom]; k < m.first[atom + 1]; k++)
          d[BIAS][k * m.heads + c] = slope[m.within[source[k]]];
      }
  }
}

void attend_pairs(const Args& a) {
  Molecules m(a);
  with_width(m.width, [&](auto w) { forward(a, m, w); });
}
void attend_pairs_backward(const Args& a) {
  Molecules m(a);
  with_width(m.width, [&](auto w) { backward(a, m, w); });
}
// A bond of a real atom must come from a real atom of the same molecule: rows of the attention are as long as that has atoms.
const char* between_molecules(const Args& a) {
  const int *source = a.index(SOURCE), *place = a.index(PLACE), *ends = a.index(ENDS);
  int longest = a.width(SLOTS);
  bool fine = true;
  for (int atom = 0, k = 0; atom < a.rows(ENDS); atom++)
    for (; k < ends[atom]; k++)
      fine &= a.in[REAL][atom] == 0 || (a.in[REAL][source[k]] != 0 && place[source[k]] / longest == place[atom] / longest);
  return fine ? nullptr : "a bond between atoms of two molecules";
}

Register r("attend_pairs",
           {attend_pairs, attend_pairs_backward, 5,
            Signature("q[atoms heads*width], k[atoms heads*width], v[atoms heads*width], bias[messages heads], "
                      "value[messages heads*width], place:int<molecules*longest>[atoms], real:mask[atoms], "
                      "slots:int<atoms>[molecules longest], key?:uint[], source:int<atoms>[messages], "
                      "reverse:int<messages>[messages], ends:ends<messages>[atoms] -> "
                      "y[atoms heads*width], attention[molecules heads longest*longest]",
                      "heads, salt:uint, threshold:uint, scale"),
            0, nullptr, between_molecules});

}  // namespace

}  // namespace score
