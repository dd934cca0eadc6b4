// The definition of the op: expert after expert of a row, in float64. Slow on purpose.
#include <cstring>
#include <vector>

#include "kernels/expert_gemm/expert_gemm.h"
#include "kernels/packed/element.h"

namespace moe {
namespace {

/// An expert's weights one after the other, as they are: gate, up, down, and the biases of each.
struct Parts {
  const std::byte *gate_FD, *up_FD, *down_DF;
  const std::byte *gate_bias_F, *up_bias_F, *down_bias_D;
};

Parts parts_of(const ExpertGemmShape& shape, const std::byte* packed, std::int64_t expert) {
  const std::int64_t inner = bytes_of(shape.format, shape.F, shape.D);
  const std::int64_t bias = shape.bias ? std::int64_t{sizeof(float)} : 0;
  const std::byte* at = packed + expert * expert_bytes(shape);
  Parts parts{};
  const auto take = [&](std::int64_t bytes) {
    const std::byte* here = at;
    at += bytes;
    return here;
  };
  parts.gate_FD = take(shape.mlp.gated ? inner : 0);
  parts.up_FD = take(inner);
  parts.down_DF = take(bytes_of(shape.format, shape.D, shape.F));
  parts.gate_bias_F = take(shape.mlp.gated ? shape.F * bias : 0);
  parts.up_bias_F = take(shape.F * bias);
  parts.down_bias_D = take(shape.D * bias);
  return parts;
}

void copy(const std::byte* to, const void* from, std::int64_t bytes, std::byte* packed) {
  std::memcpy(packed + (to - packed), from, static_cast<std::size_t>(bytes));
}

void pack(const ExpertGemmShape& shape, std::span<const ExpertWeights> experts, std::byte* packed,
          ThreadPool&) {
  constexpr auto kFloat = std::int64_t{sizeof(float)};
  const std::int64_t row_D = row_bytes(shape.format, shape.D),
                     row_F = row_bytes(shape.format, shape.F);
  const auto copy_matrix = [&](const std::byte* to, const StoredRows& from, std::int64_t N,
                               std::int64_t row) {
    copy_some_rows(from, 0, N, row, packed + (to - packed));
  };
  for (std::size_t e = 0; e < experts.size(); ++e) {
    const ExpertWeights& from = experts[e];
    const Parts to = parts_of(shape, packed, static_cast<std::int64_t>(e));
    if (shape.mlp.gated) copy_matrix(to.gate_FD, from.gate_FD, shape.F, row_D);
    copy_matrix(to.up_FD, from.up_FD, shape.F, row_D);
    copy_matrix(to.down_DF, from.down_DF, shape.D, row_F);
    if (!shape.bias) continue;
    if (shape.mlp.gated) copy(to.gate_bias_F, from.gate_bias_F, shape.F * kFloat, packed);
    copy(to.up_bias_F, from.up_bias_F, shape.F * kFloat, packed);
    copy(to.down_bias_D, from.down_bias_D, shape.D * kFloat, packed);
  }
}

/// W x + b, of a matrix [outputs, x.size()].
std::vector<double> project(const ExpertGemmShape& shape, const std::byte* weight,
                            const std::byte* bias, std::int64_t outputs,
                            const std::vector<double>& x) {
  std::vector<double> y;
  for (std::int64_t n = 0; n < outputs; ++n) {
    double sum = shape.bias ? element_of(PackedFormat::f32, bias, n) : 0;
    const std::byte* row = weight + n * row_bytes(shape.format, std::ssize(x));
    for (std::size_t k = 0; k < x.size(); ++k)
      sum += x[k] * element_of(shape.format, row, static_cast<std::int64_t>(k));
    y.push_back(sum);
  }
  return y;
}

std::vector<double> expert(const ExpertGemmShape& shape, const Parts& parts,
                           const std::vector<double>& x) {
  std::vector<double> gate(static_cast<std::size_t>(shape.F));
  if (shape.mlp.gated) gate = project(shape, parts.gate_FD, parts.gate_bias_F, shape.F, x);
  std::vector<double> h = project(shape, parts.up_FD, parts.up_bias_F, shape.F, x);
  for (std::size_t f = 0; f < h.size(); ++f) h[f] = activated(shape.mlp, gate[f], h[f]);
  return project(shape, parts.down_DF, parts.down_bias_D, shape.D, h);
}

void run(const ExpertGemmShape& shape, const std::byte* packed, const ExpertGemmArgs& args,
         ThreadPool&) {
  for (std::int64_t t = 0; t < args.T; ++t) {
    std::vector<double> sum(static_cast<std::size_t>(shape.D));
    for (std::int64_t k = 0; k < shape.K; ++k) {
      const double weight = args.weight_TK[t * shape.K + k];
      std::vector<double> x(args.x_TD + t * shape.D, args.x_TD + (t + 1) * shape.D);
      if (shape.scale_input) {
        for (double& value : x) value *= weight;
      }
      const Parts parts = parts_of(shape, packed, args.expert_TK[t * shape.K + k]);
      const std::vector<double> y = expert(shape, parts, x);
      for (std::size_t d = 0; d < sum.size(); ++d)
        sum[d] += (shape.scale_input ? 1 : weight) * y[d];
    }
    for (std::int64_t d = 0; d < shape.D; ++d)
      args.y_TD[t * shape.D + d] = static_cast<float>(sum[static_cast<std::size_t>(d)]);
  }
}

}  // namespace

extern const ExpertGemm expert_gemm_reference = {
    .name = "reference",
    .by_target = false,
    .supports = [](const ExpertGemmShape&) { return true; },
    .packed_bytes = [](const ExpertGemmShape& shape) { return shape.E * expert_bytes(shape); },
    .pack = pack,
    .workspace_bytes = [](const ExpertGemmShape&, std::int64_t) { return std::int64_t{0}; },
    .run = run,
};

}  // namespace moe
