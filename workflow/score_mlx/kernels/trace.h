// A graph as steps, and how the shapes of its arrays follow from each other.
#pragma once

#include <optional>
#include <vector>

#include "builder.h"

namespace score {

// An operation of the graph on arrays by number.
struct Derived {
  int step;   // among the builder's, or -1 for a view of an array
  bool copy;  // a view of the same shape
  std::vector<int> in, out;
};

struct Trace {
  Builder builder{0};
  std::vector<Derived> derived;    // inputs come first
  std::vector<mx::array> arrays;   // by number
  std::vector<int> outputs;        // values of the outputs
};

// The graph behind `outputs` of one model, or nothing where anything but kernels and what lies between them uses `given`
// or what was made of it.
std::optional<Trace> trace(const std::vector<mx::array>& outputs, const std::vector<mx::array>& given);

}  // namespace score
