// The head of a language model, where only some targets' log-probabilities are asked: no logits are
// stored.
//
//   R rows   D model width   V vocabulary   N targets
//
// This comment is the contract. Every implementation is tested against
// log_softmax_gather_reference.cpp, which says the same in the plainest code we could write.
//
//   logit_RV = x_RD weight_VD;  row and id of target n: row_N, id_N
//   log_p_N = logit - log(sum over the vocabulary of exp(logit)), of the target's row
//   is_best_N: no logit of the row is larger, and none of a lower id is as large; false where the
//   row has a logit that is no finite number, and log_p is none then.
//   Weights are the values that the format's stored form stands for, rows float32, logits sums in
//   float32 or wider in a fixed order (packed/packed_matrix.h); |log_p - exact| is at most twice
//   the largest error of a logit of its row, and 2^-18 + 2^-22 |log_p|. The bits of a target depend
//   on its row and the weights alone: not on R, on other rows and targets, or on the number of
//   threads. Rows of targets ascend; a row may have several targets, or none. R and N may be 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "harness/thread_pool.h"
#include "kernels/linear/linear.h"

namespace moe {

struct LogSoftmaxGatherShape {
  std::int64_t V = 0, D = 0;
  PackedFormat format = PackedFormat::f32;

  LinearShape head() const { return {.N = V, .K = D, .format = format, .bias = false}; }
};

struct LogSoftmaxGatherArgs {
  std::int64_t R = 0;
  const float* x_RD = nullptr;
  std::span<const std::int64_t> row_N, id_N;
  float* log_p_N = nullptr;           // out
  std::uint8_t* is_best_N = nullptr;  // out: 0 or 1
  std::byte* workspace = nullptr;     // workspace_bytes(shape, R), aligned to 64 bytes
};

struct LogSoftmaxGather {
  std::string_view name;
  bool by_target;  // is it compiled for several sets of vector instructions (packed/target.h)?
  bool (*supports)(const LogSoftmaxGatherShape&);
  /// The linear layer whose packed weights it reads, so that a head is kept once for logits and
  /// for this. None has a bias.
  const Linear* linear;
  std::int64_t (*workspace_bytes)(const LogSoftmaxGatherShape&, std::int64_t R);
  void (*run)(const LogSoftmaxGatherShape&, const std::byte* packed, const LogSoftmaxGatherArgs&,
              ThreadPool&);
};

/// All implementations in this build, the reference first.
std::span<const LogSoftmaxGather* const> log_softmax_gathers();

}  // namespace moe
