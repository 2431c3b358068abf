// Running a program.
#include <memory>
#include <stdexcept>

#include "builder.h"
#include "mlx/allocator.h"

namespace score {

namespace {

class Program : public mx::Primitive {
 public:
  Program(mx::Stream stream, std::vector<Step> steps, std::vector<Value> values, int models)
      : mx::Primitive(stream), steps_(std::move(steps)), values_(std::move(values)), models_(models) {
    scratch_ = lay_out(values_, steps_.size());
  }

  void eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) override {
    auto& encoder = mx::cpu::get_command_encoder(stream());
    std::vector<float*> in, out;
    for (const auto& input : inputs) in.push_back(const_cast<float*>(contiguous(input, encoder).data<float>()));
    for (auto& output : outputs) {
      output.set_data(mx::allocator::malloc(output.nbytes()));
      out.push_back(output.data<float>());
    }
    auto self = std::static_pointer_cast<Program>(outputs[0].primitive_ptr());
    encoder.dispatch([self, in = std::move(in), out = std::move(out)] { self->run(in, out); });
  }

  void eval_gpu(const std::vector<mx::array>&, std::vector<mx::array>&) override {
    throw std::runtime_error("these kernels run on the CPU");
  }
  const char* name() const override { return "Program"; }

 private:
  void run(const std::vector<float*>& in, const std::vector<float*>& out) const {
    static thread_local std::vector<float> scratch;  // kept, so that it stays in the cache
    if (scratch.size() < scratch_) scratch.resize(scratch_);
    std::vector<float*> memory(values_.size());
    for (int model = 0; model < models_; model++) {
      for (size_t v = 0; v < values_.size(); v++) {
        const Value& value = values_[v];
        memory[v] = value.where == Value::SCRATCH  ? scratch.data() + value.offset
                    : value.where == Value::OUTPUT ? out[value.index] + model * value.size
                                                   : in[value.index] + (value.shared ? 0 : model * value.size);
      }
      run_steps(steps_, memory);
    }
  }

  std::vector<Step> steps_;
  std::vector<Value> values_;
  int models_;
  size_t scratch_ = 0;
};

}  // namespace

std::shared_ptr<mx::Primitive> make_program(mx::Stream stream, Builder builder, int models) {
  return std::make_shared<Program>(stream, std::move(builder.steps), std::move(builder.values), models);
}

}  // namespace score
