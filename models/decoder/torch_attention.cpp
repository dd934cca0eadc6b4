#include "models/decoder/torch_attention.h"

#include <algorithm>
#include <limits>

#include "harness/error.h"
#include "models/decoder/keys_seen.h"
#include "models/decoder/kv_cache.h"
#include "models/decoder/tensors.h"

namespace moe {
namespace {

/// The rows of several sequences of equal length: [B, rows, ...]. A view where they lie one after
/// the other.
Tensor stack_rows(const Tensor& x, const AttendedBatch& batch) {
  const auto sequences = std::ssize(batch.begin);
  bool one_after_the_other = true;
  for (std::int64_t s = 1; s < sequences; ++s) {
    one_after_the_other = one_after_the_other && batch.begin[static_cast<std::size_t>(s)] ==
                                                     batch.begin[0] + s * batch.rows;
  }
  if (one_after_the_other) {
    return x.narrow(0, batch.begin[0], sequences * batch.rows)
        .unflatten(0, {sequences, batch.rows});
  }
  std::vector<Tensor> parts;
  parts.reserve(batch.begin.size());
  for (const std::int64_t begin : batch.begin) parts.push_back(x.narrow(0, begin, batch.rows));
  return at::stack(parts);
}

/// A part of a sequence: queries and keys from these absolute positions.
struct Piece {
  std::int64_t query = 0, rows = 0, key = 0, keys = 0;
};

/// What a query may not see, [rows, keys], or undefined where that is nothing.
Tensor hidden_keys(const AttentionSpec& spec, const Piece& piece, const at::Device& device) {
  const auto [query, rows, key, keys] = piece;
  const bool later = spec.causal && key + keys - 1 > query;
  const bool earlier = spec.window && key <= query + rows - 1 - *spec.window;
  const bool elsewhere = spec.chunk && std::min(key, query) / *spec.chunk !=
                                           (std::max(key + keys, query + rows) - 1) / *spec.chunk;
  if (!later && !earlier && !elsewhere) return {};
  const at::TensorOptions options = at::TensorOptions(device).dtype(at::kLong);
  const Tensor i = at::arange(query, query + rows, options).unsqueeze(1);
  const Tensor j = at::arange(key, key + keys, options);
  Tensor hidden;
  const auto hide = [&](const Tensor& more) {
    hidden = hidden.defined() ? hidden.logical_or(more) : more;
  };
  if (later) hide(j > i);
  if (earlier) hide(j <= i - *spec.window);
  if (elsewhere) hide(j.div(*spec.chunk, "floor") != i.div(*spec.chunk, "floor"));
  return hidden;
}

/// Softmax over the keys in float32, with an extra logit per head where there are sinks.
Tensor probabilities(const Tensor& sinks_H, const Tensor& scores_BHnS) {
  const at::ScalarType dtype = wide(scores_BHnS.scalar_type());
  if (!sinks_H.defined()) return at::softmax(scores_BHnS, -1, dtype);
  const std::int64_t keys = scores_BHnS.size(3);
  const Tensor sink =
      sinks_H.view({1, -1, 1, 1})
          .to(scores_BHnS.dtype())
          .expand({scores_BHnS.size(0), scores_BHnS.size(1), scores_BHnS.size(2), 1});
  return at::softmax(at::cat({scores_BHnS, sink}, -1), -1, dtype).narrow(-1, 0, keys);
}

/// The bias of a piece's queries and keys.
Tensor bias_part(const Tensor& bias, const Piece& piece) {
  Tensor part = bias;
  const auto take = [&](std::int64_t dim, std::int64_t begin, std::int64_t count) {
    if (part.dim() < -dim || part.size(dim) == 1) return;
    require(part.size(dim) >= begin + count,
            "an additive bias of {} positions for a sequence that reaches {}", part.size(dim),
            begin + count);
    part = part.narrow(dim, begin, count);
  };
  take(-2, piece.query, piece.rows);
  take(-1, piece.key, piece.keys);
  return part;
}

/// What stays the same over the pieces of an attention.
struct Attended {
  const AttentionSpec& spec;
  Tensor additive_bias, sinks_H;
};

/// [B, rows, H * e]
Tensor attend(const Attended& a, const Piece& piece, const Tensor& q_BnHd, const Tensor& k_BGSd,
              const Tensor& v_BGSe) {
  const std::int64_t sequences = q_BnHd.size(0), rows = q_BnHd.size(1), heads = q_BnHd.size(2);
  const std::int64_t groups = k_BGSd.size(1), keys = k_BGSd.size(2), shared = heads / groups;
  const Tensor q = q_BnHd.reshape({sequences, rows, groups, shared, -1})
                       .permute({0, 2, 3, 1, 4})
                       .reshape({sequences, groups, shared * rows, -1});
  // The product is scaled, not the query: what is rounded to the activations' dtype is then what
  // transformers rounds.
  Tensor scores =
      (q.matmul(k_BGSd.transpose(-1, -2)) * a.spec.scale).view({sequences, heads, rows, keys});
  if (a.spec.softcap > 0) scores = at::tanh(scores / a.spec.softcap) * a.spec.softcap;
  if (a.additive_bias.defined()) scores = scores + bias_part(a.additive_bias, piece);
  const Tensor hidden = hidden_keys(a.spec, piece, scores.device());
  if (hidden.defined()) {
    scores = scores.masked_fill(hidden, -std::numeric_limits<double>::infinity());
  }
  return probabilities(a.sinks_H, scores)
      .to(v_BGSe.dtype())
      .reshape({sequences, groups, shared * rows, keys})
      .matmul(v_BGSe)
      .view({sequences, groups, shared, rows, -1})
      .permute({0, 3, 1, 2, 4})
      .reshape({sequences, rows, -1});
}

/// Row by row in pieces that keep the scores small; keys that no row of a piece sees are left out.
/// The keys given begin at the batch's first.
Tensor attend_in_pieces(const Attended& a, const AttendedBatch& batch, const Tensor& q_BnHd,
                        const Tensor& k_BGSd, const Tensor& v_BGSe) {
  const std::int64_t rows = q_BnHd.size(1), keys = batch.first_key + k_BGSd.size(2);
  const std::int64_t of_a_row = q_BnHd.size(0) * q_BnHd.size(2) * keys;
  const std::int64_t step =
      std::clamp(score_elements(q_BnHd.device()) / of_a_row, std::int64_t{1}, rows);
  std::vector<Tensor> pieces;
  for (std::int64_t row = 0; row < rows; row += step) {
    const std::int64_t count = std::min(step, rows - row), query = batch.position + row;
    const std::int64_t first = first_key_seen(a.spec, query);
    const std::int64_t last = a.spec.causal ? query + count : keys;
    const std::int64_t at = first - batch.first_key;
    pieces.push_back(attend(a, {.query = query, .rows = count, .key = first, .keys = last - first},
                            q_BnHd.narrow(1, row, count), k_BGSd.narrow(2, at, last - first),
                            v_BGSe.narrow(2, at, last - first)));
  }
  return pieces.size() == 1 ? pieces[0] : at::cat(pieces, 1);
}

Tensor attend_batch(const TorchStep& step, const AttentionArgs& args, const Tensor& sinks_H,
                    const AttendedBatch& batch) {
  const Attended a{.spec = *args.spec, .additive_bias = args.additive_bias, .sinks_H = sinks_H};
  const Tensor q_BnHd = stack_rows(args.q_THd, batch);
  if (!batch.slot_BS.defined()) {
    return attend_in_pieces(a, batch, q_BnHd, stack_rows(args.k_TGd, batch).transpose(1, 2),
                            stack_rows(args.v_TGe, batch).transpose(1, 2));
  }
  const auto [k_BGSd, v_BGSe] = step.cache().read_heads(args.layer, batch.slot_BS);
  return attend_in_pieces(a, batch, q_BnHd, k_BGSd, v_BGSe);
}

}  // namespace

Tensor torch_attention(const TorchStep& step, const AttentionArgs& args, const Tensor& sinks_H) {
  require(args.q_THd.size(0) == step.rows(), "attention over {} rows of a step of {}",
          args.q_THd.size(0), step.rows());
  step.write(args.layer, args.k_TGd, args.v_TGe);
  const AttentionPlan& plan = step.plan(*args.spec);
  std::vector<Tensor> outputs;
  for (const AttendedBatch& batch : plan.batches) {
    outputs.push_back(attend_batch(step, args, sinks_H, batch).flatten(0, 1));
  }
  Tensor y = outputs.size() == 1 ? outputs[0] : at::cat(outputs);
  return plan.place_T.defined() ? y.index_select(0, plan.place_T) : y;
}

}  // namespace moe
