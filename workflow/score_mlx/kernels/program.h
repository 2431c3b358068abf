// A graph of kernels as few operations, each of which computes one model after the other.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "mlx/array.h"

namespace score {

// Arrays equal to `outputs`. In the graph behind them, kernels lifted over models and the sums, views and pieces between
// them are gathered into programs. A program computes all of its steps for the first model, then all for the second, and
// so on: what one step leaves in the cache the next finds there, intermediate results share a little memory, and
// MLX handles one operation instead of hundreds. Every value is computed as before.
std::vector<mlx::core::array> gather(const std::vector<mlx::core::array>& outputs);

// Threads that share the models of a program, 1 at first.
int program_threads();
void set_program_threads(int count);

// f(model, scratch memory of `size` numbers) for each model, shared by the threads. Models are independent, so any number
// of threads gives the same bytes.
void each_model(int models, size_t size, const std::function<void(int, float*)>& f);

}  // namespace score
