// Weights of the `cpu` table: packed once for the kernel that will read them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "kernels/expert_gemm/expert_gemm.h"
#include "kernels/linear/linear.h"
#include "kernels/log_softmax_gather/log_softmax_gather.h"
#include "kernels/norm/norm.h"
#include "kernels/packed/aligned.h"
#include "kernels/router/router.h"
#include "models/decoder/cpu_work.h"
#include "models/decoder/ops.h"

namespace moe {

/// Of large matrices that are kept so.
PackedFormat packed_format(const KeptAs&);

/// float32 values of a small weight: a bias, a norm.
struct CpuFloats final : Prepared {
  std::vector<float> values;
  std::int64_t bytes() const override { return std::ssize(values) * std::int64_t{sizeof(float)}; }
};

struct CpuNorm final : Prepared {
  const Norm* kernel = nullptr;
  NormShape shape;
  std::vector<float> weight;  // empty: none
  std::int64_t bytes() const override { return std::ssize(weight) * std::int64_t{sizeof(float)}; }
};

/// Rows as they are stored.
struct CpuTable final : Prepared {
  std::int64_t V = 0, D = 0;
  PackedFormat format = PackedFormat::f32;
  AlignedBytes rows;
  std::int64_t bytes() const override { return bytes_of(format, V, D); }
};

struct CpuLinear final : Prepared {
  const Linear* kernel = nullptr;
  LinearShape shape{};
  AlignedBytes packed;
  std::int64_t bytes() const override { return kernel->packed_bytes(shape); }

  Tensor run(const Tensor& x_TK, CpuWork&) const;
};

/// A head: its logits, and the log-probabilities of some of them.
struct CpuHead final : Prepared {
  CpuLinear linear;
  const LogSoftmaxGather* gather = nullptr;
  LogSoftmaxGatherShape shape;
  std::int64_t bytes() const override { return linear.bytes(); }
};

struct CpuRouter final : Prepared {
  const Router* kernel = nullptr;
  CpuLinear logits;
  std::vector<float> correction;  // empty: none
  std::int64_t bytes() const override {
    return logits.bytes() + std::ssize(correction) * std::int64_t{sizeof(float)};
  }
};

/// MLPs of one shape. K of the shape is not used: the routing says how many.
struct CpuMlps {
  const ExpertGemm* kernel = nullptr;
  ExpertGemmShape shape;
  AlignedBytes packed;
  std::int64_t bytes() const { return packed == nullptr ? 0 : kernel->packed_bytes(shape); }
};

struct CpuExperts final : Prepared {
  CpuMlps experts, shared;  // shared.packed is null where there is none
  std::unique_ptr<CpuLinear> shared_gate;
  std::int64_t bytes() const override {
    return experts.bytes() + shared.bytes() + (shared_gate ? shared_gate->bytes() : 0);
  }
};

std::vector<float> floats_of(const WeightView&);
CpuTable table_of(const WeightView& table_VD, PackedFormat, ThreadPool&);
CpuLinear linear_of(const WeightView& weight_NK, const WeightView* bias_N, PackedFormat,
                    ThreadPool&);
struct MlpSizes {
  std::int64_t experts, dim, hidden;
};
/// Of MLPs that a row goes through one of.
ExpertGemmShape mlp_shape(const FeedForwardSpec&, const MlpSizes&, PackedFormat);
/// Error on views that are not what the spec has.
CpuMlps mlps_of(const FeedForwardSpec&, std::int64_t hidden, std::span<const MlpViews>,
                PackedFormat, ThreadPool&);

}  // namespace moe
