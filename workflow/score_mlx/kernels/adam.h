// A step of Adam on part of a model's numbers.
#pragma once

#include <cstddef>

namespace score {

struct AdamStep {
  double decay, decay_of_square;
  float epsilon, rate, root;  // moves by rate mean / (sqrt(square) root + epsilon)
};

template <class T>
struct Moments {
  T *parameter, *mean, *square;
  Moments at(size_t place) const { return {parameter + place, mean + place, square + place}; }
};

// n numbers with gradients g; `to` may be where `from` is.
void adam_piece(const AdamStep& step, size_t n, const float* g, const Moments<const float>& from, const Moments<float>& to);

}  // namespace score
