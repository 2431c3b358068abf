// Attention over all pairs of a molecule's atoms, bonded pairs marked: the Graph Transformer's.
//
// `q` is scaled; `bias` and `value` are each bond's; `place` is molecule * longest + atom within it; `real` 0 for padding;
// `slots` the atom at each place;
// `key` the dropout's. `attention` is that before dropout, molecule by molecule, head by head, row by row.
#include <algorithm>
#include <cmath>

#include "kernels.h"
#include "maths.h"
#include "products.h"

namespace score {

namespace {

enum { Q, K, V, BIAS, VALUE, PLACE, REAL, SLOTS, KEY, SOURCE, REVERSE, ENDS };
enum { HEADS, SALT, THRESHOLD, SCALE };

struct Molecules {
  int heads, longest, width, hidden;
  std::vector<std::vector<int>> atoms;  // of each molecule, in its own order
  std::vector<int> first, within;       // of each atom: its first message, its place in its molecule, -1 for padding
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

  // Dropout's factor for n pairs (i, j) of a molecule and one head: as `Noise` names pairs.
  void mask(float* to, int molecule, int i, int n, int head) const {
    uint32_t row = (static_cast<uint32_t>(molecule) * SCORE_MOST_ATOMS + i) * SCORE_MOST_ATOMS;
    uint32_t each = heads, own = head + salt, least = threshold;
    float factor = scale;
    if (!dropped) return (void)std::fill(to, to + n, 1.f);
#pragma omp simd
    for (int j = 0; j < n; j++) to[j] = kept((row + j) * each, own, least, factor);
  }

  // Zeroes rows of padding: of atoms, or with `by_message` of their messages.
  void clear_padding(float* to, int columns, bool by_message) const {
    for (size_t i = 0; to && i < within.size(); i++) {
      int begin = by_message ? first[i] : static_cast<int>(i), end = by_message ? first[i + 1] : begin + 1;
      if (within[i] < 0) std::fill(to + begin * columns, to + end * columns, 0.f);
    }
  }
};

// One head of one molecule: its atoms' rows side by side in blocks, for products of blocks. Pairs are (atom, other atom).
// `Width` is an int or a constant.
template <class Width>
class Head {
 public:
  int n = 0, pairs = 0;  // atoms; numbers in a row of pairs
  int wide;              // numbers in a row of states

  Head(const Molecules& m, Width width) : wide(in_blocks(width)), m_(m), width_(width) {}

  void choose(const std::vector<int>& atoms, int head) {
    atoms_ = &atoms;
    n = atoms.size();
    pairs = in_blocks(n);
    first_column_ = head * width_;
  }
  // A block of so many rows, zero or as it was left.
  std::vector<float>& sized(std::vector<float>& block, int rows, int row) const {
    if (block.size() < static_cast<size_t>(rows) * row) block.resize(static_cast<size_t>(rows) * row);
    return block;
  }
  // The atoms' rows, zero beyond their width and beyond the last atom.
  const float* gather(std::vector<float>& block, const float* states) const {
    float* to = sized(block, pairs, wide).data();
    for (int i = 0; i < n; i++, to += wide) {
      std::copy_n(row_of(states, i), width_, to);
      std::fill(to + width_, to + wide, 0.f);
    }
    std::fill(to, block.data() + pairs * wide, 0.f);
    return block.data();
  }
  // (atoms, pairs) <- left (atoms, wide) right^T; numbers beyond the n-th of a row are of no atom
  float* dots(std::vector<float>& block, const float* left, const float* right) {
    flip_block(right, sized(flipped_, wide, pairs).data(), pairs, wide);
    block_times({left, static_cast<size_t>(wide), 1}, flipped_.data(), sized(block, n, pairs).data(), n, width_, pairs);
    return block.data();
  }
  // states <- pairs (or their transpose) times rows, for these atoms
  void store(float* states, const float* of_pairs, bool transposed, const float* rows) {
    if (!states) return;
    const float* from = times(of_pairs, transposed, rows);
    for (int i = 0; i < n; i++) std::copy_n(from + i * wide, width_, row_of(states, i));
  }
  float* times(const float* of_pairs, bool transposed, const float* rows) {
    size_t row = pairs;
    block_times(transposed ? Factor{of_pairs, 1, row} : Factor{of_pairs, row, 1}, rows, sized(result_, n, wide).data(), n, n,
                wide);
    return result_.data();
  }

  // The head's part of an atom's row.
  template <class T>
  T* row_of(T* states, int i) const {
    return states + (*atoms_)[i] * m_.hidden + first_column_;
  }

