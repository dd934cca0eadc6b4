// Normalisation of rows: by their root mean square, or by their mean and variance.
//
//   T rows   W width of a row
//
// This comment is the contract. Every implementation is tested against norm_reference.cpp, which
// says the same in the plainest code we could write.
//
//   centre = 0 (rms), or the mean of the row (layer)
//   scale = 1 / sqrt(mean of (x - centre)^2 + eps)
//   y_TW = (x_TW - centre) scale weight_W
//   All of it in float64, and y is then rounded to float32: for W up to 2^14,
//   |y - exact| <= 2^-24 |exact| + 2^-150 + (2 W + 16) 2^-53 size, where size = scale |weight|
//   (|x - centre| + mean of |x| (layer; 0 for rms)). The bits of a row depend on that row and the
//   weights alone: not on T, on the other rows, or on the number of threads. An x that is no number
//   makes its whole row so; so does eps = 0 where no x is away from the centre. T may be 0; W is 1
//   or more, and a multiple of nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "harness/thread_pool.h"

namespace moe {

enum class NormKernelKind : std::uint8_t { rms, layer };

struct NormShape {
  std::int64_t width = 0;
  NormKernelKind kind = NormKernelKind::rms;
  double eps = 0;
  bool weight = false;  // without: 1
};

struct NormArgs {
  std::int64_t T = 0;
  const float* x_TW = nullptr;
  const float* weight_W = nullptr;  // null where the shape has none
  float* y_TW = nullptr;            // out; may be x_TW
};

struct Norm {
  std::string_view name;
  bool by_target;  // is it compiled for several sets of vector instructions (packed/target.h)?
  void (*run)(const NormShape&, const NormArgs&, ThreadPool&);
};

/// All implementations in this build, the reference first.
std::span<const Norm* const> norms();

}  // namespace moe
