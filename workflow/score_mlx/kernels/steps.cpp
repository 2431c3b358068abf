// Running a program's steps.
#include "steps.h"

#include <algorithm>
#include <map>

namespace score {

namespace {

enum { LINE = 16 };  // numbers in a cache line

// Free pieces of scratch memory by where they begin.
class Scratch {
 public:
  size_t take(size_t size) {
    auto best = free_.end();
    for (auto piece = free_.begin(); piece != free_.end(); piece++)
      if (piece->second >= size && (best == free_.end() || piece->second < best->second)) best = piece;
    if (best == free_.end()) {
      auto last = free_.empty() ? free_.end() : std::prev(free_.end());
      bool at_end = last != free_.end() && last->first + last->second == total_;
      size_t begin = at_end ? last->first : total_;
      if (at_end) free_.erase(last);
      total_ = begin + size;
      return begin;
    }
    size_t begin = best->first, rest = best->second - size;
    free_.erase(best);
    if (rest) free_[begin + size] = rest;
    return begin;
  }
  void give(size_t begin, size_t size) {
    if (size == 0) return;
    auto after = free_.lower_bound(begin);
    if (after != free_.end() && begin + size == after->first) {
      size += after->second;
      after = free_.erase(after);
    }
    if (after != free_.begin()) {
      auto before = std::prev(after);
      if (before->first + before->second == begin) {
        before->second += size;
        return;
      }
    }
    free_[begin] = size;
  }
  size_t total() const { return total_; }

 private:
  std::map<size_t, size_t> free_;
  size_t total_ = 0;
};

size_t padded(size_t size) { return (size + LINE - 1) / LINE * LINE; }

void run_call(const Step& step, const Shapes& shape, const std::vector<float*>& memory) {
  const float* in[64];
  float* out[64];
  std::vector<const float*> many_in;
  std::vector<float*> many_out;
  const float** reads = in;
  float** writes = out;
  size_t places = step.call->places(step.out.size());
  if (step.in.size() > 64 || places > 64) {
    many_in.resize(step.in.size());
    many_out.resize(places);
    reads = many_in.data();
    writes = many_out.data();
  }
  for (size_t i = 0; i < step.in.size(); i++) reads[i] = step.in[i] < 0 ? nullptr : memory[step.in[i]];
  std::fill(writes, writes + places, nullptr);
  for (size_t i = 0; i < step.out.size(); i++) writes[step.call->place(i)] = memory[step.out[i]];
  step.call->run(reads, writes, shape);
}

void add(float* to, const float* x, const float* y, size_t n) {
#pragma omp simd
  for (size_t i = 0; i < n; i++) to[i] = x[i] + y[i];
}

void transpose(float* to, const float* x, int rows, int columns) {
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < columns; c++) to[r * columns + c] = x[c * rows + r];
}

size_t lines(const Shape& shape) {
  size_t n = 1;
  for (size_t d = 0; d + 1 < shape.size(); d++) n *= shape[d];
  return n;
}

// Arrays side by side along their last axis; shape[0] is the result's, the others theirs.
void join(float* to, const Step& step, const Shapes& shape, const std::vector<float*>& memory) {
  size_t rows = lines(shape[0]), width = shape[0].back(), at = 0;
  for (size_t i = 0; i < step.in.size(); at += shape[++i].back())
    for (size_t r = 0, own = shape[i + 1].back(); r < rows; r++)
      std::copy_n(memory[step.in[i]] + r * own, own, to + r * width + at);
}

// Some columns of an array; shape[0] is the result's, shape[1] the array's.
void cut(float* to, const float* x, int from, const Shapes& shape) {
  size_t rows = lines(shape[0]), width = shape[0].back(), whole = shape[1].back();
  for (size_t r = 0; r < rows; r++) std::copy_n(x + r * whole + from, width, to + r * width);
}

}  // namespace

// The inputs whose place a step's first output may take.
static std::vector<int> replaceable(const Step& step) {
  if (step.kind == Step::ADD) return step.in;
  if (step.kind != Step::CALL || step.call->place(0) != 0 || step.call->overwrites() < 0) return {};
  return {step.in[step.call->overwrites()]};
}

// The one of them whose place step number s hands on, which nobody reads after it; -1 if there is none.
static int handed_on(const Step& step, int s, const std::vector<Value>& values) {
  const Value& output = values[step.out[0]];
  if (output.where != Value::SCRATCH) return -1;
  for (int u : replaceable(step))
    if (u >= 0 && values[u].where == Value::SCRATCH && values[u].last == s && values[u].size == output.size) return u;
  return -1;
}

size_t lay_out(std::vector<Value>& values, const std::vector<Step>& all) {
  size_t steps = all.size();
  std::vector<std::vector<int>> begin(steps), end(steps + 1);  // those that last to the end: for whoever reads them then
  for (size_t v = 0; v < values.size(); v++) {
    if (values[v].where != Value::SCRATCH) continue;
    begin[values[v].first].push_back(static_cast<int>(v));
    end[std::max(values[v].first, values[v].last)].push_back(static_cast<int>(v));
  }
  Scratch scratch;
  for (size_t s = 0; s < steps; s++) {
    int handed = handed_on(all[s], static_cast<int>(s), values);
    for (int v : begin[s]) {
      bool there = handed >= 0 && v == all[s].out[0];
      values[v].offset = there ? values[handed].offset : scratch.take(padded(values[v].size));
    }
    for (int v : end[s])
      if (v != handed) scratch.give(values[v].offset, padded(values[v].size));
  }
  return scratch.total();
}

void run_steps(const std::vector<Step>& steps, const std::vector<Shapes>& shapes, const std::vector<float*>& memory) {
  for (size_t s = 0; s < steps.size(); s++) {
    const Step& step = steps[s];
    const Shapes& shape = shapes[s];
    float* to = memory[step.out[0]];
    switch (step.kind) {
      case Step::CALL: run_call(step, shape, memory); break;
      case Step::ADD:
        add(to, memory[step.in[0]], memory[step.in[1]], lines(shape[0]) * (shape[0].empty() ? 1 : shape[0].back()));
        break;
      case Step::TRANSPOSE: transpose(to, memory[step.in[0]], shape[0][0], shape[0][1]); break;
      case Step::JOIN: join(to, step, shape, memory); break;
      case Step::CUT: cut(to, memory[step.in[0]], step.from, shape); break;
    }
  }
}

}  // namespace score
