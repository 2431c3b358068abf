// Running a program.
#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>

#include "builder.h"
#include "mlx/allocator.h"
#include "program.h"

namespace score {

static std::atomic<int> threads{1};
int program_threads() { return threads; }
void set_program_threads(int count) {
  if (count < 1) throw std::invalid_argument("a program runs on at least 1 thread");
  threads = count;
}

void each_model(int models, size_t size, const std::function<void(int, float*)>& f) {
  static thread_local std::vector<std::vector<float>> scratch;  // kept, so that it stays in the cache
  int count = std::max(1, std::min(program_threads(), models));
  if (static_cast<int>(scratch.size()) < count) scratch.resize(count);
  std::vector<std::exception_ptr> failed(count);
  auto share = [&](int first, std::vector<float>& own) {
    try {
      if (own.size() < size) own.resize(size);
      for (int model = first; model < models; model += count) f(model, own.data());
    } catch (...) {
      failed[first] = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  for (int t = 1; t < count; t++) others.emplace_back(share, t, std::ref(scratch[t]));
  share(0, scratch[0]);
  for (auto& other : others) other.join();
  for (const auto& error : failed)
    if (error) std::rethrow_exception(error);
}

namespace {

class Program : public mx::Primitive {
 public:
  Program(mx::Stream stream, Builder made, int models)
      : mx::Primitive(stream), steps_(std::move(made.steps)), shapes_(std::move(made.shapes)),
        values_(std::move(made.values)), models_(models) {
    scratch_ = lay_out(values_, steps_);
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
    run_on(stream(), encoder, [self, in = std::move(in), out = std::move(out)] { self->run(in, out); });
  }

  void eval_gpu(const std::vector<mx::array>&, std::vector<mx::array>&) override {
    throw std::runtime_error("these kernels run on the CPU");
  }
  const char* name() const override { return "Program"; }

 private:
  void run(const std::vector<float*>& in, const std::vector<float*>& out) const {
    each_model(models_, scratch_, [&](int model, float* scratch) { run_model(model, scratch, in, out); });
  }

  void run_model(int model, float* scratch, const std::vector<float*>& in, const std::vector<float*>& out) const {
    std::vector<float*> memory(values_.size());
    for (size_t v = 0; v < values_.size(); v++) {
      const Value& value = values_[v];
      memory[v] = value.where == Value::SCRATCH  ? scratch + value.offset
                  : value.where == Value::OUTPUT ? out[value.index] + model * value.size
                                                 : in[value.index] + (value.shared ? 0 : model * value.size);
    }
    run_steps(steps_, shapes_, memory);
  }

  std::vector<Step> steps_;
  std::vector<Shapes> shapes_;
  std::vector<Value> values_;
  int models_;
  size_t scratch_ = 0;
};

}  // namespace

std::shared_ptr<mx::Primitive> make_program(mx::Stream stream, Builder builder, int models) {
  return std::make_shared<Program>(stream, std::move(builder), models);
}

}  // namespace score
