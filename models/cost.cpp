#include "models/cost.h"

#include <algorithm>
#include <cmath>

namespace moe {
namespace {

std::int64_t attention_parameters(const Config& c, const AttentionSpec& a) {
  const std::int64_t qkv = a.heads * a.qk_dim + a.kv_heads * (a.qk_dim + a.v_dim);
  return c.dim * qkv + a.heads * a.v_dim * c.dim + (a.qkv_bias ? qkv : 0) + (a.o_bias ? c.dim : 0) +
         (a.sinks ? a.heads : 0);
}

std::int64_t norm_parameters(const Config& c, const AttentionSpec& a) {
  const std::int64_t qk = a.qk_norm == QkNorm::none         ? 0
                          : a.qk_norm == QkNorm::full_width ? (a.heads + a.kv_heads) * a.qk_dim
                                                            : 2 * a.qk_dim;
  return 2 * c.dim + qk;
}

std::int64_t mlp_parameters(const Config& c, const FeedForwardSpec& f, std::int64_t hidden) {
  const std::int64_t inner = f.gated ? 2 : 1;
  return (inner + 1) * c.dim * hidden + (f.bias ? inner * hidden + c.dim : 0);
}

std::int64_t expert_parameters(const Config& c, const FeedForwardSpec& f) {
  return mlp_parameters(c, f, f.hidden);
}

std::int64_t router_parameters(const Config& c, const FeedForwardSpec& f) {
  return f.experts * (c.dim + (f.router_bias ? 1 : 0) + (f.correction_bias ? 1 : 0));
}

std::int64_t shared_parameters(const Config& c, const FeedForwardSpec& f) {
  if (f.experts == 0 || f.shared_hidden == 0) return 0;
  return mlp_parameters(c, f, f.shared_hidden) + (f.shared_gate ? c.dim : 0);
}

ByPart layers(const Config& c, bool active) {
  ByPart n;
  for (const auto& [attention, ff] : c.layers) {
    n.attention += attention_parameters(c, attention);
    n.norms += norm_parameters(c, attention);
    n.router += router_parameters(c, ff);
    n.shared += shared_parameters(c, ff);
    const std::int64_t all = std::max<std::int64_t>(ff.experts, 1);
    const std::int64_t chosen = std::max<std::int64_t>(ff.experts_per_token, 1);
    n.experts += (active ? chosen : all) * expert_parameters(c, ff);
  }
  n.norms += c.dim;
  return n;
}

ByPart times(const ByPart& n, std::int64_t factor) {
  return {n.embedding * factor, n.attention * factor, n.router * factor, n.experts * factor,
          n.shared * factor,    n.head * factor,      n.norms * factor};
}

/// Keys that `new_tokens` queries see after `context` tokens, summed over the queries, within a
/// window.
double keys_seen(const StepLoad& load, const std::optional<std::int64_t>& window) {
  double sum = 0;
  for (std::int64_t i = 0; i < load.new_tokens; ++i) {
    const std::int64_t keys = load.context + i + 1;
    sum += static_cast<double>(window ? std::min(keys, *window) : keys);
  }
  return sum;
}

/// Keys and values that one token leaves in one layer.
std::int64_t kv_elements(const AttentionSpec& a) {
  return a.kv_heads * (a.qk_dim + a.v_dim);
}

/// Bytes of keys and values that a step reads of what was there, as far as a layer's window reaches
/// (the first new token is itself one of its keys), and writes.
double kv_step_bytes(const Config& c, DType dtype, const StepLoad& load) {
  std::int64_t elements = 0;
  for (const auto& [a, ff] : c.layers) {
    const std::int64_t read = a.window ? std::min(load.context, *a.window - 1) : load.context;
    elements += kv_elements(a) * (read + load.new_tokens);
  }
  return static_cast<double>(elements * load.batch * size_of(dtype));
}

}  // namespace

std::int64_t ByPart::total() const {
  return embedding + attention + router + experts + shared + head + norms;
}

ByPart parameter_counts(const Config& c) {
  ByPart n = layers(c, /*active=*/false);
  n.embedding = c.vocab * c.dim;
  n.head = c.tied_embeddings ? 0 : c.vocab * c.dim;
  return n;
}

ByPart active_parameter_counts(const Config& c) {
  ByPart n = layers(c, /*active=*/true);
  n.embedding = c.dim;
  n.head = c.vocab * c.dim;
  return n;
}

std::int64_t active_parameters_with_embedding(const Config& c) {
  const std::int64_t table = c.vocab * c.dim;
  return layers(c, /*active=*/true).total() + table + (c.tied_embeddings ? 0 : table);
}

ByPart weight_bytes(const Config& c, const KeptAs& kept) {
  const ByPart n = parameter_counts(c);
  ByPart bytes = times(n, size_of(kept.dtype));
  bytes.attention = kept.large_bytes(n.attention);
  bytes.experts = kept.large_bytes(n.experts);
  bytes.shared = kept.large_bytes(n.shared);
  bytes.head = kept.head_bytes(kept.packed ? c.vocab * c.dim : n.head);
  return bytes;
}

std::int64_t kv_bytes_per_token(const Config& c, DType dtype) {
  std::int64_t elements = 0;
  for (const LayerSpec& layer : c.layers) elements += kv_elements(layer.attention);
  return elements * size_of(dtype);
}

ByPart step_flops(const Config& c, const StepLoad& load) {
  const std::int64_t tokens = load.batch * load.new_tokens;
  ByPart flops = times(layers(c, /*active=*/true), 2 * tokens);
  flops.norms = 0;
  for (const LayerSpec& layer : c.layers) {
    const AttentionSpec& a = layer.attention;
    const double per_key = 2.0 * static_cast<double>(a.heads * (a.qk_dim + a.v_dim));
    flops.attention += static_cast<std::int64_t>(per_key * keys_seen(load, a.window)) * load.batch;
  }
  flops.head = 2 * load.scored * c.vocab * c.dim;
  return flops;
}

double expected_experts_touched(const FeedForwardSpec& f, std::int64_t tokens) {
  if (f.experts == 0) return 1;
  const auto experts = static_cast<double>(f.experts);
  const double missed = 1 - static_cast<double>(f.experts_per_token) / experts;
  return experts * (1 - std::pow(missed, static_cast<double>(tokens)));
}

double step_bytes(const Config& c, const KeptAs& weights, DType kv, const StepLoad& load,
                  double experts_touched) {
  const std::int64_t tokens = load.batch * load.new_tokens;
  const ByPart resident = layers(c, /*active=*/false);
  double large = static_cast<double>(resident.attention + resident.shared);
  for (const LayerSpec& layer : c.layers) {
    const FeedForwardSpec& f = layer.feed_forward;
    const double touched = f.experts == 0         ? 1
                           : experts_touched >= 0 ? experts_touched
                                                  : expected_experts_touched(f, tokens);
    large += touched * static_cast<double>(expert_parameters(c, f));
  }
  const std::int64_t small = resident.router + resident.norms + tokens * c.dim,
                     head = load.scored > 0 ? c.vocab * c.dim : 0;
  return static_cast<double>(weights.large_bytes(std::llround(large)) +
                             small * size_of(weights.dtype) + weights.head_bytes(head)) +
         kv_step_bytes(c, kv, load);
}

std::int64_t least_workspace_bytes(const Config& c, DType dtype, const StepLoad& load) {
  const std::int64_t tokens = load.batch * load.new_tokens;
  std::int64_t widest = 0;
  for (const LayerSpec& layer : c.layers) {
    const std::int64_t experts = std::max<std::int64_t>(layer.feed_forward.experts_per_token, 1);
    widest = std::max(widest, experts * layer.feed_forward.hidden);
  }
  return tokens * (c.dim + widest) * size_of(dtype) +
         load.scored * c.vocab * static_cast<std::int64_t>(sizeof(float));
}

}  // namespace moe
