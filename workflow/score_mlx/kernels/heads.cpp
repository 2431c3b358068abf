// By attention head: dot products, and a state's columns head by head.
#include <algorithm>

#include "kernels.h"
#include "maths.h"

namespace score {

namespace {

// -- head_dots: dot product of each head's columns with that head's vector; x (n, H), v (1, heads, width) -> (n, heads) ------
enum { X, VECTOR };

void head_dots(const Args& a) {
  int heads = a.shape[VECTOR][1], h = a.width(X);
  with_width(a.width(VECTOR), [&](auto part) {
    for (int r = 0; r < a.rows(X); r++)
      for (int c = 0; c < heads; c++)
        a.out[0][r * heads + c] = dot_(a.in[X] + r * h + c * part, a.in[VECTOR] + c * part, part);
  });
}
void head_dots_backward(const Args& a) {
  int heads = a.shape[VECTOR][1], h = a.width(X);
  float *dx = a.out[X], *dv = a.out[VECTOR];
  if (dv) std::fill(dv, dv + a.size(VECTOR), 0.f);
  with_width(a.width(VECTOR), [&](auto part) {
    for (int r = 0; r < a.rows(X); r++)
      for (int c = 0; c < heads; c++) {
        float g = a.cotangent()[r * heads + c];
        if (dx) scale_(dx + r * h + c * part, g, a.in[VECTOR] + c * part, part);
        if (dv) add_(dv + c * part, g, a.in[X] + r * h + c * part, part);
      }
  });
}
Register r_head_dots("head_dots", {head_dots, head_dots_backward, 2,
                                   Signature("x[rows heads*width], vector[1 heads width] -> y[rows heads]")});

// -- split_heads: (batch, time, heads width) -> (batch, heads, time, width), a copy of lines; join_heads: back ------------
struct Sizes {
  int batch, time, heads, width;
};

template <bool split>
void turn(const float* x, float* y, const Sizes& n) {
  for (int b = 0; b < n.batch; b++)
    for (int h = 0; h < n.heads; h++)
      for (int t = 0; t < n.time; t++) {
        size_t together = ((static_cast<size_t>(b) * n.time + t) * n.heads + h) * n.width;
        size_t apart = ((static_cast<size_t>(b) * n.heads + h) * n.time + t) * n.width;
        std::copy_n(x + (split ? together : apart), n.width, y + (split ? apart : together));
      }
}

Sizes of_state(const Args& a) {
  int heads = a.p[0];
  return {a.rows(X), a.shape[X][1], heads, a.width(X) / heads};
}
Sizes of_heads(const Args& a) { return {a.rows(X), a.shape[X][2], a.shape[X][1], a.width(X)}; }

void split_heads(const Args& a) { turn<true>(a.in[X], a.out[0], of_state(a)); }
void split_heads_backward(const Args& a) { turn<false>(a.cotangent(), a.out[X], of_state(a)); }
Register r_split("split_heads", {split_heads, split_heads_backward, 1,
                                 Signature("x[batch time heads*width] -> y[batch heads time width]", "heads"), 1 << X});

void join_heads(const Args& a) { turn<false>(a.in[X], a.out[0], of_heads(a)); }
void join_heads_backward(const Args& a) { turn<true>(a.cotangent(), a.out[X], of_heads(a)); }
Register r_join("join_heads", {join_heads, join_heads_backward, 1,
                               Signature("x[batch heads time width] -> y[batch time heads*width]"), 1 << X});

}  // namespace

}  // namespace score
