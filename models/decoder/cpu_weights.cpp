#include "models/decoder/cpu_weights.h"

#include <optional>

#include "harness/error.h"
#include "kernels/choice.h"
#include "kernels/packed/packing.h"
#include "models/checkpoint/finite.h"
#include "models/decoder/mlp_views.h"
#include "models/decoder/tensors.h"
#include "models/decoder/view_rows.h"

namespace moe {
namespace {

void check_all(const ViewRows& rows) {
  rows.check();
}

template <typename Rows>
void check_all(const std::vector<Rows>& all) {
  for (const Rows& rows : all) rows.check();
}

/// Does `work`, which reads `rows` in no certain order: of elements that are not finite the error
/// names the first.
template <typename Rows, typename Work>
void named_first(const Rows& rows, const Work& work) {
  try {
    work();
  } catch (const Error&) {
    check_all(rows);
    throw;
  }
}

MlpKind kind_of(const FeedForwardSpec& spec) {
  const auto activation = [&] {
    switch (spec.activation) {
      case Activation::silu:
        return MlpActivation::silu;
      case Activation::gelu:
        return MlpActivation::gelu;
      case Activation::gelu_tanh:
        return MlpActivation::gelu_tanh;
      case Activation::clamped_swiglu:
        break;
    }
    return MlpActivation::clamped_swiglu;
  }();
  return {.activation = activation, .gated = spec.gated, .alpha = spec.alpha, .limit = spec.limit};
}

/// One expert's matrices and biases, alive while they are packed.
struct MlpRows {
  MlpRows(const MlpViews& views, PackedFormat format)
      : up(views.up_FD, format), down(views.down_DF, format) {
    if (views.gate_FD) gate.emplace(*views.gate_FD, format);
    if (views.gate_bias_F) gate_bias = floats_of(*views.gate_bias_F);
    if (views.up_bias_F) up_bias = floats_of(*views.up_bias_F);
    if (views.down_bias_D) down_bias = floats_of(*views.down_bias_D);
  }
  ExpertWeights weights() const {
    return {.gate_FD = gate ? &*gate : nullptr,
            .up_FD = &up,
            .down_DF = &down,
            .gate_bias_F = gate_bias.data(),
            .up_bias_F = up_bias.data(),
            .down_bias_D = down_bias.data()};
  }
  void check() const {
    if (gate) gate->check();
    up.check();
    down.check();
  }

  std::optional<ViewRows> gate;
  ViewRows up, down;
  std::vector<float> gate_bias, up_bias, down_bias;
};

}  // namespace

PackedFormat packed_format(const KeptAs& kept) {
  switch (kept.quantisation) {
    case Quantisation::int8:
      return PackedFormat::int8;
    case Quantisation::int4:
      return PackedFormat::int4;
    case Quantisation::mxfp4:
      return PackedFormat::mxfp4;
    case Quantisation::none:
      break;
  }
  switch (kept.dtype) {
    case DType::f32:
      return PackedFormat::f32;
    case DType::f16:
      return PackedFormat::f16;
    case DType::bf16:
      break;
  }
  return PackedFormat::bf16;
}

Tensor CpuLinear::run(const Tensor& x_TK, CpuWork& work) const {
  const Tensor x = x_TK.contiguous();
  require(x.dim() == 2 && x.size(1) == shape.K, "a linear layer of {} inputs on rows of {}",
          shape.K, x.size(-1));
  Tensor y_TN = work.tensors.take({x.size(0), shape.N}, at::kFloat);
  kernel->run(
      shape, packed.get(),
      {.T = x.size(0), .x_TK = x.const_data_ptr<float>(), .y_TN = y_TN.mutable_data_ptr<float>()},
      work.pool);
  return y_TN;
}

std::vector<float> floats_of(const WeightView& view) {
  check_finite(view);
  const Tensor values = borrowed(view).to(at::kFloat).contiguous();
  const float* data = values.const_data_ptr<float>();
  return {data, data + values.numel()};
}

CpuTable table_of(const WeightView& table_VD, PackedFormat format, ThreadPool& pool) {
  CpuTable table;
  table.V = table_VD.shape.at(0);
  table.D = table_VD.shape.at(1);
  table.format = format;
  table.rows = aligned_bytes(table.bytes());
  const ViewRows rows(table_VD, format);
  named_first(rows, [&] { copy_rows(&rows, table.V, table.D, format, table.rows.get(), pool); });
  return table;
}

CpuLinear linear_of(const WeightView& weight_NK, const WeightView* bias_N, PackedFormat format,
                    ThreadPool& pool) {
  CpuLinear linear;
  linear.shape = {.N = weight_NK.shape.at(0),
                  .K = weight_NK.shape.at(1),
                  .format = format,
                  .bias = bias_N != nullptr};
  linear.kernel = &first_that_takes("linear", linears(), linear.shape);
  linear.packed = aligned_bytes(linear.kernel->packed_bytes(linear.shape));
  const ViewRows rows(weight_NK, format);
  const std::vector<float> bias = bias_N != nullptr ? floats_of(*bias_N) : std::vector<float>();
  named_first(rows, [&] {
    linear.kernel->pack(linear.shape, {.weight_NK = &rows, .bias_N = bias.data()},
                        linear.packed.get(), pool);
  });
  return linear;
}

ExpertGemmShape mlp_shape(const FeedForwardSpec& spec, const MlpSizes& sizes, PackedFormat format) {
  return {.E = sizes.experts,
          .K = 1,
          .D = sizes.dim,
          .F = sizes.hidden,
          .mlp = kind_of(spec),
          .format = format,
          .bias = spec.bias,
          .scale_input = spec.scale_input};
}

CpuMlps mlps_of(const FeedForwardSpec& spec, std::int64_t hidden, std::span<const MlpViews> views,
                PackedFormat format, ThreadPool& pool) {
  check_mlp_views(spec, views);
  CpuMlps mlps;
  mlps.shape = mlp_shape(spec, {std::ssize(views), views[0].up_FD.shape.at(1), hidden}, format);
  mlps.kernel = &first_that_takes("expert_gemm", expert_gemms(), mlps.shape);
  mlps.packed = aligned_bytes(mlps.kernel->packed_bytes(mlps.shape));
  std::vector<MlpRows> rows;
  rows.reserve(views.size());
  std::vector<ExpertWeights> weights;
  for (const MlpViews& one : views) weights.push_back(rows.emplace_back(one, format).weights());
  named_first(rows, [&] { mlps.kernel->pack(mlps.shape, weights, mlps.packed.get(), pool); });
  return mlps;
}

}  // namespace moe
