// What a block adds to its stream.
//
//   T rows   D width of a row
//
// This comment is the contract. Every implementation is tested against residual_reference.cpp,
// which says the same in the plainest code we could write.
//
//   y_TD = x_TD + added_TD, the exact sum rounded to float32 once: all implementations give the
//   same bits, and those of an element depend on its two terms alone. A sum is no number where a
//   term is none, and where infinities of both signs meet. T may be 0; D is 1 or more, and a
//   multiple of nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "harness/thread_pool.h"

namespace moe {

struct ResidualShape {
  std::int64_t width = 0;
};

struct ResidualArgs {
  std::int64_t T = 0;
  const float* x_TD = nullptr;
  const float* added_TD = nullptr;
  float* y_TD = nullptr;  // out; may be x_TD or added_TD
};

struct Residual {
  std::string_view name;
  bool by_target;  // is it compiled for several sets of vector instructions (packed/target.h)?
  void (*run)(const ResidualShape&, const ResidualArgs&, ThreadPool&);
};

/// All implementations in this build, the reference first.
std::span<const Residual* const> residuals();

}  // namespace moe
