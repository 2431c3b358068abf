// A graph of MLX's arrays, and which of its operations belong into programs.
#pragma once

#include <algorithm>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "builder.h"
#include "trace.h"

namespace score {

struct Node {
  enum Kind { OTHER, CALL, VIEW, ADD, TRANSPOSE, JOIN, CUT } kind;
  std::vector<mx::array> out, in;
  std::vector<int> from;  // node of each input, -1 for one that is there
  int level;              // even: MLX's own; odd: of a program
  bool reads(size_t i) const { return kind != CALL || static_cast<const Call&>(out[0].primitive()).reads(i); }
  bool inside() const { return kind != OTHER; }
};

class Graph {
 public:
  // given: arrays of whose views a program may be made, too.
  explicit Graph(const std::vector<mx::array>& outputs, const std::vector<mx::array>& given = {}) : outputs_(outputs) {
    for (const auto& array : given) given_.emplace(array.id());
    for (const auto& output : outputs) visit(output);
    for (const auto& node : nodes_)
      if (auto* call = called(node.out[0]); call && call->count()) models_ = call->count();
    lead_ = models_ ? 1 : 0;
    for (auto& node : nodes_) classify(node);
    for (const auto& node : nodes_)
      for (size_t i = 0; i < node.from.size(); i++)
        if (node.from[i] >= 0 && nodes_[node.from[i]].inside() && nodes_[node.from[i]].level != node.level && node.reads(i))
          need(node.in[i], node.from[i]);
    for (const auto& output : outputs)
      if (int n = producer(output); n >= 0 && nodes_[n].inside()) need(first(output), n);
  }

  std::optional<Trace> traced();

  std::vector<mx::array> rebuilt() {
    int levels = 0;
    for (const auto& node : nodes_) levels = std::max(levels, node.level);
    for (int level = 0; level <= levels; level++) level % 2 ? program(level) : others(level);
    std::vector<mx::array> out;
    for (const auto& output : outputs_) out.push_back(replaced(first(output)));
    return out;
  }

 private:
  static const Call* called(const mx::array& a) { return dynamic_cast<const Call*>(&a.primitive()); }
  int producer(const mx::array& a) const {
    if (!a.has_primitive()) return -1;
    auto found = number_.find(a.primitive_id());
    return found == number_.end() ? -1 : found->second;
  }

  // Nodes in an order in which inputs come first; without recursion, which a long graph would not survive.
  void visit(const mx::array& output) {
    std::vector<std::pair<mx::array, size_t>> open;
    auto enter = [&](const mx::array& a) {
      if (a.has_primitive() && a.status() == mx::array::Status::unscheduled && seen_.emplace(a.primitive_id(), 0).second)
        open.emplace_back(a, 0);
    };
    enter(output);
    while (!open.empty()) {
      auto& [a, next] = open.back();
      if (next < a.inputs().size()) {
        mx::array input = a.inputs()[next++];
        enter(input);
        continue;
      }
      Node node{Node::OTHER, a.outputs(), {}, {}, 0};
      for (const auto& input : a.inputs()) {
        node.in.push_back(first(input));
        node.from.push_back(producer(node.in.back()));
      }
      add(std::move(node));
      open.pop_back();
    }
  }

  // A node, unless an earlier one computes the same of the same arrays: what a shared block makes of bonds alone.
  void add(Node node) {
    int number = static_cast<int>(nodes_.size());
    if (auto* call = called(node.out[0]); call && !node.in.empty()) {
      std::uintptr_t key = 0;
      for (const auto& input : node.in) key = key * 31 + input.id();
      for (int other : same_input_[key]) {
        const Node& known = nodes_[other];
        auto equal = [](const mx::array& x, const mx::array& y) { return x.id() == y.id(); };
        if (!std::equal(known.in.begin(), known.in.end(), node.in.begin(), node.in.end(), equal)) continue;
        if (!call->is_equivalent(known.out[0].primitive())) continue;
        for (size_t i = 0; i < node.out.size(); i++) first_.emplace(node.out[i].id(), known.out[i]);
        number_[node.out[0].primitive_id()] = other;
        return;
      }
      same_input_[key].push_back(number);
    }
    number_[node.out[0].primitive_id()] = number;
    nodes_.push_back(std::move(node));
  }

  // The array that was computed first among equal ones.
  const mx::array& first(const mx::array& a) const {
    auto found = first_.find(a.id());
    return found == first_.end() ? a : found->second;
  }

  void classify(Node& node) {
    node.kind = kind_of(node);
    node.level = node.inside() ? 1 : 0;
    for (int n : node.from)
      if (n >= 0) node.level = std::max(node.level, nodes_[n].level + (nodes_[n].inside() != node.inside()));
  }

