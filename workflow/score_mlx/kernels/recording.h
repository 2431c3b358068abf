// A training step, recorded once from one model's graph and run for each model on arrays of their own sizes.
//
// The graph of a step is the same for every batch but for the numbers of atoms, bonds and molecules. A recording keeps
// its steps and follows sizes through the signatures, so that no model's batch is padded to another one's and no graph
// is made anew.
#pragma once

#include <memory>
#include <vector>

#include "trace.h"

namespace score {

class Recording : public std::enable_shared_from_this<Recording> {
 public:
  // given: the parameters of a model, then the arrays of a batch; outputs: the loss, then each parameter's gradient.
  // Null where the step is more than kernels and what lies between them.
  static std::shared_ptr<Recording> make(const std::vector<mx::array>& given, const std::vector<mx::array>& outputs);

  // Places, among a batch's arrays, of those that the step reads or whose sizes it needs.
  const std::vector<int>& reads() const { return reads_; }

  // Whether the other one, of another batch, is the same but for sizes that follow as they do here.
  bool agrees(const Recording& other) const;

  // One step of Adam on every model: losses (models,) and the new vectors. Those hold parameter after parameter, and
  // within each model after model. arrays: of each model, as `reads` says; numbers: those of `AdamStep`, in its order.
  // Throws std::invalid_argument where arrays do not fit.
  std::vector<mx::array> step(const std::vector<mx::array>& vectors, const std::vector<double>& numbers,
                              const std::vector<std::vector<mx::array>>& arrays);

  struct Plan {
    std::vector<Value> values;
    size_t scratch = 0;
  };

 private:
  friend class Replay;
  struct Leaf {
    int array, value;  // value -1: only its sizes are needed
    int given;         // or -1, a constant
    std::optional<mx::array> constant;
  };

  explicit Recording(Trace trace);
  std::vector<Shape> follow(const std::vector<Shape>& leaves) const;  // shapes of all arrays
  std::vector<Shapes> of_steps(const std::vector<Shape>& shapes) const;
  void make_room(const std::vector<Shape>& shapes);

  std::vector<Step> steps_;
  std::vector<Derived> derived_;
  std::vector<Shape> traced_;      // shapes of the arrays when this was recorded
  std::vector<mx::Dtype> types_;
  std::vector<Leaf> leaves_;
  std::vector<int> reads_, outputs_, array_of_;  // the last: the array that a value is
  std::vector<size_t> sizes_, places_;           // of the parameters: numbers, and where they begin in one model
  std::shared_ptr<Plan> plan_;     // of the largest sizes so far
};

}  // namespace score
