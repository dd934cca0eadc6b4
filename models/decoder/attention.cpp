#include "models/decoder/attention.h"

#include <array>
#include <utility>

#include "models/decoder/parameters.h"

namespace moe {
namespace {

PreparedWeight prepare_linear(const Ops& ops, WeightSource& source, const std::string& name,
                              bool has_bias, const std::array<std::int64_t, 2>& shape) {
  const WeightView weight = parameter(source, name + ".weight", {shape[0], shape[1]});
  if (!has_bias) return ops.prepare_linear(weight, nullptr);
  const WeightView bias = parameter(source, name + ".bias", {shape[0]});
  return ops.prepare_linear(weight, &bias);
}

/// RMSNorm of q or k, over all heads together or over each.
PreparedWeight prepare_qk_norm(const Ops& ops, const Config& config, const AttentionSpec& spec,
                               WeightSource& source, const std::string& name, std::int64_t heads) {
  if (spec.qk_norm == QkNorm::none) return nullptr;
  const std::int64_t width = spec.qk_norm == QkNorm::full_width ? heads * spec.qk_dim : spec.qk_dim;
  const WeightView weight = parameter(source, name, {width});
  return ops.prepare_norm({.kind = NormKind::rms, .eps = config.norm_eps, .width = width}, &weight);
}

/// x W, normalised and clamped as the spec says, in heads: [T, heads, width].
Tensor project(const Ops& ops, const AttentionSpec& spec, const Prepared& linear,
               const Prepared* norm, const Tensor& x_TD, std::int64_t width) {
  Tensor y = ops.linear(linear, x_TD);
  if (norm != nullptr && spec.qk_norm == QkNorm::full_width) y = ops.norm(*norm, y);
  if (spec.clip_qkv) y = ops.clipped(std::move(y), *spec.clip_qkv);
  y = ops.in_heads(std::move(y), width);
  return norm != nullptr && spec.qk_norm == QkNorm::per_head ? ops.norm(*norm, y) : y;
}

}  // namespace

Attention prepare_attention(const Ops& ops, const Config& config, const AttentionSpec& spec,
                            WeightSource& source, const std::string& prefix) {
  const std::int64_t dim = config.dim, q = spec.heads * spec.qk_dim;
  const std::int64_t k = spec.kv_heads * spec.qk_dim, v = spec.kv_heads * spec.v_dim;
  const bool bias = spec.qkv_bias;
  return {
      .q = prepare_linear(ops, source, prefix + "q", bias, {q, dim}),
      .k = prepare_linear(ops, source, prefix + "k", bias, {k, dim}),
      .v = prepare_linear(ops, source, prefix + "v", bias, {v, dim}),
      .o = prepare_linear(ops, source, prefix + "o", spec.o_bias, {dim, spec.heads * spec.v_dim}),
      .q_norm = prepare_qk_norm(ops, config, spec, source, prefix + "q_norm.weight", spec.heads),
      .k_norm = prepare_qk_norm(ops, config, spec, source, prefix + "k_norm.weight", spec.kv_heads),
      .sinks = spec.sinks ? ops.prepare_sinks(parameter(source, prefix + "sinks", {spec.heads}))
                          : nullptr,
  };
}

Tensor forward(const Ops& ops, const Attention& attention, const AttentionSpec& spec,
               const Tensor& x_TD, const TableStep& step, std::int64_t layer) {
  const Tensor q = project(ops, spec, *attention.q, attention.q_norm.get(), x_TD, spec.qk_dim);
  const Tensor k = project(ops, spec, *attention.k, attention.k_norm.get(), x_TD, spec.qk_dim);
  const AttentionArgs args{.q_THd = ops.rope(step, spec.rope, q),
                           .k_TGd = ops.rope(step, spec.rope, k),
                           .v_TGe = project(ops, spec, *attention.v, nullptr, x_TD, spec.v_dim),
                           .spec = &spec,
                           .layer = layer,
                           .sinks = attention.sinks.get()};
  return ops.linear(*attention.o, ops.attention(step, args));
}

}  // namespace moe
