// A linear layer: y = x W^T + b.
//
//   T rows   N outputs   K inputs
//
// This comment is the contract. Every implementation is tested against linear_reference.cpp, which
// says the same in the plainest code we could write.
//
//   y_TN = sum over k of x_TK weight_NK + bias_N, with weights the values that the format's stored
//   form stands for and activations in float32. Accumulation is in float32 or wider: |y - exact| <=
//   (K + 5) 2^-24 (1 + K 2^-23) (sum of |x w| + |bias|), for K below 2^22 and where no sum over- or
//   underflows; |w| of int4 is |scale code| + |offset|. The bits of a row depend on that row and
//   the weights alone: not on T, on the other rows, or on the number of threads. T may be 0; N and
//   K are 1 or more, and multiples of nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "harness/thread_pool.h"
#include "kernels/packed/packed_matrix.h"
#include "kernels/packed/stored_rows.h"

namespace moe {

struct LinearShape {
  std::int64_t N, K;
  PackedFormat format;
  bool bias;
};

struct LinearWeights {
  StoredRows weight_NK;           // in the shape's format
  const float* bias_N = nullptr;  // null where the shape has none
};

struct LinearArgs {
  std::int64_t T;
  const float* x_TK;
  float* y_TN;  // out
};

struct Linear {
  std::string_view name;
  bool by_target;  // is it compiled for several sets of vector instructions (packed/target.h)?
  bool (*supports)(const LinearShape&);
  /// Of what pack() makes, which is to be aligned to 64 bytes.
  std::int64_t (*packed_bytes)(const LinearShape&);
  void (*pack)(const LinearShape&, const LinearWeights&, std::byte* packed, ThreadPool&);
  void (*run)(const LinearShape&, const std::byte* packed, const LinearArgs&, ThreadPool&);
};

/// All implementations in this build, the reference first.
std::span<const Linear* const> linears();

/// Floating-point operations, and the bytes an ideal implementation moves.
double linear_flops(const LinearShape&, std::int64_t T);
std::int64_t linear_bytes(const LinearShape&, std::int64_t T);

}  // namespace moe
