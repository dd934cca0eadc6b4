// The experts of a mixture: every row goes through the MLPs that were chosen for it.
//
//   T rows   E experts   K experts of a row   D model width   F hidden width
//
// This comment is the contract. Every implementation is tested against expert_gemm_reference.cpp,
// which says the same in the plainest code we could write.
//
//   y_TD = sum over k = 0, 1, ..., K - 1 of weight_TK expert_e(x_TD), e = expert_TK
//   expert_e(x) = down_e h + down_bias_e
//   h = activated(gate_e x + gate_bias_e, up_e x + up_bias_e)
//   scale_input: expert_e(weight_TK x_TD) instead, and the sum has no weights.
//
//   Weights are the values that the format's stored form stands for, activations and biases
//   float32. Sums are in float32 or wider, those over D and F in a fixed order
//   (packed/packed_matrix.h), that over k in the order of a row's experts. The bits of a row depend
//   on that row, its experts and the weights alone: not on T, on the other rows, or on the number
//   of threads. T may be 0 and an expert may have no rows; an expert may be chosen by a row more
//   than once. E, K, D and F are 1 or more, and multiples of nothing. A dense MLP is one expert
//   with weight 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "harness/thread_pool.h"
#include "kernels/activation.h"
#include "kernels/packed/packed_matrix.h"
#include "kernels/packed/stored_rows.h"

namespace moe {

struct ExpertGemmShape {
  std::int64_t E = 0, K = 0, D = 0, F = 0;
  MlpKind mlp;
  PackedFormat format = PackedFormat::f32;
  bool bias = false, scale_input = false;
};

/// Of one expert. Null: the shape has none.
struct ExpertWeights {
  StoredRows gate_FD, up_FD, down_DF;  // in the shape's format
  const float *gate_bias_F = nullptr, *up_bias_F = nullptr, *down_bias_D = nullptr;
};

struct ExpertGemmArgs {
  std::int64_t T;
  const float* x_TD;
  const std::int32_t* expert_TK;  // from 0 to E - 1
  const float* weight_TK;
  float* y_TD;           // out
  std::byte* workspace;  // workspace_bytes(shape, T), aligned to 64 bytes; read by nobody
};

struct ExpertGemm {
  std::string_view name;
  bool by_target;  // is it compiled for several sets of vector instructions (packed/target.h)?
  bool (*supports)(const ExpertGemmShape&);
  /// Of what pack() makes, which is to be aligned to 64 bytes.
  std::int64_t (*packed_bytes)(const ExpertGemmShape&);
  void (*pack)(const ExpertGemmShape&, std::span<const ExpertWeights> experts, std::byte* packed,
               ThreadPool&);
  std::int64_t (*workspace_bytes)(const ExpertGemmShape&, std::int64_t T);
  void (*run)(const ExpertGemmShape&, const std::byte* packed, const ExpertGemmArgs&, ThreadPool&);
};

/// All implementations in this build, the reference first.
std::span<const ExpertGemm* const> expert_gemms();

/// Floating-point operations of T rows.
double expert_gemm_flops(const ExpertGemmShape&, std::int64_t T);
/// Bytes of one expert's weights: an ideal implementation reads each expert that has a row once.
std::int64_t expert_bytes(const ExpertGemmShape&);

}  // namespace moe
