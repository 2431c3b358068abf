// Programs in place of the kernels of a graph.
#include "graph.h"

#include "program.h"

namespace score {

static Step::Kind step_of(Node::Kind kind) {
  return kind == Node::CALL        ? Step::CALL
         : kind == Node::ADD       ? Step::ADD
         : kind == Node::TRANSPOSE ? Step::TRANSPOSE
         : kind == Node::JOIN      ? Step::JOIN
                                   : Step::CUT;
}

// The steps of a level.
void Graph::fill(Builder& b, int level) {
  for (const auto& node : nodes_) {
    if (!node.inside() || node.level != level) continue;
    if (node.kind == Node::VIEW) {
      int root = b.own_value(node.in[0]);
      b.number[node.out[0].id()] = root >= 0 ? root : b.input(replaced(node.in[0]), false);
      continue;
    }
    Step step{step_of(node.kind), nullptr, {}, {}};
    Shapes shape;
    if (node.kind == Node::CALL) {
      step.call = std::static_pointer_cast<Call>(node.out[0].primitive_ptr());
      shape = step.call->shapes(node.in);
    } else {
      shape.push_back(b.own(node.out[0]));
      for (const auto& input : node.in) shape.push_back(b.own(input));
      if (node.kind == Node::CUT)
        step.from = std::get<0>(static_cast<const mx::Slice&>(node.out[0].primitive()).state()).back();
    }
    for (size_t i = 0; i < node.in.size(); i++) {
      const mx::array& input = node.in[i];
      if (!node.reads(i)) {
        step.in.push_back(-1);
        continue;
      }
      int value = b.own_value(input);
      bool shared = node.kind == Node::CALL && lead_ && !step.call->lifted(i);
      step.in.push_back(value >= 0 ? value : b.input(replaced(input), shared));
    }
    for (const auto& out : node.out) step.out.push_back(b.write(out, needed_.count(out.id())));
    b.steps.push_back(std::move(step));
    b.shapes.push_back(std::move(shape));
  }
}

void Graph::program(int level) {
  Builder b(lead_);
  fill(b, level);
  if (b.outputs.empty()) return;
  std::vector<mx::Shape> shapes;
  for (const auto& out : b.outputs) shapes.push_back(out.shape());
  std::vector<mx::Dtype> types(shapes.size(), mx::float32);
  auto stream = b.outputs[0].primitive().stream();
  auto inputs = b.inputs, outputs = b.outputs;
  auto made = make_program(stream, std::move(b), std::max(models_, 1));
  auto anew = mx::array::make_arrays(std::move(shapes), types, made, inputs);
  for (size_t i = 0; i < anew.size(); i++) made_.emplace(outputs[i].id(), anew[i]);
}

std::vector<mx::array> gather(const std::vector<mx::array>& outputs) { return Graph(outputs).rebuilt(); }

}  // namespace score
