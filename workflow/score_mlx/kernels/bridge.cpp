// Kernels as operations of MLX: lazy, differentiable, liftable with vmap, on the CPU.
#include <malloc.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "kernels.h"
#include "mlx/allocator.h"
#include "mlx/array.h"
#include "mlx/backend/cpu/encoder.h"
#include "mlx/ops.h"
#include "mlx/primitives.h"
#include "mlx/utils.h"

namespace nb = nanobind;
namespace mx = mlx::core;

namespace score {

static std::map<std::string, Op>& registry() {
  static std::map<std::string, Op> ops;
  return ops;
}
Register::Register(const char* name, Op op) { registry().emplace(name, std::move(op)); }
const Op& find(const std::string& name) {
  auto found = registry().find(name);
  if (found == registry().end()) throw std::invalid_argument("no kernel is called " + name);
  return found->second;
}

static std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& [name, op] : registry()) all.push_back(name);
  return all;
}

static std::vector<int> shape_of(const mx::array& a) { return {a.shape().begin(), a.shape().end()}; }

static Type type_of(const mx::array& a) {
  return a.dtype() == mx::float32 ? Type::FLOAT
         : a.dtype() == mx::int32 ? Type::INT
         : a.dtype() == mx::uint32 ? Type::UINT
                                   : Type::OTHER;
}

