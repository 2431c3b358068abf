// A step of AdamW on one parameter as an operation of MLX.
#pragma once

#include <vector>

#include "mlx/array.h"

namespace score {

// numbers: decays of both moments, epsilon, weight decay.
// Inputs: parameter, gradient, mean, square, all of one shape; scalars rate and both corrections. All float32.
// Outputs: parameter, mean, square. Throws std::invalid_argument where inputs or numbers do not fit.
std::vector<mlx::core::array> adamw(const std::vector<mlx::core::array>& inputs, const std::vector<double>& numbers);

}  // namespace score
