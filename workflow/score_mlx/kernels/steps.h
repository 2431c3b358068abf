// The steps of a program and the memory between them.
#pragma once

#include <memory>
#include <vector>

#include "call.h"

namespace score {

// A value of one model: an input, an output or an intermediate result.
struct Value {
  enum Where { INPUT, OUTPUT, SCRATCH } where;
  size_t size;      // numbers of one model
  bool shared;      // an input that all models read
  int index;        // of the input or output
  size_t offset;    // in scratch memory
  int first, last;  // steps that write and last read it
};

// One step: reads and writes values by number.
struct Step {
  enum Kind { CALL, ADD, TRANSPOSE, JOIN, CUT } kind;
  std::shared_ptr<Call> call;
  std::vector<int> in, out;  // -1: an input that is not read
  int from = 0;  // CUT: first column
};

// Gives each intermediate result a place in scratch memory that no other one uses at the same time, or that of an input
// which nobody reads after it, where a step may work in place; the size of it all.
size_t lay_out(std::vector<Value>& values, const std::vector<Step>& steps);

// Runs the steps for one model. `shapes`: of each step's inputs, for all but calls after its output's; `memory`: where
// each value is.
void run_steps(const std::vector<Step>& steps, const std::vector<Shapes>& shapes, const std::vector<float*>& memory);

}  // namespace score