// A row-contiguous copy, made on the stream before the kernel that reads it. Every dtype here has four bytes.
static mx::array contiguous(const mx::array& a, mx::cpu::CommandEncoder& encoder) {
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

class Call : public mx::Primitive {
 public:
  // asked: for a backward pass, which of the differentiable inputs; empty for a forward pass.
  // lifted: which inputs have a leading axis, over `count` calls of which this is all; none are and count is 0 for one.
  Call(mx::Stream stream, std::string op, Params params, std::vector<int> asked = {}, std::vector<bool> lifted = {},
       int count = 0)
      : mx::Primitive(stream),
        name_(std::move(op)),
        params_(std::move(params)),
        asked_(std::move(asked)),
        lifted_(std::move(lifted)),
        count_(count) {}

  static std::vector<mx::array> make(const std::string& op, const std::vector<mx::array>& inputs, const Params& params) {
    return launch(std::make_shared<Call>(mx::default_stream(mx::Device(mx::Device::cpu)), op, params), inputs);
  }

  void eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) override {
    auto& encoder = mx::cpu::get_command_encoder(stream());
    std::vector<const float*> in;
    std::vector<size_t> in_step;  // from one call's numbers to the next one's
    auto shape = shapes(inputs);
    for (size_t i = 0; i < inputs.size(); i++) {
      in.push_back(contiguous(inputs[i], encoder).data<float>());
      in_step.push_back(lifted(i) ? inputs[i].size() / count_ : 0);
    }
    size_t places = asked_.empty() ? outputs.size() : find(name_).differentiable;
    std::vector<float*> out(places, nullptr);
    std::vector<size_t> out_step(places, 0);
    for (size_t i = 0; i < outputs.size(); i++) {
      size_t place = asked_.empty() ? i : asked_[i];
      outputs[i].set_data(mx::allocator::malloc(outputs[i].nbytes()));
      out[place] = !asked_.empty() && left_out(shape[place]) ? nullptr : outputs[i].data<float>();
      out_step[place] = count_ ? outputs[i].size() / count_ : 0;
    }
    bool forward = asked_.empty();
    encoder.dispatch([=, in = std::move(in), out = std::move(out), shape = std::move(shape), p = params_, name = name_,
                      own = own_inputs(inputs.size()), calls = std::max(count_, 1)]() mutable {
      const Op& op = find(name);
      for (int call = 0; call < calls; call++) {
        Args args{in.data(), out.data(), shape, p, own};
        if (forward) check_values(name, op, args);  // MLX hands what is thrown here to whoever evaluates
        (forward ? op.forward : op.backward)(args);
        for (size_t i = 0; i < in.size(); i++) in[i] += in_step[i];
        for (size_t i = 0; i < out.size(); i++) out[i] = out[i] ? out[i] + out_step[i] : nullptr;
      }
    });
  }

  void eval_gpu(const std::vector<mx::array>&, std::vector<mx::array>&) override {
    throw std::runtime_error("these kernels run on the CPU");
  }

  std::vector<mx::array> vjp(const std::vector<mx::array>& primals, const std::vector<mx::array>& cotangents,
                             const std::vector<int>& argnums, const std::vector<mx::array>& outputs) override {
    const Op& op = find(name_);
    if (!asked_.empty() || op.backward == nullptr) throw std::invalid_argument("no gradient of kernel " + name_);
    for (int i : argnums) {
      if (i >= op.differentiable) throw std::invalid_argument("no gradient for an index of kernel " + name_);
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

  // Many calls as one operation: one node, one dispatch, whatever the number of models side by side.
  std::pair<std::vector<mx::array>, std::vector<int>> vmap(const std::vector<mx::array>& inputs,
                                                           const std::vector<int>& axes) override {
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

  const char* name() const override { return name_.c_str(); }
  bool is_equivalent(const mx::Primitive& other) const override {
    const auto& call = static_cast<const Call&>(other);
    return name_ == call.name_ && params_ == call.params_ && asked_ == call.asked_ && lifted_ == call.lifted_ &&
           count_ == call.count_;
  }

 private:
  bool lifted(size_t input) const { return count_ && lifted_[input]; }

  // A backward pass reads the inputs, one cotangent and all outputs.
  int own_inputs(size_t given) const {
    return static_cast<int>(asked_.empty() ? given : given - 1 - find(name_).signature.gives());
  }

  static void check_values(const std::string& name, const Op& op, const Args& args) {
    op.signature.check_values(name, args.shape, args.p, args.in);
    const char* flaw = op.refuse ? op.refuse(args) : nullptr;
    if (flaw) throw std::invalid_argument("kernel " + name + ": " + flaw);
  }

  // What one call sees.
  Shapes shapes(const std::vector<mx::array>& inputs) const {
    Shapes own;
    for (size_t i = 0; i < inputs.size(); i++) {
      own.push_back(shape_of(inputs[i]));
      if (lifted(i)) own.back().erase(own.back().begin());
    }
    return own;
  }

  // Shapes of the forward pass's outputs. Throws where an array does not fit; `own`: what one call sees of each.
  Shapes checked(const std::vector<mx::array>& inputs, const Shapes& own) const {
    for (size_t i = 0; i < inputs.size(); i++)
      if (lifted(i) && inputs[i].shape(0) != count_)
        throw std::invalid_argument("kernel " + name_ + " is lifted over " + std::to_string(count_) + " and " +
                                    std::to_string(inputs[i].shape(0)) + " replicas");
    int first = own_inputs(inputs.size());
    std::vector<Type> types;
    for (int i = 0; i < first; i++) types.push_back(type_of(inputs[i]));
    Shapes inside(own.begin(), own.begin() + first);
    Shapes outputs = find(name_).signature.outputs(name_, types, inside, params_);
    const char* flaw = find(name_).misfit ? find(name_).misfit(inside) : nullptr;
    if (flaw) throw std::invalid_argument("kernel " + name_ + ": " + flaw);
    for (size_t i = first; i < inputs.size(); i++) {
      size_t output = i == static_cast<size_t>(first) ? 0 : i - first - 1;
      if (own[i] != outputs[output] || type_of(inputs[i]) != Type::FLOAT)
        throw std::invalid_argument("kernel " + name_ + ": a cotangent or output of another shape or type");
    }
    return outputs;
  }

  static std::vector<mx::array> launch(std::shared_ptr<Call> call, const std::vector<mx::array>& inputs) {
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

  std::string name_;
  Params params_;
  std::vector<int> asked_;
  std::vector<bool> lifted_;
  int count_;
};

}  // namespace score

// MLX takes every array's memory from the C library and gives it back right after use; by default the library then
// returns large pieces to the system, which hands out zeroed pages anew in every step.
static void keep_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);  // above 32 MB, as logits over 24,000 tokens are, no threshold would keep them
  mallopt(M_TRIM_THRESHOLD, 0x7fffffff);
  mallopt(M_TOP_PAD, 64 << 20);
  mallopt(M_ARENA_MAX, 1);
#endif
}

NB_MODULE(SCORE_MODULE, m) {
  m.doc() = "Compiled kernels of score_mlx.";
  keep_memory();
  m.def("names", &score::names, "Names of all kernels.");
  m.def("call", &score::Call::make, nb::arg("kernel"), nb::arg("inputs"), nb::arg("params") = score::Params{},
        "Outputs of a kernel: the result first, then what its gradient needs.");
}
