// Batches of molecules without padding, molecule after molecule, from a data set's arrays.
#pragma once

#include <string>
#include <vector>

#include "mlx/array.h"

namespace score {

namespace mx = mlx::core;

// A piece of a NumPy array that Python keeps.
template <class T>
struct Rows {
  const T* first;
  size_t rows, width;
  const T* operator[](size_t row) const { return first + row * width; }
  T operator()(size_t row) const { return first[row]; }
};

// A data set: molecule n has the atoms from atom_offset[n] to atom_offset[n + 1], and bonds likewise, which are directed,
// sorted by target, and count atoms and bonds from their molecule's first one.
struct Molecules {
  Rows<int32_t> atom_offset, bond_offset;      // (N + 1,)
  Rows<float> atoms, bonds;                    // (A, F), (M, E): features
  Rows<int32_t> degree;                        // (A,): bonds that enter an atom
  Rows<int32_t> source, reverse, name;         // (M,): atom that a bond leaves, opposite bond, name for noise
  uint32_t atom_stride, bond_stride;           // between the names of two molecules' first atoms and bonds

  // Throws std::invalid_argument where arrays are of other lengths or offsets and degrees lead out of them.
  void check() const;

  // The batch's arrays of these names; what they hold is in graphs/batch.py.
  // Throws std::invalid_argument where there is no such molecule or array.
  std::vector<mx::array> batch(const std::vector<int>& molecules, const std::vector<std::string>& names) const;
};

}  // namespace score
