// Kernels as operations of MLX.
#include "call.h"

#include <algorithm>
#include <stdexcept>

#include "mlx/allocator.h"
#include "mlx/ops.h"
#include "mlx/utils.h"

namespace score {

static std::vector<int> shape_of(const mx::array& a) { return {a.shape().begin(), a.shape().end()}; }

static Type type_of(const mx::array& a) {
  return a.dtype() == mx::float32 ? Type::FLOAT
         : a.dtype() == mx::int32 ? Type::INT
         : a.dtype() == mx::uint32 ? Type::UINT
                                   : Type::OTHER;
}

mx::array contiguous(const mx::array& a, mx::cpu::CommandEncoder& encoder) {
  if (a.flags().row_contiguous) return a;
  mx::array copy(a.shape(), a.dtype(), nullptr, {});
  copy.set_data(mx::allocator::malloc(copy.nbytes()));
  encoder.add_temporary(copy);
  encoder.dispatch([from = a.data<uint32_t>(), to = copy.data<uint32_t>(), shape = shape_of(a),
                    strides = std::vector<int64_t>(a.strides().begin(), a.strides().end()), size = a.size()]() mutable {
    std::vector<int> at(shape.size(), 0);
    int64_t offset = 0;
    for (size_t i = 0; i < size; i++) {
      to[i] = from[offset];
      for (int d = static_cast<int>(shape.size()) - 1; d >= 0; d--) {
        offset += strides[d];
        if (++at[d] < shape[d]) break;
        offset -= strides[d] * shape[d];
        at[d] = 0;
      }
    }
  });
  return copy;
}

void settle(mx::Stream stream) {
  mx::synchronize(stream);  // throws what an operation before has thrown; then things are settled another time
  unsettled = false;
  while (mx::scheduler::n_active_tasks() > 0) mx::scheduler::notify_task_completion(stream);
}

void take_over(const mx::array& before, mx::array& output) {
  if (before.flags().row_contiguous && before.is_donatable()) output.copy_shared_buffer(before);
  else output.set_data(mx::allocator::malloc(output.nbytes()));
}

Call::Call(mx::Stream stream, std::string op, Params params, std::vector<int> asked, std::vector<bool> lifted, int count)
    : mx::Primitive(stream),
      name_(std::move(op)),
      op_(find(name_)),
      params_(std::move(params)),
      asked_(std::move(asked)),
      lifted_(std::move(lifted)),
      count_(count) {}

std::vector<mx::array> Call::make(const std::string& op, const std::vector<mx::array>& inputs, const Params& params) {
  return launch(std::make_shared<Call>(mx::default_stream(mx::Device(mx::Device::cpu)), op, params), inputs);
}

void Call::eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) {
  auto& encoder = mx::cpu::get_command_encoder(stream());
  std::vector<const float*> in;
  std::vector<size_t> in_step;  // from one call's numbers to the next one's
  auto shape = shapes(inputs);
  for (size_t i = 0; i < inputs.size(); i++) {
    in.push_back(contiguous(inputs[i], encoder).data<float>());
    in_step.push_back(lifted(i) ? inputs[i].size() / count_ : 0);
  }
  std::vector<float*> out(places(outputs.size()), nullptr);
  std::vector<size_t> out_step(out.size(), 0);
  for (size_t i = 0; i < outputs.size(); i++) {
    outputs[i].set_data(mx::allocator::malloc(outputs[i].nbytes()));
    out[place(i)] = outputs[i].data<float>();
    out_step[place(i)] = count_ ? outputs[i].size() / count_ : 0;
  }
  // MLX keeps this operation until all of it has run.
  auto self = std::static_pointer_cast<Call>(outputs[0].primitive_ptr());
  run_on(stream(), encoder, [self, in = std::move(in), out = std::move(out), shape = std::move(shape), in_step = std::move(in_step),
                             out_step = std::move(out_step)]() mutable {
    for (int call = 0; call < std::max(self->count_, 1); call++) {
      self->run(in.data(), out.data(), shape);
      for (size_t i = 0; i < in.size(); i++) in[i] += in_step[i];
      for (size_t i = 0; i < out.size(); i++) out[i] = out[i] ? out[i] + out_step[i] : nullptr;
    }
  });
}

void Call::run(const float* const* in, float* const* out, const Shapes& shape) const {
  int own = own_inputs(shape.size());
  Args args{in, out, shape, params_, own};
  if (asked_.empty()) {
    op_.signature.check_values(name_, shape, params_, in);
    const char* flaw = op_.refuse ? op_.refuse(args) : nullptr;
    if (flaw) throw std::invalid_argument("kernel " + name_ + ": " + flaw);
    op_.forward(args);
    return;
  }
  bool whole = true;
  for (int i : asked_) whole = whole && !left_out(shape[i]);
  if (whole) return op_.backward(args);
  std::vector<float*> given(out, out + op_.differentiable);
  for (int i : asked_)
    if (left_out(shape[i])) given[i] = nullptr;
  args.out = given.data();
  op_.backward(args);
}

void Call::eval_gpu(const std::vector<mx::array>&, std::vector<mx::array>&) {
  throw std::runtime_error("these kernels run on the CPU");
}

