#include "models/decoder/torch_attention.h"

#include <algorithm>
#include <limits>

#include "harness/error.h"
#include "models/decoder/kv_cache.h"
#include "models/decoder/tensors.h"

namespace moe {
namespace {

/// The rows of several sequences of equal length: [B, rows, ...].
Tensor stack_rows(const Tensor& x, const AttendedBatch& batch) {
  if (batch.begin.size() == 1) return x.narrow(0, batch.begin[0], batch.rows).unsqueeze(0);
  std::vector<Tensor> parts;
  parts.reserve(batch.begin.size());
  for (const std::int64_t begin : batch.begin) parts.push_back(x.narrow(0, begin, batch.rows));
  return at::stack(parts);
}

/// What a query may not see, [rows, keys], or undefined where that is nothing.
Tensor hidden_keys(const AttentionArgs& args, std::int64_t query, std::int64_t rows,
                   std::int64_t key, std::int64_t keys) {
  const auto window = args.spec->window;
  const bool later = args.causal && key + keys - 1 > query;
  const bool earlier = window && key <= query + rows - 1 - *window;
  if (!later && !earlier) return {};
  const at::TensorOptions options = args.q_THd.options().dtype(at::kLong).requires_grad(false);
  const Tensor i = at::arange(query, query + rows, options).unsqueeze(1);
  const Tensor j = at::arange(key, key + keys, options);
  if (!earlier) return j > i;
  const Tensor before = j <= i - *window;
  return later ? before.logical_or(j > i) : before;
}

/// Softmax over the keys in float32, with an extra logit per head where there are sinks.
Tensor probabilities(const AttentionArgs& args, const Tensor& scores_BHnS) {
  const at::ScalarType dtype = wide(scores_BHnS.scalar_type());
  if (!args.sinks_H.defined()) return at::softmax(scores_BHnS, -1, dtype);
  const std::int64_t keys = scores_BHnS.size(3);
  const Tensor sink =
      args.sinks_H.view({1, -1, 1, 1})
          .to(scores_BHnS.dtype())
          .expand({scores_BHnS.size(0), scores_BHnS.size(1), scores_BHnS.size(2), 1});
  return at::softmax(at::cat({scores_BHnS, sink}, -1), -1, dtype).narrow(-1, 0, keys);
}

/// The bias of rows and keys counted from the start of the sequence's rows and keys.
Tensor bias_part(const Tensor& bias, std::int64_t row, std::int64_t rows, std::int64_t key,
                 std::int64_t keys) {
  Tensor part = bias;
  if (part.dim() >= 2 && part.size(-2) > 1) part = part.narrow(-2, row, rows);
  return part.size(-1) > 1 ? part.narrow(-1, key, keys) : part;
}

/// A sequence's piece: queries from absolute position `query`, keys from `key`.
struct Piece {
  std::int64_t query = 0, row = 0, key = 0;
};

/// [B, rows, H * e]
Tensor attend(const AttentionArgs& args, const Piece& piece, const Tensor& q_BnHd,
              const Tensor& k_BGSd, const Tensor& v_BGSe) {
  const std::int64_t sequences = q_BnHd.size(0), rows = q_BnHd.size(1), heads = q_BnHd.size(2);
  const std::int64_t groups = k_BGSd.size(1), keys = k_BGSd.size(2), shared = heads / groups;
  const Tensor q = (q_BnHd * args.spec->scale)
                       .reshape({sequences, rows, groups, shared, -1})
                       .permute({0, 2, 3, 1, 4})
                       .reshape({sequences, groups, shared * rows, -1});
  Tensor scores = q.matmul(k_BGSd.transpose(-1, -2)).view({sequences, heads, rows, keys});
  if (args.softcap > 0) scores = at::tanh(scores / args.softcap) * args.softcap;
  if (args.additive_bias.defined()) {
    scores = scores + bias_part(args.additive_bias, piece.row, rows, piece.key, keys);
  }
  const Tensor hidden = hidden_keys(args, piece.query, rows, piece.key, keys);
  if (hidden.defined()) {
    scores = scores.masked_fill(hidden, -std::numeric_limits<double>::infinity());
  }
  return probabilities(args, scores)
      .to(v_BGSe.dtype())
      .reshape({sequences, groups, shared * rows, keys})
      .matmul(v_BGSe)
      .view({sequences, groups, shared, rows, -1})
      .permute({0, 3, 1, 2, 4})
      .reshape({sequences, rows, -1});
}

/// Row by row in pieces that keep the scores small; keys that no row of a piece sees are left out.
/// The keys given begin at the batch's first.
Tensor attend_in_pieces(const AttentionArgs& args, const AttendedBatch& batch, const Tensor& q_BnHd,
                        const Tensor& k_BGSd, const Tensor& v_BGSe) {
  const std::int64_t rows = q_BnHd.size(1), keys = batch.first_key + k_BGSd.size(2);
  const std::int64_t of_a_row = q_BnHd.size(0) * q_BnHd.size(2) * keys;
  const std::int64_t step =
      std::clamp(score_elements(q_BnHd.device()) / of_a_row, std::int64_t{1}, rows);
  std::vector<Tensor> pieces;
  for (std::int64_t row = 0; row < rows; row += step) {
    const std::int64_t count = std::min(step, rows - row), query = batch.position + row;
    const std::int64_t first =
        args.spec->window ? std::max<std::int64_t>(0, query - *args.spec->window + 1) : 0;
    const std::int64_t last = args.causal ? query + count : keys;
    const std::int64_t at = first - batch.first_key;
    pieces.push_back(attend(args, {.query = query, .row = row, .key = first},
                            q_BnHd.narrow(1, row, count), k_BGSd.narrow(2, at, last - first),
                            v_BGSe.narrow(2, at, last - first)));
  }
  return pieces.size() == 1 ? pieces[0] : at::cat(pieces, 1);
}

Tensor attend_batch(const TorchStep& step, const AttentionArgs& args, const AttendedBatch& batch) {
  const Tensor q_BnHd = stack_rows(args.q_THd, batch);
  if (!batch.slot_BS.defined()) {
    return attend_in_pieces(args, batch, q_BnHd, stack_rows(args.k_TGd, batch).transpose(1, 2),
                            stack_rows(args.v_TGe, batch).transpose(1, 2));
  }
  const auto [k_BGSd, v_BGSe] = step.cache().read_heads(args.layer, batch.slot_BS);
  return attend_in_pieces(args, batch, q_BnHd, k_BGSd, v_BGSe);
}

}  // namespace

Tensor torch_attention(const TorchStep& step, const AttentionArgs& args) {
  require(args.q_THd.size(0) == step.rows(), "attention over {} rows of a step of {}",
          args.q_THd.size(0), step.rows());
  step.write(args.layer, args.k_TGd, args.v_TGe);
  const AttentionPlan& plan = step.plan(*args.spec);
  std::vector<Tensor> outputs;
  for (const AttendedBatch& batch : plan.batches) {
    outputs.push_back(attend_batch(step, args, batch).flatten(0, 1));
  }
  Tensor y = outputs.size() == 1 ? outputs[0] : at::cat(outputs);
  return plan.place_T.defined() ? y.index_select(0, plan.place_T) : y;
}

}  // namespace moe
