// Rotary position embedding: pairs of a head's elements turn by angles of its row.
//
//   T rows   H heads   d width of a head   h pairs that turn, dims / 2
//
// This comment is the contract. Every implementation is tested against rope_reference.cpp, which
// says the same in the plainest code we could write.
//
//   y_THd[i]     = x_THd[i]     cos_Th[i] - x_THd[i + h] sin_Th[i]
//   y_THd[i + h] = x_THd[i + h] cos_Th[i] + x_THd[i]     sin_Th[i]   for i < h
//   The first half turns with the second, as in rotate_half() of transformers; what is behind
//   `dims` stays as it is. Of a y that turns, each product is rounded to float32 and so is their
//   sum: |y - exact| <= 2^-23 (sum of |x factor|) + 2^-149. The bits of a row depend on that row
//   and its angles alone: not on T, on the other rows, or on the number of threads. What is no
//   number makes its pair so. T and dims may be 0; dims is even and at most the width; heads and
//   width are 1 or more, and multiples of nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "harness/thread_pool.h"

namespace moe {

struct RopeShape {
  std::int64_t heads = 0, width = 0, dims = 0;
};

struct RopeArgs {
  std::int64_t T = 0;
  const float* x_THd = nullptr;
  const float* cos_Th = nullptr;  // of each row's angles (rope/angles.h)
  const float* sin_Th = nullptr;
  float* y_THd = nullptr;  // out; may be x_THd
};

struct Rope {
  std::string_view name;
  bool by_target;  // is it compiled for several sets of vector instructions (packed/target.h)?
  void (*run)(const RopeShape&, const RopeArgs&, ThreadPool&);
};

/// All implementations in this build, the reference first.
std::span<const Rope* const> ropes();

}  // namespace moe
