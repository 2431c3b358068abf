// Finding how a graph's shapes follow from each other.
#include "trace.h"

#include "graph.h"

namespace score {

std::optional<Trace> Graph::traced() {
  if (models_) return std::nullopt;
  for (const auto& node : nodes_) {
    if (node.inside() && node.level != 1) return std::nullopt;
    for (size_t i = 0; i < node.in.size() && !node.inside(); i++)
      if (given_.count(node.in[i].id()) || (node.from[i] >= 0 && nodes_[node.from[i]].inside())) return std::nullopt;
  }
  Trace trace;
  fill(trace.builder, 1);
  std::unordered_map<std::uintptr_t, int> numbers;
  auto number = [&](const mx::array& a) {
    auto [found, fresh] = numbers.emplace(a.id(), static_cast<int>(trace.arrays.size()));
    if (fresh) trace.arrays.push_back(a);
    return found->second;
  };
  int step = 0;
  for (const auto& node : nodes_) {
    if (!node.inside()) continue;
    bool view = node.kind == Node::VIEW, copy = view && std::strcmp(node.out[0].primitive().name(), "Copy") == 0;
    Derived one{view ? -1 : step++, copy, {}, {}};
    for (const auto& input : node.in) one.in.push_back(number(input));
    for (const auto& out : node.out) one.out.push_back(number(out));
    trace.derived.push_back(std::move(one));
  }
  for (const auto& output : outputs_) {
    auto found = trace.builder.number.find(first(output).id());
    if (found == trace.builder.number.end()) return std::nullopt;  // no step makes it
    trace.outputs.push_back(found->second);
  }
  return trace;
}

std::optional<Trace> trace(const std::vector<mx::array>& outputs, const std::vector<mx::array>& given) {
  return Graph(outputs, given).traced();
}

}  // namespace score
