// A program while it is put together from arrays of a graph.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "mlx/primitives.h"
#include "steps.h"

namespace score {

struct Builder {
  int lead;
  std::vector<Step> steps;
  std::vector<Shapes> shapes;  // of each step, as `run_steps` takes them
  std::vector<Value> values;
  std::vector<mx::array> inputs, outputs;
  std::unordered_map<std::uintptr_t, int> number, input_number, shared_number;  // of each array's value

  static size_t size_of(const mx::array& a, int from) {
    size_t n = 1;
    for (size_t d = from; d < a.ndim(); d++) n *= a.shape(static_cast<int>(d));
    return n;
  }

  explicit Builder(int lead) : lead(lead) {}

  Shape own(const mx::array& a) const { return {a.shape().begin() + lead, a.shape().end()}; }

  // The value of an array that the program makes, or -1; read by the step that comes next.
  int own_value(const mx::array& a) {
    auto found = number.find(a.id());
    if (found == number.end()) return -1;
    values[found->second].last = static_cast<int>(steps.size());
    return found->second;
  }

  int input(const mx::array& a, bool shared) {
    auto& known = shared ? shared_number : input_number;
    auto found = known.find(a.id());
    if (found == known.end()) {
      values.push_back({Value::INPUT, size_of(a, shared ? 0 : lead), shared, static_cast<int>(inputs.size()), 0, 0, 0});
      inputs.push_back(a);
      found = known.emplace(a.id(), static_cast<int>(values.size()) - 1).first;
    }
    return found->second;
  }

  int write(const mx::array& a, bool needed) {
    int step = static_cast<int>(steps.size());
    values.push_back({needed ? Value::OUTPUT : Value::SCRATCH, size_of(a, lead), false,
                      static_cast<int>(outputs.size()), 0, step, step});
    if (needed) outputs.push_back(a);
    number[a.id()] = static_cast<int>(values.size()) - 1;
    return static_cast<int>(values.size()) - 1;
  }
};

// The operation of MLX that runs these steps for each model: as many outputs as the builder has noted.
std::shared_ptr<mx::Primitive> make_program(mx::Stream stream, Builder builder, int models);

}  // namespace score
