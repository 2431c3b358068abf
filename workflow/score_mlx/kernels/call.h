// A kernel as an operation of MLX: lazy, differentiable, liftable with vmap, on the CPU.
#pragma once

#include <atomic>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "kernels.h"
#include "mlx/array.h"
#include "mlx/backend/cpu/encoder.h"
#include "mlx/primitives.h"
#include "mlx/scheduler.h"

namespace score {

namespace mx = mlx::core;

// A row-contiguous copy, made on the stream before the kernel that reads it, where an array is not. Of 32-bit values.
mx::array contiguous(const mx::array& a, mx::cpu::CommandEncoder& encoder);

// Gives an output memory: that of the array whose next value it is, where nobody else needs it.
void take_over(const mx::array& before, mx::array& output);

// Waits for what the stream has begun and sets right how many operations MLX takes to be running.
void settle(mx::Stream stream);

// Whether an error was thrown since the last time that things were settled.
inline std::atomic<bool> unsettled{false};

// Runs f on the stream; what it throws reaches whoever evaluates. MLX counts some operations as running until one after
// them has run. Not so after an error: so it is thrown by a task that MLX does not count, and what it had just begun is
// taken off the count before the next kernel. Otherwise MLX would one day wait forever for what is long done.
template <class F>
void run_on(mx::Stream stream, mx::cpu::CommandEncoder& encoder, F f) {
  if (unsettled) settle(stream);
  auto error = std::make_shared<std::exception_ptr>();
  encoder.dispatch([error, f = std::move(f)]() mutable {
    try {
      f();
    } catch (...) {
      *error = std::current_exception();
    }
  });
  mx::scheduler::enqueue(stream, [error] {
    if (!*error) return;
    unsettled = true;
    std::rethrow_exception(*error);
  });
}

class Call : public mx::Primitive {
 public:
  // asked: for a backward pass, which of the differentiable inputs; empty for a forward pass.
  // lifted: which inputs have a leading axis, over `count` calls of which this is all; none are and count is 0 for one.
  Call(mx::Stream stream, std::string op, Params params, std::vector<int> asked = {}, std::vector<bool> lifted = {},
       int count = 0);

  static std::vector<mx::array> make(const std::string& op, const std::vector<mx::array>& inputs, const Params& params);

  void eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) override;
  void eval_gpu(const std::vector<mx::array>&, std::vector<mx::array>&) override;
  std::vector<mx::array> vjp(const std::vector<mx::array>& primals, const std::vector<mx::array>& cotangents,
                             const std::vector<int>& argnums, const std::vector<mx::array>& outputs) override;

  // Many calls as one operation: one node, one dispatch, whatever the number of models side by side.
  std::pair<std::vector<mx::array>, std::vector<int>> vmap(const std::vector<mx::array>& inputs,
                                                           const std::vector<int>& axes) override;

  const char* name() const override { return name_.c_str(); }
  bool is_equivalent(const mx::Primitive& other) const override;

  // -- what one of `count` calls reads and writes, for whoever runs it ------------------------------------------------
  int count() const { return count_; }
  bool lifted(size_t input) const { return count_ && lifted_[input]; }
  Shapes shapes(const std::vector<mx::array>& inputs) const;  // what one call sees of each input
  Shapes results(const Shapes& own) const;  // of one call's outputs, from its inputs', of which the types are right

  // Places among the kernel's outputs or gradients, and where each of the operation's outputs stands.
  size_t places(size_t outputs) const { return asked_.empty() ? outputs : op_.differentiable; }
  size_t place(size_t output) const { return asked_.empty() ? output : asked_[output]; }

  // The input whose place the first output may take, or -1.
  int overwrites() const { return !op_.in_place ? -1 : asked_.empty() ? 0 : op_.signature.takes(); }

  // Whether it reads an input: a backward kernel may do without some.
  bool reads(size_t input) const { return asked_.empty() || input >= 32 || !(op_.unread >> input & 1); }

  // One call; gradients for inputs that were left out have no memory. Throws where an index has a wrong value.
  void run(const float* const* in, float* const* out, const Shapes& shape) const;

 private:
  // A backward pass reads the inputs, one cotangent and all outputs.
  int own_inputs(size_t given) const {
    return static_cast<int>(asked_.empty() ? given : given - 1 - op_.signature.gives());
  }
  Shapes checked(const std::vector<mx::array>& inputs, const Shapes& own) const;
  static std::vector<mx::array> launch(std::shared_ptr<Call> call, const std::vector<mx::array>& inputs);

  std::string name_;
  const Op& op_;
  Params params_;
  std::vector<int> asked_;
  std::vector<bool> lifted_;
  int count_;
};

}  // namespace score
