// Messages along bonds, sorted by target, so that an atom's messages are one range.
//
// Every operation takes as its last three inputs `source`, the atom that a message comes from, `reverse`, the message of
// the opposite bond, and `ends`, where each atom's messages end. What flows to an atom's messages as a target flows, by
// `reverse`, to those for which it is the source: no scatter.
#include <algorithm>
#include <cmath>

#include "kernels.h"
#include "maths.h"

// Signature of an operation on some arrays and bonds.
#define ALONG_BONDS(inputs, outputs) \
  Signature(inputs ", source:int<atoms>[messages], reverse:int<messages>[messages], ends:ends<messages>[atoms] -> " outputs)

namespace score {

namespace {

// Where each atom's messages end; they begin where those of the atom before it end.
struct Bonds {
  const int* ends;
  int atoms;
  explicit Bonds(const Args& a) : ends(a.index(a.inputs - 1)), atoms(a.rows(a.inputs - 1)) {}
};

// f(atom, first message, end of its messages) for each atom
template <class F>
void each_atom(const Bonds& bonds, F f) {
  for (int atom = 0, first = 0; atom < bonds.atoms; first = bonds.ends[atom++]) f(atom, first, bonds.ends[atom]);
}

// to[atom] = sum of rows x[row(k)] over the atom's messages k
template <class Row>
void sums(float* to, const float* x, int h, const Bonds& bonds, Row row) {
  each_atom(bonds, [&](int atom, int k, int end) {
    float* out = to + atom * h;
    auto at = [&](int k) { return x + static_cast<size_t>(row(k)) * h; };
    switch (end - k) {  // most atoms have one to three messages
      case 0: std::fill(out, out + h, 0.f); return;
      case 1: std::copy_n(at(k), h, out); return;
    }
    const float *one = at(k), *two = at(k + 1);
#pragma omp simd
    for (int i = 0; i < h; i++) out[i] = one[i] + two[i];
    for (k += 2; k < end; k++) add_(out, at(k), h);
  });
}
template <class Row>
void copies(float* to, const float* x, int h, int n, Row row) {
  for (int k = 0; k < n; k++) std::copy_n(x + row(k) * h, h, to + k * h);
}
int self(int k) { return k; }

enum { X, SOURCE, REVERSE };  // of an operation on one array

// -- sum (M, H) -> (A, H); its gradient gives each message its target's -------------------------------------------------
void spread_to_messages(float* to, const float* x, int h, const Bonds& bonds) {
  each_atom(bonds, [&](int atom, int k, int end) {
    for (; k < end; k++) std::copy_n(x + atom * h, h, to + k * h);
  });
}
void sum(const Args& a) { sums(a.out[0], a.in[X], a.width(X), Bonds(a), self); }
void sum_backward(const Args& a) { spread_to_messages(a.out[0], a.cotangent(), a.width(X), Bonds(a)); }
Register r_sum("sum", {sum, sum_backward, 1, ALONG_BONDS("x[messages hidden]", "y[atoms hidden]"), 1 << X});

// -- source, target (A, H) -> (M, H) ------------------------------------------------------------------------------------
void source(const Args& a) {
  const int* s = a.index(SOURCE);
  copies(a.out[0], a.in[X], a.width(X), a.rows(SOURCE), [s](int k) { return s[k]; });
}
void source_backward(const Args& a) {
  const int* r = a.index(REVERSE);
  sums(a.out[0], a.cotangent(), a.width(X), Bonds(a), [r](int k) { return r[k]; });
}
Register r_source("source", {source, source_backward, 1, ALONG_BONDS("x[atoms hidden]", "y[messages hidden]"), 1 << X});
void target(const Args& a) { spread_to_messages(a.out[0], a.in[X], a.width(X), Bonds(a)); }
void target_backward(const Args& a) { sums(a.out[0], a.cotangent(), a.width(X), Bonds(a), self); }
Register r_target("target", {target, target_backward, 1, ALONG_BONDS("x[atoms hidden]", "y[messages hidden]"), 1 << X});

// -- reverse (M, H) -> (M, H) ---------------------------------------------------------------------------------------
void reverse_rows(const Args& a, const float* x) {
  const int* r = a.index(REVERSE);
  copies(a.out[0], x, a.width(X), a.rows(X), [r](int k) { return r[k]; });
}
void reverse(const Args& a) { reverse_rows(a, a.in[X]); }
void reverse_backward(const Args& a) { reverse_rows(a, a.cotangent()); }
Register r_reverse("reverse", {reverse, reverse_backward, 1, ALONG_BONDS("x[messages hidden]", "y[messages hidden]"), 1 << X});

// -- softmax over the messages into each atom (M, heads) ---------------------------------------------------------------
void softmax(const Args& a) {
  int heads = a.width(X);
  const float* x = a.in[X];
  float* out = a.out[0];
  each_atom(Bonds(a), [&](int, int first, int end) {
    for (int c = 0; c < heads; c++) {
      float most = -INFINITY, total = 0;
      for (int k = first; k < end; k++) most = std::max(most, x[k * heads + c]);
      for (int k = first; k < end; k++) total += out[k * heads + c] = exp_(x[k * heads + c] - most);
      for (int k = first; k < end; k++) out[k * heads + c] /= total;
    }
  });
}
void softmax_backward(const Args& a) {
  int heads = a.width(X);
  const float *g = a.cotangent(), *y = a.output(0);
  float* d = a.out[X];
  each_atom(Bonds(a), [&](int, int first, int end) {
    for (int c = 0; c < heads; c++) {
      float total = 0;
      for (int k = first; k < end; k++) total += g[k * heads + c] * y[k * heads + c];
      for (int k = first; k < end; k++) d[k * heads + c] = y[k * heads + c] * (g[k * heads + c] - total);
    }
  });
}
Register r_softmax("softmax", {softmax, softmax_backward, 1, ALONG_BONDS("x[messages heads]", "y[messages heads]"), 1 << X});

// -- combine: leaky(state of the source + state of the target + the bond's), slope 1: none; each may be left out ---------------
namespace of_combine {
enum { SOURCES, TARGETS, OWN, SOURCE, REVERSE };
enum { SLOPE };

void forward(const Args& a) {
  const int* source = a.index(SOURCE);
  const float *s = a.optional(SOURCES), *t = a.optional(TARGETS), *own = a.optional(OWN);
  float slope = a.p[SLOPE];
  int h = a.width(own ? OWN : s ? SOURCES : TARGETS);
  std::vector<float> nothing(h, 0.f);  // in place of a row that is left out
  each_atom(Bonds(a), [&](int atom, int k, int end) {
    const float* to_target = t ? t + atom * h : nothing.data();
    for (; k < end; k++) {
      const float *from_source = s ? s + source[k] * h : nothing.data(), *of_bond = own ? own + k * h : nothing.data();
      float* y = a.out[0] + k * h;
#pragma omp simd
      for (int i = 0; i < h; i++) {
        float x = of_bond[i] + from_source[i] + to_target[i];
        y[i] = x > 0 ? x : slope * x;
      }
    }
  });
}

void backward(const Args& a) {
  const int* reverse = a.index(REVERSE);
  float slope = a.p[SLOPE];
  int m = a.rows(SOURCE), h = a.shape[a.inputs].back();
  std::vector<float> spare;
  float* dz = a.out[OWN];
  if (!dz) {
    spare.resize(static_cast<size_t>(m) * h);
    dz = spare.data();
  }
  const float *g = a.cotangent(), *y = a.output(0);
#pragma omp simd
  for (int i = 0; i < m * h; i++) dz[i] = y[i] > 0 ? g[i] : slope * g[i];
  if (a.out[SOURCES]) sums(a.out[SOURCES], dz, h, Bonds(a), [reverse](int k) { return reverse[k]; });
  if (a.out[TARGETS]) sums(a.out[TARGETS], dz, h, Bonds(a), self);
}

Register r("combine", {forward, backward, 3,
                       Signature("sources?[atoms hidden], targets?[atoms hidden], own?[messages hidden], "
                                 "source:int<atoms>[messages], reverse:int<messages>[messages], "
                                 "ends:ends<messages>[atoms] -> y[messages hidden]",
                                 "slope>=0"),
                       1 << SOURCES | 1 << TARGETS | 1 << OWN});
}  // namespace of_combine

// -- others (M, H): each message gets what flows into its source, less what came from its target --------------------------
void others(const Args& a) {
  const int *source = a.index(SOURCE), *reverse = a.index(REVERSE);
  int h = a.width(X), m = a.rows(X);
  std::vector<float> total(static_cast<size_t>(Bonds(a).atoms) * h);
  sums(total.data(), a.in[X], h, Bonds(a), self);
  for (int k = 0; k < m; k++) {
    const float *all = total.data() + source[k] * h, *back = a.in[X] + reverse[k] * h;
    for (int i = 0; i < h; i++) a.out[0][k * h + i] = all[i] - back[i];
  }
}
void others_backward(const Args& a) {
  const int* reverse = a.index(REVERSE);
  int h = a.width(X);
  std::vector<float> total(h);
  const float* g = a.cotangent();
  each_atom(Bonds(a), [&](int, int first, int end) {
    std::fill(total.begin(), total.end(), 0.f);
    for (int k = first; k < end; k++) add_(total.data(), g + reverse[k] * h, h);
    for (int k = first; k < end; k++)
      for (int i = 0; i < h; i++) a.out[X][k * h + i] = total[i] - g[reverse[k] * h + i];
  });
}
Register r_others("others", {others, others_backward, 1, ALONG_BONDS("x[messages hidden]", "y[messages hidden]"), 1 << X});

// -- weigh: sum over incoming messages of w_k m_k; m (M, H), w (M, heads), a head for each H / heads columns ----------------
enum { WEIGHTS = 1 };

void weigh(const Args& a) {
  int h = a.width(X), heads = a.width(WEIGHTS);
  with_width(h / heads, [&](auto part) {
    each_atom(Bonds(a), [&](int atom, int k, int end) {
      float* out = a.out[0] + atom * h;
      std::fill(out, out + h, 0.f);
      for (; k < end; k++)
        for (int c = 0; c < heads; c++) add_(out + c * part, a.in[WEIGHTS][k * heads + c], a.in[X] + k * h + c * part, part);
    });
  });
}
void weigh_backward(const Args& a) {
  int h = a.width(X), heads = a.width(WEIGHTS);
  const float *m = a.in[X], *w = a.in[WEIGHTS];
  float *dm = a.out[X], *dw = a.out[WEIGHTS];
  with_width(h / heads, [&](auto part) {
    each_atom(Bonds(a), [&](int atom, int k, int end) {
      const float* g = a.cotangent() + atom * h;
      for (; k < end; k++)
        for (int c = 0; c < heads; c++) {
          int at = k * h + c * part;
          if (dw) dw[k * heads + c] = dot_(g + c * part, m + at, part);
          if (dm) scale_(dm + at, w[k * heads + c], g + c * part, part);
        }
    });
  });
}
Register r_weigh("weigh", {weigh, weigh_backward, 2,
                           ALONG_BONDS("x[messages heads*width], weights[messages heads]", "y[atoms heads*width]")});

// -- attend: sum over incoming messages of w_k x_source(k); x (A, H), w (M, heads), left out: all 1 -----------------------
namespace weighted {
enum { SOURCE = 2, REVERSE };
}

void attend_rows(float* to, const float* x, const float* w, const Args& a, bool backward) {
  const int *source = a.index(weighted::SOURCE), *reverse = a.index(weighted::REVERSE);
  int h = a.width(X), heads = w ? a.width(WEIGHTS) : 1;
  with_width(h / heads, [&](auto part) {
    each_atom(Bonds(a), [&](int atom, int k, int end) {
      float* out = to + atom * h;
      std::fill(out, out + h, 0.f);
      for (; k < end; k++) {
        const float* from = x + source[k] * h;
        if (!w) {
          add_(out, from, h);
          continue;
        }
        const float* weight = w + (backward ? reverse[k] : k) * heads;
        for (int c = 0; c < heads; c++) add_(out + c * part, weight[c], from + c * part, part);
      }
    });
  });
}
void attend(const Args& a) { attend_rows(a.out[0], a.in[X], a.optional(WEIGHTS), a, false); }
// An atom's state went, along each of its messages reversed, to that message's source.
void attend_backward(const Args& a) {
  const float *w = a.optional(WEIGHTS), *g = a.cotangent();
  if (a.out[0]) attend_rows(a.out[0], g, w, a, true);
  if (!a.out[WEIGHTS] || !w) return;
  const int* source = a.index(weighted::SOURCE);
  int h = a.width(X), heads = a.width(WEIGHTS);
  with_width(h / heads, [&](auto part) {
    each_atom(Bonds(a), [&](int atom, int k, int end) {
      for (; k < end; k++)
        for (int c = 0; c < heads; c++)
          a.out[WEIGHTS][k * heads + c] = dot_(g + atom * h + c * part, a.in[X] + source[k] * h + c * part, part);
    });
  });
}
const char* attend_heads(const Shapes& in) {
  int heads = in[WEIGHTS].back();
  bool fine = left_out(in[WEIGHTS]) || (heads && in[X].back() % heads == 0);
  return fine ? nullptr : "heads of no equal width";
}
Register r_attend("attend", {attend, attend_backward, 2,
                             ALONG_BONDS("x[atoms hidden], weights?[messages heads]", "y[atoms hidden]"),
                             0, attend_heads});

// -- smooth: D^-1/2 (A + I) D^-1/2 x with the loop counted in D; its own transpose --------------------------------------------
void smoothed(float* to, const float* x, const Args& a) {
  const int* source = a.index(SOURCE);
  int h = a.width(X);
  std::vector<float> norm(a.rows(X));
  each_atom(Bonds(a), [&](int atom, int k, int end) { norm[atom] = 1 / std::sqrt(end - k + 1.f); });
  each_atom(Bonds(a), [&](int atom, int k, int end) {
    float* out = to + atom * h;
    for (int i = 0; i < h; i++) out[i] = norm[atom] * norm[atom] * x[atom * h + i];
    for (; k < end; k++) add_(out, norm[atom] * norm[source[k]], x + source[k] * h, h);
  });
}
void smooth(const Args& a) { smoothed(a.out[0], a.in[X], a); }
void smooth_backward(const Args& a) { smoothed(a.out[0], a.cotangent(), a); }
Register r_smooth("smooth", {smooth, smooth_backward, 1, ALONG_BONDS("x[atoms hidden]", "y[atoms hidden]"), 1 << X});

}  // namespace

}  // namespace score
