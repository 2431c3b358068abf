// For tests/sanitized.py only: a kernel that reads beyond its array, to see that the sanitizer catches it.
#ifdef SCORE_SANITIZED

#include "kernels.h"

namespace score {

static void read_beyond(const Args& a) { a.out[0][0] = a.in[0][a.size(0)]; }
static Register r_read_beyond("read_beyond", {read_beyond, nullptr, 0, Signature("x[n] -> y[1]")});

}  // namespace score

#endif
