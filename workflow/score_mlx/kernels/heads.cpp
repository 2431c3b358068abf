// Dot products by attention head.
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

}  // namespace

}  // namespace score