  bool of_models(const mx::array& a) const {
    return a.dtype() == mx::float32 && (!lead_ || (a.ndim() > 0 && a.shape(0) == models_));
  }

  Node::Kind kind_of(const Node& node) const {
    const mx::array& out = node.out[0];
    if (auto* call = called(out)) return call->count() == models_ ? Node::CALL : Node::OTHER;
    bool fed = false, fitting = node.out.size() == 1 && of_models(out) && !node.in.empty();
    for (size_t i = 0; i < node.in.size(); i++) {
      fed = fed || (node.from[i] >= 0 && nodes_[node.from[i]].inside()) || given_.count(node.in[i].id());
      fitting = fitting && of_models(node.in[i]);
    }
    const char* name = out.primitive().name();
    auto is = [name](const char* other) { return std::strcmp(name, other) == 0; };
    if (is("Copy") && given_.count(node.in[0].id())) return Node::VIEW;  // also of an index: a gradient's inputs are copies
    if (!fed || !fitting) return Node::OTHER;
    if (is("Copy") || is("Reshape") || is("Squeeze") || is("ExpandDims") || is("Flatten") || is("Unflatten"))
      return Node::VIEW;
    if (is("Add") && node.in[0].shape() == out.shape() && node.in[1].shape() == out.shape()) return Node::ADD;
    if (is("Transpose")) return out.ndim() == static_cast<size_t>(lead_ + 2) && turned(out) ? Node::TRANSPOSE : Node::OTHER;
    if (is("Concatenate")) return out.ndim() > static_cast<size_t>(lead_) && joined(out) ? Node::JOIN : Node::OTHER;
    if (is("Slice")) return out.ndim() > static_cast<size_t>(lead_) && columns(out) ? Node::CUT : Node::OTHER;
    return Node::OTHER;
  }

  bool turned(const mx::array& out) const {
    auto axes = static_cast<const mx::Transpose&>(out.primitive()).state();
    return axes[lead_] == lead_ + 1 && axes[lead_ + 1] == lead_;
  }
  static bool joined(const mx::array& out) {
    return static_cast<const mx::Concatenate&>(out.primitive()).state() == static_cast<int>(out.ndim()) - 1;
  }
  static bool columns(const mx::array& out) {
    auto [start, end, strides] = static_cast<const mx::Slice&>(out.primitive()).state();
    const auto& whole = out.inputs()[0].shape();
    for (size_t d = 0; d + 1 < whole.size(); d++)
      if (start[d] != 0 || out.shape(static_cast<int>(d)) != whole[d]) return false;
    return strides.back() == 1;
  }

  // Notes that an array of a program is read outside: the array that its memory belongs to, where it is a view.
  void need(const mx::array& a, int node) {
    const mx::array* root = &a;
    for (int n = node; nodes_[n].kind == Node::VIEW && nodes_[n].from[0] >= 0 && nodes_[nodes_[n].from[0]].inside();) {
      root = &nodes_[n].in[0];
      n = nodes_[n].from[0];
    }
    needed_.emplace(root->id(), 0);
  }

  // What stands for an array now; a view of a program's array is made anew.
  mx::array replaced(const mx::array& a) {
    auto found = made_.find(a.id());
    if (found != made_.end()) return found->second;
    int n = producer(a);
    if (n < 0 || nodes_[n].kind != Node::VIEW) return a;
    mx::array view = mx::array(a.shape(), a.dtype(), a.primitive_ptr(), {replaced(nodes_[n].in[0])});
    made_.emplace(a.id(), view);
    return view;
  }

  void others(int level) {
    for (const auto& node : nodes_) {
      if (node.inside() || node.level != level) continue;
      std::vector<mx::array> in;
      bool changed = false;
      for (size_t i = 0; i < node.in.size(); i++) {
        in.push_back(replaced(node.in[i]));
        changed = changed || in.back().id() != node.out[0].inputs()[i].id();
      }
      if (!changed) continue;
      std::vector<mx::Shape> shapes;
      std::vector<mx::Dtype> types;
      for (const auto& out : node.out) {
        shapes.push_back(out.shape());
        types.push_back(out.dtype());
      }
      auto anew = mx::array::make_arrays(std::move(shapes), types, node.out[0].primitive_ptr(), in);
      for (size_t i = 0; i < anew.size(); i++) made_.emplace(node.out[i].id(), anew[i]);
    }
  }

  void program(int level);
  void fill(Builder& b, int level);

  std::vector<mx::array> outputs_;
  std::vector<Node> nodes_;
  std::unordered_set<std::uintptr_t> given_;
  std::unordered_map<std::uintptr_t, int> number_, seen_, needed_;
  std::unordered_map<std::uintptr_t, std::vector<int>> same_input_;
  std::unordered_map<std::uintptr_t, mx::array> made_, first_;
  int models_ = 0, lead_ = 0;
};

}  // namespace score
