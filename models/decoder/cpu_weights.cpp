#include "models/decoder/cpu_weights.h"

#include <optional>

#include "kernels/packed/quantised.h"
#include "models/decoder/mlp_views.h"
#include "models/decoder/tensors.h"

namespace moe {
namespace {

at::ScalarType scalar_type(PackedFormat format) {
  return format == PackedFormat::f32   ? at::kFloat
         : format == PackedFormat::f16 ? at::kHalf
                                       : at::kBFloat16;
}

/// A weight's elements in a format: the view's own where that is theirs, which are not copied.
class Elements {
 public:
  Elements(const WeightView& view, PackedFormat format, ThreadPool& pool) {
    if (is_quantised(format)) {
      quantise_rows(view, format, pool);
    } else {
      converted_ = borrowed(view).to(scalar_type(format));
    }
  }
  const std::byte* data() const {
    return converted_.defined() ? static_cast<const std::byte*>(converted_.const_data_ptr())
                                : quantised_.data();
  }

 private:
  void quantise_rows(const WeightView& view, PackedFormat format, ThreadPool& pool) {
    const Tensor rows_NK = borrowed(view).to(at::kFloat).contiguous();
    const std::int64_t N = rows_NK.size(0), K = rows_NK.size(1), each = row_bytes(format, K);
    quantised_.resize(static_cast<std::size_t>(N * each));
    try {
      pool.run(N, [&](std::int64_t n, std::int64_t) {
        quantise(format, {rows_NK.const_data_ptr<float>() + n * K, static_cast<std::size_t>(K)},
                 quantised_.data() + n * each);
      });
    } catch (const Error& error) {
      throw Error(fmt::format("{}: {}", view.parameter, error.what()),
                  std::source_location::current());
    }
  }

  Tensor converted_;
  std::vector<std::byte> quantised_;
};

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
struct MlpElements {
  MlpElements(const MlpViews& views, PackedFormat format, ThreadPool& pool)
      : up(views.up_FD, format, pool), down(views.down_DF, format, pool) {
    if (views.gate_FD) gate.emplace(*views.gate_FD, format, pool);
    if (views.gate_bias_F) gate_bias = floats_of(*views.gate_bias_F);
    if (views.up_bias_F) up_bias = floats_of(*views.up_bias_F);
    if (views.down_bias_D) down_bias = floats_of(*views.down_bias_D);
  }
  ExpertWeights weights() const {
    return {.gate_FD = gate ? gate->data() : nullptr,
            .up_FD = up.data(),
            .down_DF = down.data(),
            .gate_bias_F = gate_bias.data(),
            .up_bias_F = up_bias.data(),
            .down_bias_D = down_bias.data()};
  }

  std::optional<Elements> gate;
  Elements up, down;
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
  const Tensor values = borrowed(view).to(at::kFloat).contiguous();
  const float* data = values.const_data_ptr<float>();
  return {data, data + values.numel()};
}

CpuTable table_of(const WeightView& table_VD, PackedFormat format) {
  const Tensor rows_VD = borrowed(table_VD).to(scalar_type(format));
  const auto* const elements = static_cast<const std::byte*>(rows_VD.const_data_ptr());
  CpuTable table;
  table.V = table_VD.shape.at(0);
  table.D = table_VD.shape.at(1);
  table.format = format;
  table.rows.assign(elements, elements + bytes_of(rows_VD));
  return table;
}

CpuLinear linear_of(const WeightView& weight_NK, const WeightView* bias_N, PackedFormat format,
                    ThreadPool& pool) {
  CpuLinear linear;
  linear.shape = {.N = weight_NK.shape.at(0),
                  .K = weight_NK.shape.at(1),
                  .format = format,
                  .bias = bias_N != nullptr};
  linear.kernel = &fastest("linear", linears(), linear.shape);
  linear.packed = aligned_bytes(linear.kernel->packed_bytes(linear.shape));
  const Elements weight(weight_NK, format, pool);
  const std::vector<float> bias = bias_N != nullptr ? floats_of(*bias_N) : std::vector<float>();
  linear.kernel->pack(linear.shape, {.weight_NK = weight.data(), .bias_N = bias.data()},
                      linear.packed.get(), pool);
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
  mlps.kernel = &fastest("expert_gemm", expert_gemms(), mlps.shape);
  mlps.packed = aligned_bytes(mlps.kernel->packed_bytes(mlps.shape));
  std::vector<MlpElements> elements;
  elements.reserve(views.size());
  std::vector<ExpertWeights> weights;
  for (const MlpViews& one : views)
    weights.push_back(elements.emplace_back(one, format, pool).weights());
  mlps.kernel->pack(mlps.shape, weights, mlps.packed.get(), pool);
  return mlps;
}

}  // namespace moe
