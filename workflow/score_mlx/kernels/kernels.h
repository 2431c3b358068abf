// What a kernel is: a plain function over arrays of 32-bit values, registered under a name with the shapes it gives.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace score {

using Shapes = std::vector<std::vector<int>>;  // one shape an array
using In = const float* const*;
using Out = float* const*;

// Numbers that are no arrays: sizes, slopes, switches. Doubles hold every 32-bit integer exactly.
using Params = std::vector<double>;

// Everything that a kernel may read. Index arrays are int32 or uint32 behind the same pointers.
struct Args {
  In in;          // inputs; in a backward kernel followed by the first output's cotangent and by all outputs
  Out out;        // outputs; in a backward kernel gradients, null where nobody asked
  const Shapes& shape;  // of `in`
  const Params& p;

  const int* index(int i) const { return reinterpret_cast<const int*>(in[i]); }
  const uint32_t* unsigned_(int i) const { return reinterpret_cast<const uint32_t*>(in[i]); }
  int rows(int i) const { return shape[i][0]; }
  int size(int i) const {
    int n = 1;
    for (int s : shape[i]) n *= s;
    return n;
  }
  int width(int i) const { return shape[i].back(); }
  bool given(int i) const { return shape[i].size() > 1; }  // an input that may be left out is a matrix, or empty
};

using Kernel = void (*)(const Args&);

struct Op {
  Kernel forward;
  Kernel backward;      // null: not differentiable
  int differentiable;   // gradients exist for the first so many inputs
  Shapes (*shapes)(const Shapes& in, const Params& p);  // of the outputs; the first is the result, others serve its gradient
};

// Name -> operation. Each kernel file adds its own while the library loads.
struct Register {
  Register(const char* name, Op op);
};
const Op& find(const std::string& name);

inline Shapes like_first(const Shapes& in, const Params&) { return {in[0]}; }

}  // namespace score
