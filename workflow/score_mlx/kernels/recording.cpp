// Recording and running steps.
#include "recording.h"

#include <algorithm>
#include <stdexcept>
#include <unordered_map>

#include "adam.h"
#include "mlx/allocator.h"
#include "mlx/ops.h"
#include "mlx/transforms.h"
#include "program.h"

namespace score {

namespace {

Shape shape_of(const mx::array& a) { return {a.shape().begin(), a.shape().end()}; }

size_t numbers(const Shape& shape, size_t from = 0) {
  size_t n = 1;
  for (size_t d = from; d < shape.size(); d++) n *= shape[d];
  return n;
}

// The shape of a view: what was recorded but for its first axis.
Shape viewed(const Shape& of, Shape traced) {
  size_t row = numbers(traced, 1), all = numbers(of);
  if (traced.empty() ? all != 1 : row == 0 || all % row != 0) throw std::invalid_argument("a view of another size");
  if (!traced.empty()) traced[0] = static_cast<int>(all / row);
  return traced;
}

}  // namespace

// A step of all models as an operation of MLX. Inputs: three vectors, then each model's arrays.
class Replay : public mx::Primitive {
 public:
  Replay(mx::Stream stream, std::shared_ptr<Recording> recording, std::vector<std::vector<Shapes>> shapes, AdamStep adam)
      : mx::Primitive(stream), recording_(std::move(recording)), plan_(recording_->plan_), shapes_(std::move(shapes)),
        adam_(adam) {}

  void eval_cpu(const std::vector<mx::array>& inputs, std::vector<mx::array>& outputs) override {
    auto& encoder = mx::cpu::get_command_encoder(stream());
    std::vector<float*> in, out;
    for (const auto& input : inputs) in.push_back(const_cast<float*>(contiguous(input, encoder).data<float>()));
    outputs[0].set_data(mx::allocator::malloc(outputs[0].nbytes()));
    for (size_t v = 0; v < VECTORS; v++) take_over(inputs[v], outputs[1 + v]);
    for (auto& output : outputs) out.push_back(output.data<float>());
    auto self = std::static_pointer_cast<Replay>(outputs[0].primitive_ptr());
    run_on(stream(), encoder, [self, in = std::move(in), out = std::move(out)] {
      each_model(static_cast<int>(self->shapes_.size()), self->plan_->scratch,
                 [&](int model, float* scratch) { self->run(model, scratch, in, out); });
    });
  }

  void eval_gpu(const std::vector<mx::array>&, std::vector<mx::array>&) override {
    throw std::runtime_error("these kernels run on the CPU");
  }
  const char* name() const override { return "Replay"; }

 private:
  static constexpr size_t VECTORS = 3;

  void run(int model, float* scratch, const std::vector<float*>& in, const std::vector<float*>& out) const {
    const Recording& r = *recording_;
    size_t models = shapes_.size(), parameters = r.sizes_.size();
    auto place = [&](size_t p) { return models * r.places_[p] + model * r.sizes_[p]; };
    std::vector<float*> memory(plan_->values.size(), nullptr);
    for (size_t v = 0; v < memory.size(); v++)
      if (plan_->values[v].where == Value::SCRATCH) memory[v] = scratch + plan_->values[v].offset;
    for (const auto& leaf : r.leaves_) {
      if (leaf.value < 0) continue;
      size_t given = leaf.given;
      if (leaf.given < 0) memory[leaf.value] = const_cast<float*>(leaf.constant->data<float>());
      else if (given < parameters) memory[leaf.value] = in[0] + place(given);
      else {
        auto read = std::lower_bound(r.reads_.begin(), r.reads_.end(), static_cast<int>(given - parameters));
        memory[leaf.value] = in[VECTORS + model * r.reads_.size() + (read - r.reads_.begin())];
      }
    }
    memory[r.outputs_[0]] = out[0] + model;
    run_steps(r.steps_, shapes_[model], memory);
    Moments<const float> from{in[0], in[1], in[2]};
    Moments<float> to{out[1], out[2], out[3]};
    for (size_t p = 0; p < parameters; p++)
      adam_piece(adam_, r.sizes_[p], memory[r.outputs_[1 + p]], from.at(place(p)), to.at(place(p)));
  }

