// Messages along bonds. Atoms are sorted by degree and messages by target, so an atom's messages are one range.
//
// Every operation takes `source` (M,), the atom that a message comes from, and `reverse` (M,), the message of the
// opposite bond, as its last two inputs, and the number of atoms of degree 0, 1, ... as its last parameters. What
// flows to an atom's messages as a target flows, by `reverse`, to those for which it is the source: no scatter.
#include <algorithm>
#include <cmath>

#include "kernels.h"
#include "maths.h"

namespace score {

// f(atom, first message, end of its messages) for each atom; `from`: where in p the counts begin
template <class F>
static void each_atom(const Params& p, int from, F f) {
  int atom = 0, message = 0;
  for (size_t d = from; d < p.size(); d++) {
    int degree = static_cast<int>(d) - from;
    for (int i = 0; i < static_cast<int>(p[d]); i++, message += degree) f(atom++, message, message + degree);
  }
}
static int atoms(const Params& p, int from) {
  double total = 0;
  for (size_t d = from; d < p.size(); d++) total += p[d];
  return static_cast<int>(total);
}
static int messages(const Params& p, int from) {
  double total = 0;
  for (size_t d = from; d < p.size(); d++) total += p[d] * (d - from);
  return static_cast<int>(total);
}

// to[atom] = sum of rows x[row(k)] over the atom's messages k
template <class Row>
static void sums(float* to, const float* x, int h, const Params& p, int from, Row row) {
  each_atom(p, from, [&](int atom, int k, int end) {
    float* out = to + atom * h;
    std::fill(out, out + h, 0.f);
    for (; k < end; k++) add_(out, x + row(k) * h, h);
  });
}
template <class Row>
static void copies(float* to, const float* x, int h, int n, Row row) {
  for (int k = 0; k < n; k++) std::copy_n(x + row(k) * h, h, to + k * h);
}
static int self(int k) { return k; }

// -- sum (M, H) -> (A, H); its gradient gives each message its target's -------------------------------------------------
static void spread_to_messages(float* to, const float* x, int h, const Params& p, int from) {
  each_atom(p, from, [&](int atom, int k, int end) {
    for (; k < end; k++) std::copy_n(x + atom * h, h, to + k * h);
  });
}
static void sum(const Args& a) { sums(a.out[0], a.in[0], a.width(0), a.p, 0, self); }
static void sum_backward(const Args& a) { spread_to_messages(a.out[0], a.in[3], a.width(0), a.p, 0); }
static Shapes sum_shapes(const Shapes& in, const Params& p) { return {{atoms(p, 0), in[0].back()}}; }
static Register r_sum("sum", {sum, sum_backward, 1, sum_shapes});

// -- source, target (A, H) -> (M, H) ------------------------------------------------------------------------------------
static Shapes message_shapes(const Shapes& in, const Params& p) { return {{messages(p, 0), in[0].back()}}; }
static void source(const Args& a) {
  const int* s = a.index(1);
  copies(a.out[0], a.in[0], a.width(0), a.rows(1), [s](int k) { return s[k]; });
}
static void source_backward(const Args& a) {
  const int* r = a.index(2);
  sums(a.out[0], a.in[3], a.width(0), a.p, 0, [r](int k) { return r[k]; });
}
static Register r_source("source", {source, source_backward, 1, message_shapes});
static void target(const Args& a) { spread_to_messages(a.out[0], a.in[0], a.width(0), a.p, 0); }
static void target_backward(const Args& a) { sums(a.out[0], a.in[3], a.width(0), a.p, 0, self); }
static Register r_target("target", {target, target_backward, 1, message_shapes});

// -- reverse (M, H) -> (M, H) ---------------------------------------------------------------------------------------
static void reverse_rows(const Args& a, const float* x) {
  const int* r = a.index(2);
  copies(a.out[0], x, a.width(0), a.rows(0), [r](int k) { return r[k]; });
}
static void reverse(const Args& a) { reverse_rows(a, a.in[0]); }
static void reverse_backward(const Args& a) { reverse_rows(a, a.in[3]); }
static Register r_reverse("reverse", {reverse, reverse_backward, 1, like_first});

// -- softmax over the messages into each atom (M, heads) ---------------------------------------------------------------
static void softmax(const Args& a) {
  int heads = a.width(0);
  const float* x = a.in[0];
  float* out = a.out[0];
  each_atom(a.p, 0, [&](int, int first, int end) {
    for (int c = 0; c < heads; c++) {
      float most = -INFINITY, total = 0;
      for (int k = first; k < end; k++) most = std::max(most, x[k * heads + c]);
      for (int k = first; k < end; k++) total += out[k * heads + c] = exp_(x[k * heads + c] - most);
      for (int k = first; k < end; k++) out[k * heads + c] /= total;
    }
  });
}
static void softmax_backward(const Args& a) {
  int heads = a.width(0);
  const float *g = a.in[3], *y = a.in[4];
  float* d = a.out[0];
  each_atom(a.p, 0, [&](int, int first, int end) {
    for (int c = 0; c < heads; c++) {
      float total = 0;
      for (int k = first; k < end; k++) total += g[k * heads + c] * y[k * heads + c];
      for (int k = first; k < end; k++) d[k * heads + c] = y[k * heads + c] * (g[k * heads + c] - total);
    }
  });
}
static Register r_softmax("softmax", {softmax, softmax_backward, 1, like_first});

// -- combine: leaky(s_source + t_target + c), slope p[0] (1: none); s, t (A, H), c (M, H), each may be left out -------------
static void combine(const Args& a) {
  const int* source = a.index(3);
  float slope = a.p[0];
  bool s = a.given(0), t = a.given(1), c = a.given(2);
  int h = a.width(c ? 2 : s ? 0 : 1);
  each_atom(a.p, 1, [&](int atom, int k, int end) {
    for (; k < end; k++) {
      float* y = a.out[0] + k * h;
      c ? (void)std::copy_n(a.in[2] + k * h, h, y) : (void)std::fill(y, y + h, 0.f);
      if (s) add_(y, a.in[0] + source[k] * h, h);
      if (t) add_(y, a.in[1] + atom * h, h);
      for (int i = 0; i < h; i++) y[i] = y[i] > 0 ? y[i] : slope * y[i];
    }
  });
}
static void combine_backward(const Args& a) {
  const int* reverse = a.index(4);
  float slope = a.p[0];
  int h = a.shape[5].back(), m = a.rows(5);
  std::vector<float> own;
  float* dz = a.out[2];
  if (!dz) {
    own.resize(static_cast<size_t>(m) * h);
    dz = own.data();
  }
  const float *g = a.in[5], *y = a.in[6];
  for (int i = 0; i < m * h; i++) dz[i] = y[i] > 0 ? g[i] : slope * g[i];
  if (a.out[0]) sums(a.out[0], dz, h, a.p, 1, [reverse](int k) { return reverse[k]; });
  if (a.out[1]) sums(a.out[1], dz, h, a.p, 1, self);
}
static Shapes combine_shapes(const Shapes& in, const Params& p) {
  for (int i : {2, 0, 1})
    if (in[i].size() > 1) return {{messages(p, 1), in[i].back()}};
  return {};
}
static Register r_combine("combine", {combine, combine_backward, 3, combine_shapes});

// -- others (M, H): each message gets what flows into its source, less what came from its target --------------------------
static void others(const Args& a) {
  const int *source = a.index(1), *reverse = a.index(2);
  int h = a.width(0), m = a.rows(0);
  std::vector<float> total(static_cast<size_t>(atoms(a.p, 0)) * h);
  sums(total.data(), a.in[0], h, a.p, 0, self);
  for (int k = 0; k < m; k++) {
    const float *all = total.data() + source[k] * h, *back = a.in[0] + reverse[k] * h;
    for (int i = 0; i < h; i++) a.out[0][k * h + i] = all[i] - back[i];
  }
}
static void others_backward(const Args& a) {
  const int* reverse = a.index(2);
  int h = a.width(0);
  std::vector<float> total(h);
  const float* g = a.in[3];
  each_atom(a.p, 0, [&](int, int first, int end) {
    std::fill(total.begin(), total.end(), 0.f);
    for (int k = first; k < end; k++) add_(total.data(), g + reverse[k] * h, h);
    for (int k = first; k < end; k++)
      for (int i = 0; i < h; i++) a.out[0][k * h + i] = total[i] - g[reverse[k] * h + i];
  });
}
static Register r_others("others", {others, others_backward, 1, like_first});

// -- weigh: sum over incoming messages of w_k m_k; m (M, H), w (M, heads), a head for each H / heads columns ----------------
static void weigh(const Args& a) {
  int h = a.width(0), heads = a.width(1);
  with_width(h / heads, [&](auto part) {
    each_atom(a.p, 0, [&](int atom, int k, int end) {
      float* out = a.out[0] + atom * h;
      std::fill(out, out + h, 0.f);
      for (; k < end; k++)
        for (int c = 0; c < heads; c++) add_(out + c * part, a.in[1][k * heads + c], a.in[0] + k * h + c * part, part);
    });
  });
}
static void weigh_backward(const Args& a) {
  int h = a.width(0), heads = a.width(1);
  const float *m = a.in[0], *w = a.in[1];
  float *dm = a.out[0], *dw = a.out[1];
  with_width(h / heads, [&](auto part) {
    each_atom(a.p, 0, [&](int atom, int k, int end) {
      const float* g = a.in[4] + atom * h;
      for (; k < end; k++)
        for (int c = 0; c < heads; c++) {
          int at = k * h + c * part;
          if (dw) dw[k * heads + c] = dot_(g + c * part, m + at, part);
          if (dm) scale_(dm + at, w[k * heads + c], g + c * part, part);
        }
    });
  });
}
static Register r_weigh("weigh", {weigh, weigh_backward, 2, sum_shapes});

// -- attend: sum over incoming messages of w_k x_source(k); x (A, H), w (M, heads), left out: all 1 -----------------------
static void attend_rows(float* to, const float* x, const float* w, const Args& a, bool backward) {
  const int *source = a.index(2), *reverse = a.index(3);
  int h = a.width(0), heads = w ? a.width(1) : 1;
  with_width(h / heads, [&](auto part) {
    each_atom(a.p, 0, [&](int atom, int k, int end) {
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
static void attend(const Args& a) { attend_rows(a.out[0], a.in[0], a.given(1) ? a.in[1] : nullptr, a, false); }
// An atom's state went, along each of its messages reversed, to that message's source.
static void attend_backward(const Args& a) {
  const float *w = a.given(1) ? a.in[1] : nullptr, *g = a.in[4];
  if (a.out[0]) attend_rows(a.out[0], g, w, a, true);
  if (!a.out[1] || !w) return;
  const int* source = a.index(2);
  int h = a.width(0), heads = a.width(1);
  with_width(h / heads, [&](auto part) {
    each_atom(a.p, 0, [&](int atom, int k, int end) {
      for (; k < end; k++)
        for (int c = 0; c < heads; c++)
          a.out[1][k * heads + c] = dot_(g + atom * h + c * part, a.in[0] + source[k] * h + c * part, part);
    });
  });
}
static Register r_attend("attend", {attend, attend_backward, 2, like_first});

// -- smooth: D^-1/2 (A + I) D^-1/2 x with the loop counted in D; its own transpose --------------------------------------------
static void smoothed(float* to, const float* x, const Args& a) {
  const int* source = a.index(1);
  int h = a.width(0);
  std::vector<float> norm(a.rows(0));
  each_atom(a.p, 0, [&](int atom, int k, int end) { norm[atom] = 1 / std::sqrt(end - k + 1.f); });
  each_atom(a.p, 0, [&](int atom, int k, int end) {
    float* out = to + atom * h;
    for (int i = 0; i < h; i++) out[i] = norm[atom] * norm[atom] * x[atom * h + i];
    for (; k < end; k++) add_(out, norm[atom] * norm[source[k]], x + source[k] * h, h);
  });
}
static void smooth(const Args& a) { smoothed(a.out[0], a.in[0], a); }
static void smooth_backward(const Args& a) { smoothed(a.out[0], a.in[3], a); }
static Register r_smooth("smooth", {smooth, smooth_backward, 1, like_first});

// -- head_dots: dot product of each head's columns with that head's vector; x (n, H), v (1, heads, width) -> (n, heads) ------
static void head_dots(const Args& a) {
  int heads = a.shape[1][1], h = a.width(0);
  with_width(a.width(1), [&](auto part) {
    for (int r = 0; r < a.rows(0); r++)
      for (int c = 0; c < heads; c++)
        a.out[0][r * heads + c] = dot_(a.in[0] + r * h + c * part, a.in[1] + c * part, part);
  });
}
static void head_dots_backward(const Args& a) {
  int heads = a.shape[1][1], h = a.width(0);
  float *dx = a.out[0], *dv = a.out[1];
  if (dv) std::fill(dv, dv + a.size(1), 0.f);
  with_width(a.width(1), [&](auto part) {
    for (int r = 0; r < a.rows(0); r++)
      for (int c = 0; c < heads; c++) {
        float g = a.in[2][r * heads + c];
        if (dx) scale_(dx + r * h + c * part, g, a.in[1] + c * part, part);
        if (dv) add_(dv + c * part, g, a.in[0] + r * h + c * part, part);
      }
  });
}
static Shapes head_dots_shapes(const Shapes& in, const Params&) { return {{in[0][0], in[1][1]}}; }
static Register r_head_dots("head_dots", {head_dots, head_dots_backward, 2, head_dots_shapes});

}  // namespace score
