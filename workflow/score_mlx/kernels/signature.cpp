// Reading signatures and holding calls to them.
#include "signature.h"

#include <climits>
#include <cmath>
#include <stdexcept>

namespace score {

namespace {

using Text = std::string;

[[noreturn]] void fail(const Text& what) { throw std::invalid_argument(what); }

// Pieces between separators, without blanks at their ends and without empty ones.
std::vector<Text> split(const Text& text, const Text& separator) {
  std::vector<Text> pieces;
  for (size_t start = 0; start <= text.size();) {
    size_t end = std::min(text.find(separator, start), text.size());
    Text piece = text.substr(start, end - start);
    size_t first = piece.find_first_not_of(' '), last = piece.find_last_not_of(' ');
    if (first != Text::npos) pieces.push_back(piece.substr(first, last - first + 1));
    start = end + separator.size();
  }
  return pieces;
}

bool take_end(Text& text, const Text& end) {
  if (text.size() < end.size() || text.compare(text.size() - end.size(), end.size(), end) != 0) return false;
  text.resize(text.size() - end.size());
  return true;
}

Text written(const Shape& shape) {
  Text out = "(";
  for (size_t d = 0; d < shape.size(); d++) out += (d ? ", " : "") + std::to_string(shape[d]);
  return out + (shape.size() == 1 ? ",)" : ")");
}

bool whole(double x, double below) { return x >= 0 && x < below && x == std::floor(x); }

}  // namespace

Signature::Signature(const char* arrays, const char* numbers) : text_(arrays) {
  auto sides = split(arrays, "->");
  for (const auto& one : split(sides.at(0), ",")) inputs_.push_back(array(one));
  for (const auto& one : split(sides.at(1), ",")) outputs_.push_back(array(one));
  for (auto text : split(numbers, ",")) {
    bool unsigned_ = take_end(text, ":uint"), positive = take_end(text, ">0"), size = false;
    bool not_negative = take_end(text, ">=0");
    for (const auto& known : names_) size = size || known == text;
    numbers_.push_back({text, size, unsigned_, positive, not_negative, size ? product(text) : -1});
  }
  for (const auto& one : inputs_) checked_ = checked_ || (one.values != Values::ANY && one.values != Values::UINT);
}

Signature::Array Signature::array(const Text& text) {
  size_t open = text.find('[');
  Text head = text.substr(0, open), inside = open == Text::npos ? "" : text.substr(open + 1, text.size() - open - 2);
  Array out{{}, false, false, false, {}, Values::ANY, -1};
  size_t colon = head.find(':');
  Text type = colon == Text::npos ? "" : head.substr(colon + 1);
  head = head.substr(0, colon);
  if (type == "uint") out.values = Values::UINT;
  if (type == "mask") out.values = Values::MASK;
  for (auto [start, values] : {std::pair{Text("int<"), Values::INDEX}, std::pair{Text("ends<"), Values::ENDS}}) {
    if (type.rfind(start, 0) != 0) continue;
    out.values = values;
    out.bound = product(type.substr(start.size(), type.size() - start.size() - 1));
  }
  out.optional = take_end(head, "?");
  out.repeated = take_end(head, "*");
  out.name = head;
  for (const auto& size : split(inside, " ")) {
    if (size == "...")
      out.leading = true;
    else
      out.sizes.push_back(product(size));
  }
  return out;
}

int Signature::product(const Text& text) {
  for (size_t i = 0; i < products_.size(); i++)
    if (products_[i].text == text) return static_cast<int>(i);
  Product made{text, 1, {}};
  for (const auto& factor : split(text, "*")) {
    if (std::isdigit(static_cast<unsigned char>(factor[0])))
      made.factor *= std::stoi(factor);
    else
      made.names.push_back(name(factor));
  }
  products_.push_back(made);
  return static_cast<int>(products_.size()) - 1;
}

int Signature::name(const Text& text) {
  for (size_t i = 0; i < names_.size(); i++)
    if (names_[i] == text) return static_cast<int>(i);
  names_.push_back(text);
  return static_cast<int>(names_.size()) - 1;
}

// -- a call ----------------------------------------------------------------------------------------------------------
Shapes Signature::outputs(const Text& op, const std::vector<Type>& types, const Shapes& in, const Params& p) const {
  try {
    check_types(types, in);
    return sizes(in, p);
  } catch (const std::invalid_argument& flaw) {
    refuse(op, in, flaw.what());
  }
}

Shapes Signature::outputs(const Text& op, const Shapes& in, const Params& p) const {
  try {
    return sizes(in, p);
  } catch (const std::invalid_argument& flaw) {
    refuse(op, in, flaw.what());
  }
}

void Signature::refuse(const Text& op, const Shapes& in, const char* flaw) const {
  Text found;
  for (size_t i = 0; i < in.size(); i++) found += (i ? ", " : "") + written(in[i]);
  fail("kernel " + op + " takes " + text_ + ", found " + found + ": " + flaw);
}

void Signature::check_types(const std::vector<Type>& types, const Shapes& in) const {
  bool repeated = !inputs_.empty() && inputs_.back().repeated;
  if (repeated ? in.size() < inputs_.size() : in.size() != inputs_.size()) fail(std::to_string(in.size()) + " arrays");
  for (size_t i = 0; i < in.size(); i++) {
    Values values = input(i).values;
    bool integers = values == Values::INDEX || values == Values::ENDS;
    Type wanted = integers ? Type::INT : values == Values::UINT ? Type::UINT : Type::FLOAT;
    if (types[i] != wanted && !(input(i).optional && left_out(in[i])))
      fail(input(i).name + " is not " + (wanted == Type::INT ? "int32" : wanted == Type::UINT ? "uint32" : "float32"));
  }
}

Shapes Signature::sizes(const Shapes& in, const Params& p) const {
  for (size_t i = 0; i < in.size(); i++) {
    int64_t size = 1;
    for (int extent : in[i]) size *= extent;
    if (size > INT_MAX) fail(input(i).name + " has more than 2^31 - 1 elements");
  }
  Solved solved = solve(in, p);
  Shapes out;
  for (const auto& array : outputs_) {
    out.push_back(array.leading ? solved.leading : Shape{});
    int64_t size = 1;
    for (int k : array.sizes) {
      if (solved.products[k] < 0) fail(products_[k].text + " is not known");
      if (solved.products[k] > INT_MAX) fail(products_[k].text + " is above 2^31 - 1");
      out.back().push_back(static_cast<int>(solved.products[k]));
    }
    for (int extent : out.back()) size *= extent;
    if (size > INT_MAX) fail(array.name + " would have more than 2^31 - 1 elements");
  }
  return out;
}

Signature::Solved Signature::solve(const Shapes& in, const Params& p) const {
  Solved solved{Sizes(names_.size(), -1), Sizes(products_.size(), -1), {-1}};
  take_numbers(p, solved);
  for (size_t i = 0; i < in.size(); i++)
    if (!input(i).repeated && !(input(i).optional && left_out(in[i]))) take_shape(input(i), in[i], solved);
  resolve(solved);
  return solved;
}

void Signature::take_numbers(const Params& p, Solved& solved) const {
  if (p.size() != numbers_.size()) fail(std::to_string(p.size()) + " numbers");
  for (size_t i = 0; i < numbers_.size(); i++) {
    const auto& number = numbers_[i];
    bool integer = number.size || number.positive;
    if ((integer && !whole(p[i], 2147483648.0)) || (number.unsigned_ && !whole(p[i], 4294967296.0)) ||
        (number.positive && p[i] < 1) || (number.not_negative && !(p[i] >= 0)))
      fail(number.name + " is " + std::to_string(p[i]));
    if (number.size) solved.products[number.product] = static_cast<int64_t>(p[i]);
  }
}

void Signature::take_shape(const Array& array, const Shape& shape, Solved& solved) const {
  size_t own = array.sizes.size();
  if (array.leading ? shape.size() < own : shape.size() != own)
    fail(array.name + " has " + std::to_string(shape.size()) + " axes");
  size_t before = shape.size() - own;
  if (array.leading) {
    Shape leading(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(before));
    if (solved.leading != Shape{-1} && solved.leading != leading)
      fail("... is " + written(solved.leading) + " and " + written(leading));
    solved.leading = std::move(leading);
  }
  for (size_t d = 0; d < own; d++) {
    int64_t& known = solved.products[array.sizes[d]];
    if (known >= 0 && known != shape[before + d])
      fail(products_[array.sizes[d]].text + " is " + std::to_string(known) + " and " + std::to_string(shape[before + d]));
    known = shape[before + d];
  }
}

// Names from products, and products of which every name is known.
void Signature::resolve(Solved& solved) const {
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t k = 0; k < products_.size(); k++) {
      int64_t known = products_[k].factor, &value = solved.products[k];
      int unknown = -1, missing = 0;
      for (int n : products_[k].names) {
        if (solved.names[n] >= 0) known *= solved.names[n];
        else missing++, unknown = n;
      }
      if (missing == 0 && value < 0) {
        value = known;
        changed = true;
      } else if (missing == 0 && value != known) {
        fail(products_[k].text + " is " + std::to_string(value) + " and " + std::to_string(known));
      } else if (missing == 1 && value >= 0) {
        if (known == 0 || value % known != 0) fail(products_[k].text + " is " + std::to_string(value));
        solved.names[unknown] = value / known;
        changed = true;
      }
    }
  }
}

