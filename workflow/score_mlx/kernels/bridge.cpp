// The module that Python imports.
#include <malloc.h>
#include <sys/mman.h>
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <stdexcept>

#include "adamw.h"
#include "batches.h"
#include "call.h"
#include "program.h"
#include "recording.h"

namespace nb = nanobind;

namespace score {

static std::map<std::string, Op>& registry() {
  static std::map<std::string, Op> ops;
  return ops;
}
Register::Register(const char* name, Op op) { registry().emplace(name, std::move(op)); }
const Op& find(const std::string& name) {
  auto found = registry().find(name);
  if (found == registry().end()) throw std::invalid_argument("no kernel is called " + name);
  return found->second;
}

static std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const auto& [name, op] : registry()) all.push_back(name);
  return all;
}

// Molecules, and the NumPy arrays that they point into.
struct KeptMolecules {
  template <class T>
  using Array = nb::ndarray<const T, nb::c_contig, nb::device::cpu>;
  template <class T>
  static Rows<T> rows(const Array<T>& a) {
    return {a.data(), a.shape(0), a.ndim() > 1 ? a.shape(1) : 1};
  }

  KeptMolecules(std::vector<Array<int32_t>> integers, std::vector<Array<float>> features, uint32_t atom_stride,
                uint32_t bond_stride)
      : integers_(std::move(integers)), features_(std::move(features)) {
    if (integers_.size() != 6 || features_.size() != 2) throw std::invalid_argument("six arrays of integers, two of features");
    auto i = [&](int n) { return rows<int32_t>(integers_[n]); };
    all_ = {i(0), i(1), rows<float>(features_[0]), rows<float>(features_[1]), i(2), i(3), i(4), i(5), atom_stride, bond_stride};
    all_.check();
  }
  std::vector<mx::array> batch(const std::vector<int>& molecules, const std::vector<std::string>& names) const {
    return all_.batch(molecules, names);
  }

 private:
  std::vector<Array<int32_t>> integers_;
  std::vector<Array<float>> features_;
  Molecules all_{};
};

}  // namespace score

#ifdef __GLIBC__
// Asks for pages of 2 MB where arrays will lie: a step touches more pages of 4 kB than a processor keeps addresses of.
// The heap grows once, over memory that nobody touches, since what is asked for holds for what is mapped by then.
static void in_large_pages() {
  const size_t page = 2 << 20, size = size_t{1} << 30;
  void* piece = std::malloc(size);
  if (!piece) return;
  auto from = (reinterpret_cast<std::uintptr_t>(piece) + page - 1) / page * page;
  madvise(reinterpret_cast<void*>(from), size - page, MADV_HUGEPAGE);  // no harm where a system has none
  std::free(piece);
}
#endif

// MLX takes every array's memory from the C library and gives it back right after use; by default the library then
// returns large pieces to the system, which hands out zeroed pages anew in every step.
static void keep_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);  // above 32 MB, as logits over 24,000 tokens are, no threshold would keep them
  mallopt(M_TRIM_THRESHOLD, 0x7fffffff);
  mallopt(M_TOP_PAD, 64 << 20);
  mallopt(M_ARENA_MAX, 1);
  in_large_pages();
#endif
}

NB_MODULE(SCORE_MODULE, m) {
  m.doc() = "Compiled kernels of score_mlx.";
  m.def("keep_memory", &keep_memory, "Lets this process keep freed memory for its next arrays.");
  m.def("names", &score::names, "Names of all kernels.");
  m.def("gather", &score::gather, nb::arg("outputs"), "Arrays equal to these whose kernels run as few operations.");
  nb::class_<score::Recording>(m, "Recording", "A training step; what its methods take is in recording.h.")
      .def_prop_ro("reads", &score::Recording::reads)
      .def("agrees", &score::Recording::agrees)
      .def("step", &score::Recording::step);
  m.def("record", &score::Recording::make, nb::arg("given"), nb::arg("outputs"), "A step, or None.");
  nb::class_<score::KeptMolecules>(m, "Molecules", "A data set; what it is made of is in batches.h.")
      .def(nb::init<std::vector<score::KeptMolecules::Array<int32_t>>, std::vector<score::KeptMolecules::Array<float>>,
                    uint32_t, uint32_t>(),
           nb::arg("integers"), nb::arg("features"), nb::arg("atom_stride"), nb::arg("bond_stride"))
      .def("batch", &score::KeptMolecules::batch, nb::arg("molecules"), nb::arg("names"));
  m.def("set_threads", &score::set_program_threads, nb::arg("count"), "Threads that share the models of a program.");
  m.def("adamw", &score::adamw, nb::arg("inputs"), nb::arg("numbers"), "A parameter and its moments, one step on.");
  m.def("call", &score::Call::make, nb::arg("kernel"), nb::arg("inputs"), nb::arg("params") = score::Params{},
        "Outputs of a kernel: the result first, then what its gradient needs.");
}
