// What a kernel is: a plain function over arrays of 32-bit values, registered under a name with a signature.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "signature.h"

namespace score {

using In = const float* const*;
using Out = float* const*;

// Everything that a kernel may read. Index arrays are int32 or uint32 behind the same pointers.
struct Args {
  In in;          // inputs; in a backward kernel followed by the first output's cotangent and by all outputs
  Out out;        // outputs; in a backward kernel gradients, null where nobody asked
  const Shapes& shape;  // of `in`
  const Params& p;
  int inputs;     // number of inputs, which a backward kernel's cotangent follows

  const int* index(int i) const { return reinterpret_cast<const int*>(in[i]); }
  const uint32_t* unsigned_(int i) const { return reinterpret_cast<const uint32_t*>(in[i]); }
  int rows(int i) const { return shape[i][0]; }
  int size(int i) const { return product(shape[i].size(), i); }
  int width(int i) const { return shape[i].back(); }
  int lines(int i) const { return product(shape[i].size() - 1, i); }  // rows of all leading axes together
  bool given(int i) const { return !left_out(shape[i]); }

  const float* cotangent() const { return in[inputs]; }
  const float* output(int i) const { return in[inputs + 1 + i]; }
  const float* optional(int i) const { return given(i) ? in[i] : nullptr; }

 private:
  int product(size_t axes, int i) const {
    int n = 1;
    for (size_t d = 0; d < axes; d++) n *= shape[i][d];
    return n;
  }
};

using Kernel = void (*)(const Args&);

struct Op {
  Kernel forward;
  Kernel backward;     // null: not differentiable
  int differentiable;  // gradients exist for the first so many inputs
  Signature signature;
  unsigned unread = 0;  // bit i: the backward kernel does not read input i, and finds null there in a program
  const char* (*misfit)(const Shapes&) = nullptr;  // what else is wrong with the inputs' shapes, or null
  const char* (*refuse)(const Args&) = nullptr;    // what else is wrong with their values, or null
  bool in_place = false;  // the first output may lie where the first input does, its gradient where the cotangent does
};

// An operation whose loops read a place of each array before they write the same place of another one.
inline Op in_place(Op op) {
  op.in_place = true;
  return op;
}

// Name -> operation. Each kernel file adds its own while the library loads.
struct Register {
  Register(const char* name, Op op);
};
const Op& find(const std::string& name);

}  // namespace score
