// Putting batches together.
#include "batches.h"

#include <algorithm>
#include <functional>
#include <map>
#include <stdexcept>

#include "mlx/allocator.h"

namespace score {

namespace {

// Where a molecule is: its number in the batch, its first atom and bond there and in the data set, and how many it has.
struct Piece {
  int number, atom, bond, own_atom, own_bond, atoms, bonds;
};

struct Whole {
  std::vector<Piece> pieces;
  int atoms = 0, bonds = 0, longest = 0;
  int count() const { return static_cast<int>(pieces.size()); }
};

Whole laid_out(const Molecules& all, const std::vector<int>& molecules) {
  Whole whole;
  for (int m : molecules) {
    if (m < 0 || static_cast<size_t>(m) + 1 >= all.atom_offset.rows)
      throw std::invalid_argument("molecule " + std::to_string(m) + " of " + std::to_string(all.atom_offset.rows - 1));
    int atom = all.atom_offset(m), bond = all.bond_offset(m);
    Piece piece{whole.count(), whole.atoms, whole.bonds, atom, bond, all.atom_offset(m + 1) - atom,
                all.bond_offset(m + 1) - bond};
    whole.pieces.push_back(piece);
    whole.atoms += piece.atoms;
    whole.bonds += piece.bonds;
    whole.longest = std::max(whole.longest, piece.atoms);
  }
  return whole;
}

template <class T>
mx::array filled(mx::Shape shape, const std::function<void(T*)>& fill) {
  size_t size = 1;
  for (auto extent : shape) size *= extent;
  auto data = mx::allocator::malloc(size * sizeof(T));
  auto buffer = data.buffer();
  fill(static_cast<T*>(buffer.raw_ptr()));
  return mx::array(std::move(data), std::move(shape), mx::TypeToDtype<T>());
}

// A value for each atom, for each bond, or for each place of the padded layout that an atom has.
template <class T, class F>
mx::array of_atoms(const Whole& w, F value) {
  return filled<T>({w.atoms}, [&](T* to) {
    for (const auto& p : w.pieces)
      for (int a = 0; a < p.atoms; a++) to[p.atom + a] = value(p, a);
  });
}
template <class T, class F>
mx::array of_bonds(const Whole& w, F value) {
  return filled<T>({w.bonds}, [&](T* to) {
    for (const auto& p : w.pieces)
      for (int b = 0; b < p.bonds; b++) to[p.bond + b] = value(p, b);
  });
}
template <class T, class F>
mx::array of_places(const Whole& w, F value) {
  return filled<T>({w.count(), w.longest}, [&](T* to) {
    std::fill(to, to + static_cast<size_t>(w.count()) * w.longest, T(0));
    for (const auto& p : w.pieces)
      for (int a = 0; a < p.atoms; a++) to[static_cast<size_t>(p.number) * w.longest + a] = value(p, a);
  });
}

// Rows of features: `first` is where a molecule's begin, `count` how many it has, `all` how many there are.
mx::array rows(const Whole& w, const Rows<float>& from, int all, int Piece::*first, int Piece::*count) {
  return filled<float>({all, static_cast<int>(from.width)}, [&](float* to) {
    for (const auto& p : w.pieces) to = std::copy_n(from[p.*first], p.*count * from.width, to);
  });
}

using Make = std::function<mx::array(const Molecules&, const Whole&)>;

mx::array ends(const Molecules& d, const Whole& w) {
  int end = 0;
  return of_atoms<int32_t>(w, [&](const Piece& p, int a) { return end += d.degree(p.own_atom + a); });
}

mx::array target(const Molecules& d, const Whole& w) {
  return filled<int32_t>({w.bonds}, [&](int32_t* to) {
    for (const auto& p : w.pieces)
      for (int a = 0; a < p.atoms; a++) to = std::fill_n(to, d.degree(p.own_atom + a), p.atom + a);
  });
}

const std::map<std::string, Make>& makers() {
  using D = const Molecules&;
  using W = const Whole&;
  using P = const Piece&;
  static const std::map<std::string, Make> all{
      {"atoms", [](D d, W w) { return rows(w, d.atoms, w.atoms, &Piece::own_atom, &Piece::atoms); }},
      {"bonds", [](D d, W w) { return rows(w, d.bonds, w.bonds, &Piece::own_bond, &Piece::bonds); }},
      {"real", [](D, W w) { return of_atoms<float>(w, [](P, int) { return 1.f; }); }},
      {"atom_id", [](D d, W w) { return of_atoms<uint32_t>(w, [&](P p, int a) { return p.number * d.atom_stride + a; }); }},
      {"slots", [](D, W w) { return of_places<int32_t>(w, [](P p, int a) { return p.atom + a; }); }},
      {"occupied", [](D, W w) { return of_places<float>(w, [](P, int) { return 1.f; }); }},
      {"place", [](D, W w) { return of_atoms<int32_t>(w, [&](P p, int a) { return p.number * w.longest + a; }); }},
      {"source", [](D d, W w) {
         return of_bonds<int32_t>(w, [&](P p, int b) { return p.atom + d.source(p.own_bond + b); });
       }},
      {"target", target},
      {"reverse", [](D d, W w) {
         return of_bonds<int32_t>(w, [&](P p, int b) { return p.bond + d.reverse(p.own_bond + b); });
       }},
      {"ends", ends},
      {"degree", [](D d, W w) {
         return of_atoms<float>(w, [&](P p, int a) { return static_cast<float>(d.degree(p.own_atom + a)); });
       }},
      {"bonded", [](D d, W w) {
         return of_atoms<float>(w, [&](P p, int a) { return d.degree(p.own_atom + a) > 0 ? 1.f : 0.f; });
       }},
      {"bond_id", [](D d, W w) {
         return of_bonds<uint32_t>(w, [&](P p, int b) { return p.number * d.bond_stride + d.name(p.own_bond + b); });
       }},
      {"molecule_id", [](D, W w) {
         return filled<uint32_t>({w.count()}, [&](uint32_t* to) {
           for (const auto& p : w.pieces) to[p.number] = p.number;
         });
       }},
  };
  return all;
}

}  // namespace

void Molecules::check() const {
  auto fail = [](const char* what) { throw std::invalid_argument(std::string("molecules: ") + what); };
  size_t count = atom_offset.rows;
  if (count == 0 || bond_offset.rows != count) fail("offsets of atoms and of bonds differ in number");
  if (degree.rows != atoms.rows) fail("atoms and their degrees differ in number");
  for (const auto* values : {&source, &reverse, &name})
    if (values->rows != bonds.rows) fail("bonds and their indices differ in number");
  auto divides = [&](const Rows<int32_t>& offset, size_t rows) {
    bool fine = offset(0) == 0 && static_cast<size_t>(offset(count - 1)) == rows;
    for (size_t n = 1; n < count; n++) fine = fine && offset(n - 1) <= offset(n);
    return fine;
  };
  if (!divides(atom_offset, atoms.rows) || !divides(bond_offset, bonds.rows)) fail("offsets do not divide atoms or bonds");
  for (size_t n = 0; n + 1 < count; n++) {
    int64_t bonds_here = 0;
    for (int a = atom_offset(n); a < atom_offset(n + 1); a++) {
      if (degree(a) < 0) fail("a negative degree");
      bonds_here += degree(a);
    }
    if (bonds_here != bond_offset(n + 1) - bond_offset(n)) fail("degrees and bonds of a molecule differ");
  }
}

std::vector<mx::array> Molecules::batch(const std::vector<int>& molecules, const std::vector<std::string>& names) const {
  Whole whole = laid_out(*this, molecules);
  std::vector<mx::array> out;
  for (const auto& name : names) {
    auto make = makers().find(name);
    if (make == makers().end()) throw std::invalid_argument("a batch has no array " + name);
    out.push_back(make->second(*this, whole));
  }
  return out;
}

}  // namespace score