void Signature::check_values(const Text& op, const Shapes& in, const Params& p, const float* const* data) const {
  if (!checked_) return;
  Solved solved = solve(in, p);
  for (size_t i = 0; i < inputs_.size(); i++) {
    const auto& array = inputs_[i];
    if (array.values == Values::ANY || array.values == Values::UINT) continue;
    size_t size = 1;
    for (int extent : in[i]) size *= static_cast<size_t>(extent);
    if (array.values == Values::MASK) {
      bool fine = true;
      for (size_t k = 0; k < size; k++) fine &= data[i][k] == 0.f || data[i][k] == 1.f;
      if (!fine) fail("kernel " + op + ": " + array.name + " has values beside 0 and 1");
      continue;
    }
    auto* values = reinterpret_cast<const uint32_t*>(data[i]);  // a negative number is a large one
    int64_t bound = solved.products[array.bound];
    if (array.values == Values::ENDS) {
      bool rising = true;  // as numbers without a sign: the last one is the largest, so none is negative
      for (size_t k = 1; k < size; k++) rising &= values[k - 1] <= values[k];
      if (!rising || (size ? values[size - 1] : 0) != bound)
        fail("kernel " + op + ": " + array.name + " are not the ends of ranges up to " + std::to_string(bound));
      continue;
    }
    uint32_t most = 0;
    for (size_t k = 0; k < size; k++) most = values[k] > most ? values[k] : most;
    if (size && most >= bound)
      fail("kernel " + op + ": " + array.name + " has the index " + std::to_string(static_cast<int32_t>(most)) +
           ", expected 0 <= index < " + std::to_string(bound));
  }
}

}  // namespace score
