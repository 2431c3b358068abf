// What an operation takes and gives, as text that is checked at each call:
//
//   Signature("x[... in], weight[out in], bias?[out] -> y[... out]", "slope")
//
// A size is a name, a number, or a product of them; "..." stands for any leading axes. A name has one value in all
// places. `?` marks an input that may be left out (an array of shape (0,)), `*` one that stands for any number of
// arrays. An input is float32, or `:int<n>`, int32 with values in [0, n), `:uint`, uint32, or `:mask`, float32 with
// values 0 and 1, or `:ends<n>`, int32: where consecutive ranges of [0, n) end. Numbers that are sizes must be whole and
// fit an int; `:uint` after a number allows [0, 2^32), `>0` asks for a positive integer, `>=0` for any number that is not
// negative.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace score {

using Shape = std::vector<int>;
using Shapes = std::vector<Shape>;    // one shape an array
using Params = std::vector<double>;  // numbers that are no arrays; doubles hold every 32-bit integer exactly
enum class Type { FLOAT, INT, UINT, OTHER };

inline bool left_out(const Shape& shape) { return shape.size() == 1 && shape[0] == 0; }

class Signature {
 public:
  explicit Signature(const char* arrays, const char* numbers = "");

  int takes() const { return static_cast<int>(inputs_.size()); }  // number of inputs, where none is repeated
  size_t gives() const { return outputs_.size(); }  // number of outputs

  // Shapes of the outputs. Throws std::invalid_argument where types, shapes or numbers do not fit.
  Shapes outputs(const std::string& op, const std::vector<Type>& types, const Shapes& in, const Params& p) const;

  // The same of arrays whose types are known to be right.
  Shapes outputs(const std::string& op, const Shapes& in, const Params& p) const;

  // Throws std::invalid_argument where an index or a mask has a value that it may not have.
  void check_values(const std::string& op, const Shapes& in, const Params& p, const float* const* data) const;

 private:
  using Sizes = std::vector<int64_t>;  // -1: not known yet
  enum class Values { ANY, INDEX, UINT, MASK, ENDS };
  struct Product {
    std::string text;
    int64_t factor;
    std::vector<int> names;
  };
  struct Array {
    std::string name;
    bool optional, repeated, leading;
    std::vector<int> sizes;  // products
    Values values;
    int bound;  // product, for an index or ends
  };
  struct Number {
    std::string name;
    bool size, unsigned_, positive, not_negative;
    int product;
  };
  struct Solved {
    Sizes names, products;
    Shape leading;
  };

  std::string text_;
  std::vector<std::string> names_;
  std::vector<Product> products_;
  std::vector<Array> inputs_, outputs_;
  std::vector<Number> numbers_;
  bool checked_ = false;

  Array array(const std::string& text);
  int product(const std::string& text);
  int name(const std::string& text);
  const Array& input(size_t i) const { return inputs_[i < inputs_.size() ? i : inputs_.size() - 1]; }

  void check_types(const std::vector<Type>& types, const Shapes& in) const;
  Shapes sizes(const Shapes& in, const Params& p) const;
  [[noreturn]] void refuse(const std::string& op, const Shapes& in, const char* flaw) const;
  Solved solve(const Shapes& in, const Params& p) const;
  void take_numbers(const Params& p, Solved& solved) const;
  void take_shape(const Array& array, const Shape& shape, Solved& solved) const;
  void resolve(Solved& solved) const;
};

}  // namespace score
