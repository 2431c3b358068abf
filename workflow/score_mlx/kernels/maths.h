// Scalar functions that a compiler can vectorise.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

namespace score {

// exp(x) as 2^n times a polynomial in the fraction, relative error below 3e-7; the argument is held in [-87, 88].
inline float exp_(float x) {
  x = x < -87.f ? -87.f : x;  // a comparison with NaN is false, so NaN stays
  x = x > 88.f ? 88.f : x;
  float y = x * 1.44269504f;
  float shifted = y + 12582912.f;  // 1.5 * 2^23 rounds to an integer, which then stands in the lowest bits
  float n = shifted - 12582912.f;
  float f = (x - n * 0.693359375f) + n * 2.12194440e-4f;  // x - n ln 2 in two parts
  float p = 1.f + f * (1.f + f * (0.5f + f * (0.166666667f + f * (0.0416666f + f * (0.00833345f + f * 0.00139f)))));
  uint32_t bits, exponent;
  std::memcpy(&bits, &p, 4);
  std::memcpy(&exponent, &shifted, 4);
  bits += exponent << 23;
  std::memcpy(&p, &bits, 4);
  return p;
}

inline float sigmoid_(float x) { return 1 / (1 + exp_(-x)); }
inline float tanh_(float x) { return 1 - 2 / (1 + exp_(2 * x)); }

// Loops over n columns; n is an int or a constant (`with_width`). Sums in whatever order is fast: the same each time.
template <class N>
inline float sum_(const float* x, N n) {
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (int i = 0; i < n; i++) total += x[i];
  return total;
}

template <class N>
inline float dot_(const float* x, const float* y, N n) {
  float total = 0;
#pragma omp simd reduction(+ : total)
  for (int i = 0; i < n; i++) total += x[i] * y[i];
  return total;
}

inline float largest(const float* x, int n) {
  float most = x[0];
#pragma omp simd reduction(max : most)
  for (int i = 0; i < n; i++) most = x[i] > most ? x[i] : most;
  return most;
}

inline void add_(float* to, const float* x, int n) {
#pragma omp simd
  for (int i = 0; i < n; i++) to[i] += x[i];
}

// to += factor x
template <class N>
inline void add_(float* to, float factor, const float* x, N n) {
#pragma omp simd
  for (int i = 0; i < n; i++) to[i] += factor * x[i];
}

// to = factor x
template <class N>
inline void scale_(float* to, float factor, const float* x, N n) {
#pragma omp simd
  for (int i = 0; i < n; i++) to[i] = factor * x[i];
}

// f(width) with a width that the compiler knows where it is the usual one, so that loops over it are straight lines.
template <class F>
void with_width(int width, F f) {
  width == 32 ? f(std::integral_constant<int, 32>{}) : f(width);
}

// An integer hash (xor-shift-multiply, Ellis 2018): the one of `Noise`.
inline uint32_t scramble(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x7FEB352Du;
  x = (x ^ (x >> 15)) * 0x846CA68Bu;
  return x ^ (x >> 16);
}

// Dropout's factor for the element of that number, as `Noise` has it.
inline float kept(uint32_t element, uint32_t salt, uint32_t threshold, float scale) {
  return scramble(element + salt) >= threshold ? scale : 0.f;
}

}  // namespace score