std::vector<mx::array> Call::vjp(const std::vector<mx::array>& primals, const std::vector<mx::array>& cotangents,
                           const std::vector<int>& argnums, const std::vector<mx::array>& outputs) {
  if (!asked_.empty() || op_.backward == nullptr) throw std::invalid_argument("no gradient of kernel " + name_);
  for (int i : argnums) {
    if (i >= op_.differentiable) throw std::invalid_argument("no gradient for an index of kernel " + name_);
  }
  std::vector<mx::array> inputs = primals;
  inputs.push_back(cotangents[0]);
  inputs.insert(inputs.end(), outputs.begin(), outputs.end());
  std::vector<bool> lifted = lifted_;
  if (count_) lifted.resize(inputs.size(), true);
  auto gradients = launch(std::make_shared<Call>(stream(), name_, params_, argnums, lifted, count_), inputs);
  for (size_t i = 0; count_ && i < argnums.size(); i++) {
    if (!lifted_[argnums[i]]) gradients[i] = mx::sum(gradients[i], 0);
  }
  return gradients;
}

std::pair<std::vector<mx::array>, std::vector<int>> Call::vmap(const std::vector<mx::array>& inputs,
                                                         const std::vector<int>& axes) {
  if (count_) throw std::invalid_argument("kernel " + name_ + " can be lifted by one vmap only");
  int count = 0;
  std::vector<mx::array> leading;
  std::vector<bool> lifted;
  for (size_t i = 0; i < inputs.size(); i++) {
    lifted.push_back(axes[i] >= 0);
    if (axes[i] >= 0 && count == 0) count = inputs[i].shape(axes[i]);
    leading.push_back(axes[i] > 0 ? mx::moveaxis(inputs[i], axes[i], 0) : inputs[i]);
  }
  if (count == 0) throw std::invalid_argument("kernel " + name_ + " is lifted over no replicas");
  auto outputs = launch(std::make_shared<Call>(stream(), name_, params_, asked_, lifted, count), leading);
  return {outputs, std::vector<int>(outputs.size(), 0)};
}

bool Call::is_equivalent(const mx::Primitive& other) const {
  const auto& call = static_cast<const Call&>(other);
  return name_ == call.name_ && params_ == call.params_ && asked_ == call.asked_ && lifted_ == call.lifted_ &&
         count_ == call.count_;
}

Shapes Call::shapes(const std::vector<mx::array>& inputs) const {
  Shapes own;
  for (size_t i = 0; i < inputs.size(); i++) {
    own.push_back(shape_of(inputs[i]));
    if (lifted(i)) own.back().erase(own.back().begin());
  }
  return own;
}

Shapes Call::results(const Shapes& own) const {
  if (!asked_.empty()) {
    Shapes gradients;
    for (int i : asked_) gradients.push_back(own[i]);
    return gradients;
  }
  Shapes outputs = op_.signature.outputs(name_, own, params_);
  const char* flaw = op_.misfit ? op_.misfit(own) : nullptr;
  if (flaw) throw std::invalid_argument("kernel " + name_ + ": " + flaw);
  return outputs;
}

// Shapes of the forward pass's outputs. Throws where an array does not fit; `own`: what one call sees of each.
Shapes Call::checked(const std::vector<mx::array>& inputs, const Shapes& own) const {
  for (size_t i = 0; i < inputs.size(); i++)
    if (lifted(i) && inputs[i].shape(0) != count_)
      throw std::invalid_argument("kernel " + name_ + " is lifted over " + std::to_string(count_) + " and " +
                                  std::to_string(inputs[i].shape(0)) + " replicas");
  int first = own_inputs(inputs.size());
  std::vector<Type> types;
  for (int i = 0; i < first; i++) types.push_back(type_of(inputs[i]));
  Shapes inside(own.begin(), own.begin() + first);
  Shapes outputs = op_.signature.outputs(name_, types, inside, params_);
  const char* flaw = op_.misfit ? op_.misfit(inside) : nullptr;
  if (flaw) throw std::invalid_argument("kernel " + name_ + ": " + flaw);
  for (size_t i = first; i < inputs.size(); i++) {
    size_t output = i == static_cast<size_t>(first) ? 0 : i - first - 1;
    if (own[i] != outputs[output] || type_of(inputs[i]) != Type::FLOAT)
      throw std::invalid_argument("kernel " + name_ + ": a cotangent or output of another shape or type");
  }
  return outputs;
}

std::vector<mx::array> Call::launch(std::shared_ptr<Call> call, const std::vector<mx::array>& inputs) {
  Shapes own = call->shapes(inputs), results = call->checked(inputs, own);
  if (!call->asked_.empty()) results.clear();
  for (int i : call->asked_) results.push_back(own[i]);
  std::vector<mx::Shape> shapes;
  for (const auto& s : results) {
    shapes.emplace_back(s.begin(), s.end());
    if (call->count_) shapes.back().insert(shapes.back().begin(), call->count_);
  }
  std::vector<mx::Dtype> types(shapes.size(), mx::float32);
  return mx::array::make_arrays(shapes, types, call, inputs);
}

}  // namespace score
