// A step of AdamW in one pass over memory, which writes where it reads. MLX's compiled chain writes new arrays: the
// memory of three more tables of 24,000 rows, all of which has to be fetched before it is written.
#include "adamw.h"

#include <array>
#include <cmath>
#include <stdexcept>
#include <string>

#include "call.h"
#include "mlx/utils.h"

namespace score {

namespace {

enum { PARAMETER, GRADIENT, MEAN, SQUARE, RATE, CORRECTION, CORRECTION_OF_SQUARE, INPUTS };
enum { DECAY, DECAY_OF_SQUARE, EPSILON, WEIGHT_DECAY, NUMBERS };
const char* const NAMES[] = {"the parameter", "the gradient", "the mean", "the square",
                             "the rate", "the mean's correction", "the square's correction"};
constexpr int MOVED[] = {PARAMETER, MEAN, SQUARE};  // inputs of which the outputs are the next values

using Numbers = std::array<float, NUMBERS>;

// parameter (1 - rate weight_decay) - rate correction mean / (sqrt(correction_of_square square) + epsilon), after both
// moments have moved. Each place is read before it is written.
void move(const std::array<const float*, INPUTS>& in, const std::array<float*, 3>& out, size_t n, const Numbers& p) {
  float b1 = p[DECAY], b2 = p[DECAY_OF_SQUARE], c1 = 1 - b1, c2 = 1 - b2, epsilon = p[EPSILON];
  float rate = *in[RATE], correction = *in[CORRECTION], of_square = *in[CORRECTION_OF_SQUARE];
  float kept = 1 - rate * p[WEIGHT_DECAY];
  const float *parameter = in[PARAMETER], *gradient = in[GRADIENT], *mean = in[MEAN], *square = in[SQUARE];
  float *to = out[0], *to_mean = out[1], *to_square = out[2];
#pragma omp simd
  for (size_t i = 0; i < n; i++) {
    float g = gradient[i], m = b1 * mean[i] + c1 * g, s = b2 * square[i] + c2 * (g * g);
    to_mean[i] = m;
    to_square[i] = s;
    to[i] = parameter[i] * kept - rate * (correction * m) / (std::sqrt(of_square * s) + epsilon);
  }
}

class AdamW : public mx::Primitive {
 public:
  AdamW(mx::Stream stream, const Numbers& numbers) : mx::Primitive(stream), numbers_(numbers) {}

  void eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) override {
    auto& encoder = mx::cpu::get_command_encoder(stream());
    let_go(inputs, outputs);
    std::array<const float*, INPUTS> in;
    for (int i = 0; i < INPUTS; i++) in[i] = contiguous(inputs[i], encoder).data<float>();
    std::array<float*, 3> out;
    for (int i = 0; i < 3; i++) {
      take_over(inputs[MOVED[i]], outputs[i]);
      out[i] = outputs[i].data<float>();
    }
    encoder.dispatch([in, out, n = outputs[0].size(), p = numbers_] { move(in, out, n, p); });
  }

  void eval_gpu(const std::vector<mx::array>&, std::vector<mx::array>&) override {
    throw std::runtime_error("these kernels run on the CPU");
  }
  const char* name() const override { return "AdamW"; }

 private:
  // Each output holds the inputs. Those that are not asked for them let them go, or no memory would be free to take.
  static void let_go(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) {
    bool held = false;  // by one of the outputs, not by a copy that MLX makes where inputs must stay
    for (auto& output : outputs) held = held || &output.inputs() == &inputs;
    for (auto& output : outputs)
      if (held && &output.inputs() != &inputs) output.inputs().clear();
  }

  Numbers numbers_;
};

}  // namespace

std::vector<mx::array> adamw(const std::vector<mx::array>& inputs, const std::vector<double>& numbers) {
  if (inputs.size() != INPUTS || numbers.size() != NUMBERS)
    throw std::invalid_argument("kernel adamw: " + std::to_string(inputs.size()) + " arrays and " +
                                std::to_string(numbers.size()) + " numbers, expected 7 and 4");
  for (int i = 0; i < INPUTS; i++) {
    std::string which = std::string("kernel adamw: ") + NAMES[i];
    if (inputs[i].dtype() != mx::float32) throw std::invalid_argument(which + " is not float32");
    if (i < RATE && inputs[i].shape() != inputs[PARAMETER].shape())
      throw std::invalid_argument(which + " is of another shape than the parameter");
    if (i >= RATE && inputs[i].size() != 1) throw std::invalid_argument(which + " is no scalar");
  }
  Numbers p;
  for (int i = 0; i < NUMBERS; i++) p[i] = static_cast<float>(numbers[i]);
  auto primitive = std::make_shared<AdamW>(mx::default_stream(mx::Device(mx::Device::cpu)), p);
  std::vector<mx::Shape> shapes(3, inputs[PARAMETER].shape());
  return mx::array::make_arrays(shapes, {mx::float32, mx::float32, mx::float32}, primitive, inputs);
}

}  // namespace score