  std::shared_ptr<Recording> recording_;
  std::shared_ptr<const Recording::Plan> plan_;
  std::vector<std::vector<Shapes>> shapes_;
  AdamStep adam_;
};

Recording::Recording(Trace trace)
    : steps_(std::move(trace.builder.steps)), derived_(std::move(trace.derived)), outputs_(std::move(trace.outputs)),
      plan_(std::make_shared<Plan>()) {
  for (const auto& a : trace.arrays) {
    traced_.push_back(shape_of(a));
    types_.push_back(a.dtype());
  }
  plan_->values = std::move(trace.builder.values);
  array_of_.assign(plan_->values.size(), -1);
  for (const auto& d : derived_)
    for (size_t i = 0; d.step >= 0 && i < d.out.size(); i++) array_of_[steps_[d.step].out[i]] = d.out[i];
}

std::shared_ptr<Recording> Recording::make(const std::vector<mx::array>& given, const std::vector<mx::array>& outputs) {
  auto found = trace(outputs, given);
  if (!found || numbers(shape_of(outputs[0])) != 1) return nullptr;
  auto arrays = found->arrays;
  auto values = found->builder.input_number;
  std::shared_ptr<Recording> made(new Recording(std::move(*found)));
  Recording& r = *made;
  size_t parameters = outputs.size() - 1;
  for (size_t p = 0, place = 0; p < parameters; place += r.sizes_[p++]) {
    r.sizes_.push_back(given[p].size());
    r.places_.push_back(place);
  }
  std::unordered_map<std::uintptr_t, int> place;
  for (size_t g = 0; g < given.size(); g++) place.emplace(given[g].id(), static_cast<int>(g));
  std::vector<bool> made_here(arrays.size(), false);
  for (const auto& d : r.derived_)
    for (int a : d.out) made_here[a] = true;
  for (size_t a = 0; a < arrays.size(); a++) {
    if (made_here[a]) continue;
    auto known = place.find(arrays[a].id());
    auto value = values.find(arrays[a].id());
    Leaf leaf{static_cast<int>(a), value == values.end() ? -1 : value->second, known == place.end() ? -1 : known->second, {}};
    if (leaf.given < 0) {
      if (arrays[a].size() > 1 || arrays[a].itemsize() != 4) return nullptr;  // a size may be that of a batch
      leaf.constant = mx::contiguous(arrays[a]);
      mx::eval(*leaf.constant);
    } else if (leaf.given >= static_cast<int>(parameters)) {
      r.reads_.push_back(leaf.given - static_cast<int>(parameters));
    }
    r.leaves_.push_back(std::move(leaf));
  }
  std::sort(r.reads_.begin(), r.reads_.end());
  for (size_t o = 0; o < r.outputs_.size(); o++) {
    Value& value = r.plan_->values[r.outputs_[o]];
    if (value.where == Value::INPUT) return nullptr;
    value.where = o ? Value::SCRATCH : Value::OUTPUT;
    value.last = static_cast<int>(r.steps_.size());  // Adam reads the gradients when all steps are done
  }
  r.plan_->scratch = lay_out(r.plan_->values, r.steps_);
  return made;
}

bool Recording::agrees(const Recording& other) const {
  if (steps_.size() != other.steps_.size() || derived_.size() != other.derived_.size() || reads_ != other.reads_ ||
      outputs_ != other.outputs_ || leaves_.size() != other.leaves_.size() || traced_.size() != other.traced_.size())
    return false;
  for (size_t s = 0; s < steps_.size(); s++) {
    const Step &one = steps_[s], &two = other.steps_[s];
    if (one.kind != two.kind || one.in != two.in || one.out != two.out || one.from != two.from) return false;
    if (one.call && !one.call->is_equivalent(*two.call)) return false;
  }
  for (size_t d = 0; d < derived_.size(); d++)
    if (derived_[d].step != other.derived_[d].step || derived_[d].in != other.derived_[d].in ||
        derived_[d].out != other.derived_[d].out)
      return false;
  std::vector<Shape> leaves;
  for (size_t l = 0; l < leaves_.size(); l++) {
    const Leaf &one = leaves_[l], &two = other.leaves_[l];
    if (one.array != two.array || one.value != two.value || one.given != two.given) return false;
    if (one.constant && one.constant->size() &&
        (one.constant->dtype() != two.constant->dtype() || *one.constant->data<uint32_t>() != *two.constant->data<uint32_t>()))
      return false;
    leaves.push_back(other.traced_[two.array]);
  }
  try {
    return follow(leaves) == other.traced_;
  } catch (const std::invalid_argument&) {
    return false;
  }
}

std::vector<Shape> Recording::follow(const std::vector<Shape>& leaves) const {
  std::vector<Shape> at(traced_.size());
  for (size_t l = 0; l < leaves.size(); l++) at[leaves_[l].array] = leaves[l];
  for (const auto& d : derived_) {
    const Shape& first = at[d.in[0]];
    if (d.step < 0) {
      at[d.out[0]] = d.copy ? first : viewed(first, traced_[d.out[0]]);
      continue;
    }
    const Step& step = steps_[d.step];
    if (step.kind == Step::CALL) {
      Shapes own;
      for (int a : d.in) own.push_back(at[a]);
      Shapes results = step.call->results(own);
      for (size_t i = 0; i < d.out.size(); i++) at[d.out[i]] = std::move(results[i]);
      continue;
    }
    Shape& out = at[d.out[0]] = first;
    if (step.kind == Step::TRANSPOSE) std::swap(out[0], out[1]);
    if (step.kind == Step::CUT) out.back() = traced_[d.out[0]].back();
    if (step.kind == Step::JOIN) {
      out.back() = 0;
      for (int a : d.in) out.back() += at[a].back();
    }
  }
  return at;
}

std::vector<Shapes> Recording::of_steps(const std::vector<Shape>& shapes) const {
  std::vector<Shapes> out(steps_.size());
  for (const auto& d : derived_) {
    if (d.step < 0) continue;
    if (steps_[d.step].kind != Step::CALL) out[d.step].push_back(shapes[d.out[0]]);
    for (int a : d.in) out[d.step].push_back(shapes[a]);
  }
  return out;
}

// Scratch memory that holds these, too. Steps that still wait keep the plan they were made with.
void Recording::make_room(const std::vector<Shape>& shapes) {
  bool fits = true;
  for (size_t v = 0; v < array_of_.size(); v++)
    fits = fits && (array_of_[v] < 0 || numbers(shapes[array_of_[v]]) <= plan_->values[v].size);
  if (fits) return;
  auto plan = std::make_shared<Plan>(*plan_);
  for (size_t v = 0; v < array_of_.size(); v++)
    if (array_of_[v] >= 0) plan->values[v].size = std::max(plan->values[v].size, numbers(shapes[array_of_[v]]));
  plan->scratch = lay_out(plan->values, steps_);
  plan_ = std::move(plan);
}

std::vector<mx::array> Recording::step(const std::vector<mx::array>& vectors, const std::vector<double>& numbers,
                                       const std::vector<std::vector<mx::array>>& arrays) {
  size_t parameters = sizes_.size(), all = parameters ? places_.back() + sizes_.back() : 0;
  int models = static_cast<int>(arrays.size());
  if (vectors.size() != 3 || numbers.size() != 5 || !models) throw std::invalid_argument("three vectors, five numbers, models");
  for (const auto& vector : vectors)
    if (vector.dtype() != mx::float32 || vector.size() != models * all)
      throw std::invalid_argument("a vector of " + std::to_string(vector.size()) + " numbers, expected " +
                                  std::to_string(models * all));
  std::vector<mx::array> inputs = vectors;
  std::vector<std::vector<Shapes>> shapes;
  for (const auto& own : arrays) {
    if (own.size() != reads_.size()) throw std::invalid_argument("a model with " + std::to_string(own.size()) + " arrays");
    std::vector<Shape> leaves;
    for (const auto& leaf : leaves_) {
      if (leaf.given < static_cast<int>(parameters)) {
        leaves.push_back(traced_[leaf.array]);
        continue;
      }
      auto read = std::lower_bound(reads_.begin(), reads_.end(), leaf.given - static_cast<int>(parameters));
      const mx::array& a = own[read - reads_.begin()];
      if (a.dtype() != types_[leaf.array]) throw std::invalid_argument("an array of another type than was recorded");
      leaves.push_back(shape_of(a));
    }
    auto followed = follow(leaves);
    make_room(followed);
    shapes.push_back(of_steps(followed));
    inputs.insert(inputs.end(), own.begin(), own.end());
  }
  AdamStep adam{numbers[0], numbers[1], static_cast<float>(numbers[2]), static_cast<float>(numbers[3]),
                static_cast<float>(numbers[4])};
  auto stream = mx::default_stream(mx::Device(mx::Device::cpu));
  auto replay = std::make_shared<Replay>(stream, shared_from_this(), std::move(shapes), adam);
  std::vector<mx::Shape> out{{models}, vectors[0].shape(), vectors[1].shape(), vectors[2].shape()};
  return mx::array::make_arrays(std::move(out), std::vector<mx::Dtype>(4, mx::float32), replay, inputs);
}

}  // namespace score