 private:
  const Molecules& m_;
  Width width_;
  const std::vector<int>* atoms_ = nullptr;
  int first_column_ = 0;
  std::vector<float> flipped_, result_;
};

// f(molecule, atoms, head, first number of its attention), in the order of `attention`
template <class F>
void each_head(const Molecules& m, F f) {
  size_t at = 0;
  for (size_t b = 0; b < m.atoms.size(); b++)
    for (int head = 0; head < m.heads; head++, at += m.atoms[b].size() * m.atoms[b].size()) f(b, m.atoms[b], head, at);
}

// f(message, other atom's place in the molecule) for the messages into an atom
template <class F>
void each_bond(const Molecules& m, const int* source, int atom, F f) {
  for (int k = m.first[atom]; k < m.first[atom + 1]; k++) f(k, m.within[source[k]]);
}

// The softmax of a row's first n numbers, zero for the others.
void soft(float* row, int n, int whole) {
  std::fill(row + n, row + whole, -INFINITY);
  float most = largest(row, whole);
#pragma omp simd
  for (int j = 0; j < whole; j++) row[j] = exp_(row[j] - most);
  std::fill(row + n, row + whole, 0.f);
  scale_(row, 1 / sum_(row, whole), row, whole);
}

template <class Width>
void forward(const Args& a, const Molecules& m, Width w) {
  const int *source = a.index(SOURCE), h = m.hidden;
  Head<Width> head(m, w);
  std::vector<float> q, k, v, weights, mask(in_blocks(m.longest));
  m.clear_padding(a.out[0], h, false);
  each_head(m, [&](int b, const std::vector<int>& atoms, int c, size_t at) {
    head.choose(atoms, c);
    float* pairs = head.dots(weights, head.gather(q, a.in[Q]), head.gather(k, a.in[K]));
    for (int i = 0; i < head.n; i++) {
      float* row = pairs + i * head.pairs;
      each_bond(m, source, atoms[i], [&](int k, int j) { row[j] += a.in[BIAS][k * m.heads + c]; });
      soft(row, head.n, head.pairs);
      std::copy_n(row, head.n, a.out[1] + at + i * head.n);
      m.mask(mask.data(), b, i, head.pairs, c);
      for (int j = 0; m.dropped && j < head.pairs; j++) row[j] *= mask[j];
    }
    float* states = head.times(pairs, false, head.gather(v, a.in[V]));
    for (int i = 0; i < head.n; i++) {
      float* state = states + i * head.wide;
      each_bond(m, source, atoms[i], [&](int k, int j) {
        add_(state, pairs[i * head.pairs + j], a.in[VALUE] + k * h + c * w, w);
      });
      std::copy_n(state, w, head.row_of(a.out[0], i));
    }
  });
}

template <class Width>
void backward(const Args& a, const Molecules& m, Width w) {
  const int *source = a.index(SOURCE), h = m.hidden;
  Head<Width> head(m, w);
  std::vector<float> q, k, v, g, slopes, weights, mask(in_blocks(m.longest));
  for (int i : {Q, K, V}) m.clear_padding(a.out[i], h, false);
  m.clear_padding(a.out[BIAS], m.heads, true);
  m.clear_padding(a.out[VALUE], h, true);
  each_head(m, [&](int b, const std::vector<int>& atoms, int c, size_t at) {
    head.choose(atoms, c);
    int n = head.n, whole = head.pairs;
    const float* to_atoms = head.gather(g, a.cotangent());
    float* pairs = head.dots(slopes, to_atoms, head.gather(v, a.in[V]));
    float* masked = head.sized(weights, n, whole).data();
    for (int i = 0; i < n; i++) {
      float *slope = pairs + i * whole, *row = masked + i * whole;
      const float* to_atom = to_atoms + i * head.wide;
      each_bond(m, source, atoms[i], [&](int k, int j) { slope[j] += dot_(to_atom, a.in[VALUE] + k * h + c * w, w); });
      std::copy_n(a.output(1) + at + i * n, n, row);
      std::fill(row + n, row + whole, 0.f);
      m.mask(mask.data(), b, i, whole, c);
      float mean = 0;
#pragma omp simd reduction(+ : mean)
      for (int j = 0; j < whole; j++) {
        slope[j] *= mask[j];
        mean += slope[j] * row[j];
      }
#pragma omp simd
      for (int j = 0; j < whole; j++) {
        slope[j] = row[j] * (slope[j] - mean);
        row[j] *= mask[j];
      }
      each_bond(m, source, atoms[i], [&](int k, int j) {
        if (a.out[VALUE]) scale_(a.out[VALUE] + k * h + c * w, row[j], to_atom, w);
        if (a.out[BIAS]) a.out[BIAS][k * m.heads + c] = slope[j];
      });
    }
    head.store(a.out[V], masked, true, to_atoms);
    head.store(a.out[Q], pairs, false, head.gather(k, a.in[K]));
    head.store(a.out[K], pairs, true, head.gather(q, a.in[Q]));
  });
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
