#include "models/decoder/cpu_memory.h"

#include <algorithm>
#include <map>
#include <vector>

#include "kernels/choice.h"
#include "models/decoder/cpu_attention.h"
#include "models/decoder/cpu_weights.h"

namespace moe {
namespace {

constexpr auto kFloat = std::int64_t{sizeof(float)};

/// Rows of a width, by how many of these are there at a time.
using Widths = std::map<std::int64_t, std::int64_t>;

/// Behind the output projection: input and its norm, the projections before and behind their
/// turn (values do not turn), and the results of attention and of the block.
Widths widths_of(const AttentionSpec& a, std::int64_t dim) {
  Widths widths;
  widths[dim] += 3;
  widths[a.heads * a.qk_dim] += 2;
  widths[a.kv_heads * a.qk_dim] += 2;
  widths[a.kv_heads * a.v_dim] += 1;
  widths[a.heads * a.v_dim] += 1;
  return widths;
}

/// Behind the experts: input and its norm, the router's logits and weights, and the result; with a
/// shared expert its own, its gate, and their sum.
Widths widths_of(const FeedForwardSpec& f, std::int64_t dim) {
  Widths widths;
  widths[dim] += 3;
  if (f.experts == 0) return widths;
  widths[f.experts] += 1;
  widths[f.experts_per_token] += 1;
  if (f.shared_hidden > 0) widths[dim] += 2;
  if (f.shared_gate) widths[1] += 1;
  return widths;
}

/// Of operations' results: one row.
std::int64_t result_row_bytes(const Config& config) {
  Widths floats, ids;
  const auto at_least = [](Widths& widths, const Widths& others) {
    for (const auto& [width, count] : others) widths[width] = std::max(widths[width], count);
  };
  for (const auto& [attention, ff] : config.layers) {
    at_least(floats, widths_of(attention, config.dim));
    at_least(floats, widths_of(ff, config.dim));
    if (ff.experts > 0) at_least(ids, {{ff.experts_per_token, 1}});
  }
  std::int64_t bytes = sizeof(std::int64_t);  // the token's
  for (const auto& [width, count] : floats) bytes += width * count * kFloat;
  for (const auto& [width, count] : ids)
    bytes += width * count * std::int64_t{sizeof(std::int32_t)};
  return bytes;
}

/// Of what layers share: the row's position, the angles of each kind of rope, and the choice where
/// there is one MLP.
std::int64_t shared_row_bytes(const Config& config) {
  std::vector<RopeSpec> ropes;
  bool has_one = false;
  std::int64_t bytes = sizeof(std::int64_t);
  for (const auto& [attention, ff] : config.layers) {
    has_one = has_one || ff.experts == 0 || ff.shared_hidden > 0;
    if (std::ranges::find(ropes, attention.rope) != ropes.end()) continue;
    ropes.push_back(attention.rope);
    bytes += attention.rope.dims / 2 * 2 * kFloat;
  }
  return bytes + (has_one ? OnlyChoice::kRowBytes : 0);
}

std::int64_t mlps_workspace(const ExpertGemmShape& shape, std::int64_t T) {
  return first_that_takes("expert_gemm", expert_gemms(), shape).workspace_bytes(shape, T);
}

std::int64_t workspace_of(const FeedForwardSpec& f, std::int64_t dim, PackedFormat format,
                          std::int64_t T) {
  ExpertGemmShape shape =
      mlp_shape(f, {std::max<std::int64_t>(f.experts, 1), dim, f.hidden}, format);
  shape.K = std::max<std::int64_t>(f.experts_per_token, 1);
  const std::int64_t bytes = mlps_workspace(shape, T);
  if (f.experts == 0 || f.shared_hidden == 0) return bytes;
  ExpertGemmShape shared = mlp_shape(f, {1, dim, f.shared_hidden}, format);
  shared.scale_input = false;  // its weight is its gate's
  return std::max(bytes, mlps_workspace(shared, T));
}

}  // namespace

std::int64_t cpu_workspace_bytes(const Config& config, const StepLoad& load, PackedFormat format,
                                 std::int64_t threads) {
  const std::int64_t T = load.batch * load.new_tokens;
  std::int64_t widest = 0;  // workspace of an operation
  for (const auto& [attention, ff] : config.layers) {
    const AttentionShape shape = attention_shape(attention, /*tokens_per_page=*/1);
    widest = std::max({widest, workspace_of(ff, config.dim, format, T),
                       first_that_takes("attention", paged_attentions(), shape)
                           .workspace_bytes(shape, T, load.batch, threads)});
  }
  const std::int64_t scored = config.vocab * kFloat + std::int64_t{sizeof(std::int64_t)};
  return widest + T * (result_row_bytes(config) + shared_row_bytes(config)) + load.scored * scored;
}

}  // namespace moe
