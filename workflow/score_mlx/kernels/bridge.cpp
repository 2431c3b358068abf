// Kernels as operations of MLX: lazy, differentiable, liftable with vmap, on the CPU.
#include <malloc.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

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
Register::Register(const char* name, Op op) { registry()[name] = op; }
const Op& find(const std::string& name) {
  auto found = registry().find(name);
  if (found == registry().end()) throw std::invalid_argument("no kernel is called " + name);
  return found->second;
}

static std::vector<int> shape_of(const mx::array& a) { return {a.shape().begin(), a.shape().end()}; }
static Shapes shapes_of(const std::vector<mx::array>& arrays) {
  Shapes shapes;
  for (const auto& a : arrays) shapes.push_back(shape_of(a));
  return shapes;
}

// A row-contiguous copy, made on the stream before the kernel that reads it. Every dtype here has four bytes.
static mx::array contiguous(const mx::array& a, mx::cpu::CommandEncoder& encoder) {
  if (a.itemsize() != 4) throw std::invalid_argument("kernels take arrays of 32-bit values only");
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
  Call(mx::Stream stream, std::string op, Params params, std::vector<int> asked = {})
      : mx::Primitive(stream), name_(std::move(op)), params_(std::move(params)), asked_(std::move(asked)) {}

  static std::vector<mx::array> make(const std::string& op, const std::vector<mx::array>& inputs, const Params& params) {
    std::vector<mx::Shape> shapes;
    for (const auto& s : find(op).shapes(shapes_of(inputs), params)) shapes.emplace_back(s.begin(), s.end());
    std::vector<mx::Dtype> types(shapes.size(), mx::float32);
    auto stream = mx::default_stream(mx::Device(mx::Device::cpu));
    return mx::array::make_arrays(shapes, types, std::make_shared<Call>(stream, op, params), inputs);
  }

  void eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) override {
    auto& encoder = mx::cpu::get_command_encoder(stream());
    std::vector<const float*> in;
    for (const auto& a : inputs) in.push_back(contiguous(a, encoder).data<float>());
    std::vector<float*> out(asked_.empty() ? outputs.size() : find(name_).differentiable, nullptr);
    for (size_t i = 0; i < outputs.size(); i++) {
      outputs[i].set_data(mx::allocator::malloc(outputs[i].nbytes()));
      out[asked_.empty() ? i : asked_[i]] = outputs[i].data<float>();
    }
    auto kernel = asked_.empty() ? find(name_).forward : find(name_).backward;
    encoder.dispatch([kernel, in = std::move(in), out = std::move(out), shape = shapes_of(inputs), p = params_]() {
      kernel(Args{in.data(), out.data(), shape, p});
    });
  }

  void eval_gpu(const std::vector<mx::array>&, std::vector<mx::array>&) override {
    throw std::runtime_error("these kernels run on the CPU");
  }

  std::vector<mx::array> vjp(const std::vector<mx::array>& primals, const std::vector<mx::array>& cotangents,
                             const std::vector<int>& argnums, const std::vector<mx::array>& outputs) override {
    const Op& op = find(name_);
    if (!asked_.empty() || op.backward == nullptr) throw std::invalid_argument("no gradient of kernel " + name_);
    std::vector<mx::Shape> shapes;
    for (int i : argnums) {
      if (i >= op.differentiable) throw std::invalid_argument("no gradient for an index of kernel " + name_);
      shapes.push_back(primals[i].shape());
    }
    std::vector<mx::array> inputs = primals;
    inputs.push_back(cotangents[0]);
    inputs.insert(inputs.end(), outputs.begin(), outputs.end());
    std::vector<mx::Dtype> types(shapes.size(), mx::float32);
    return mx::array::make_arrays(shapes, types, std::make_shared<Call>(stream(), name_, params_, argnums), inputs);
  }

  // One call for each element of the lifted axis: right rather than fast, since what is fast trains one by one.
  std::pair<std::vector<mx::array>, std::vector<int>> vmap(const std::vector<mx::array>& inputs,
                                                           const std::vector<int>& axes) override {
    int count = 1;
    for (size_t i = 0; i < axes.size(); i++) {
      if (axes[i] >= 0) count = inputs[i].shape(axes[i]);
    }
    std::vector<std::vector<mx::array>> parts;
    for (int r = 0; r < count; r++) {
      std::vector<mx::array> own;
      for (size_t i = 0; i < inputs.size(); i++) {
        own.push_back(axes[i] < 0 ? inputs[i] : mx::take(inputs[i], r, axes[i]));
      }
      parts.push_back(again(own));
    }
    std::vector<mx::array> stacked;
    for (size_t o = 0; o < parts[0].size(); o++) {
      std::vector<mx::array> column;
      for (auto& part : parts) column.push_back(part[o]);
      stacked.push_back(mx::stack(column, 0));
    }
    return {stacked, std::vector<int>(stacked.size(), 0)};
  }

  const char* name() const override { return name_.c_str(); }
  bool is_equivalent(const mx::Primitive& other) const override {
    const auto& call = static_cast<const Call&>(other);
    return name_ == call.name_ && params_ == call.params_ && asked_ == call.asked_;
  }

 private:
  // The same call on other arrays.
  std::vector<mx::array> again(const std::vector<mx::array>& inputs) {
    if (asked_.empty()) return make(name_, inputs, params_);
    std::vector<mx::Shape> shapes;
    for (int i : asked_) shapes.push_back(inputs[i].shape());
    std::vector<mx::Dtype> types(shapes.size(), mx::float32);
    return mx::array::make_arrays(shapes, types, std::make_shared<Call>(stream(), name_, params_, asked_), inputs);
  }

  std::string name_;
  Params params_;
  std::vector<int> asked_;
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
  m.def("call", &score::Call::make, nb::arg("kernel"), nb::arg("inputs"), nb::arg("params") = score::Params{},
        "Outputs of a kernel: the result first, then what its gradient needs.");
}
