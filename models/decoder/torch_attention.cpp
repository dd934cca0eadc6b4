#include "models/decoder/torch_attention.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "harness/error.h"
#include "models/decoder/kv_cache.h"

namespace moe {
namespace {

// Sequences that are alike are attended together, and long ones in pieces, so that no table of
// scores has more elements than this: what stays in a core's cache, or what fills a GPU.
std::int64_t score_elements(const at::Device& device) {
  return std::int64_t{1} << (device.is_cpu() ? 20 : 26);
}

/// A sequence of the step and where its rows begin.
struct Rows {
  const StepSequence* sequence = nullptr;
  std::int64_t begin = 0;
};

/// Sequences with as many new rows at the same position, so one batch of matrix products.
struct Alike {
  std::int64_t rows = 0, position = 0;
  bool cached = false;
  auto operator<=>(const Alike&) const = default;
};

std::vector<Rows> rows_of(std::span<const StepSequence> sequences) {
  std::vector<Rows> all;
  std::int64_t begin = 0;
  for (const StepSequence& sequence : sequences) {
    all.push_back({.sequence = &sequence, .begin = begin});
    begin += std::ssize(sequence.new_ids);
  }
  return all;
}

bool is_cached(const AttentionArgs& args, const StepSequence& sequence) {
  require(args.cache != nullptr || sequence.pages.empty(),
          "attention: a sequence lists pages and there is no KV cache");
  return !sequence.pages.empty();
}

void write_new_rows(const AttentionArgs& args) {
  std::vector<std::int64_t> rows, slots;
  for (const auto& [sequence, begin] : rows_of(args.sequences)) {
    if (!is_cached(args, *sequence)) continue;
    const std::int64_t count = std::ssize(sequence->new_ids);
    args.cache->append_slots(sequence->pages, sequence->position, sequence->position + count,
                             slots);
    for (std::int64_t row = begin; row < begin + count; ++row) rows.push_back(row);
  }
  if (rows.empty()) return;
  const at::Device device = args.k_TGd.device();
  const Tensor slot_R = at::tensor(slots, at::kLong).to(device);
  if (std::ssize(rows) == args.k_TGd.size(0)) {
    args.cache->write(args.layer, slot_R, args.k_TGd, args.v_TGe);
    return;
  }
  const Tensor row_R = at::tensor(rows, at::kLong).to(device);
  args.cache->write(args.layer, slot_R, args.k_TGd.index_select(0, row_R),
                    args.v_TGe.index_select(0, row_R));
}

/// The rows of several sequences of equal length: [B, rows, ...].
Tensor stack_rows(const Tensor& x, std::span<const Rows> batch, std::int64_t rows) {
  if (batch.size() == 1) return x.narrow(0, batch[0].begin, rows).unsqueeze(0);
  std::vector<Tensor> parts;
  parts.reserve(batch.size());
  for (const Rows& part : batch) parts.push_back(x.narrow(0, part.begin, rows));
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
  if (!args.sinks_H.defined()) return at::softmax(scores_BHnS, -1, at::kFloat);
  const std::int64_t keys = scores_BHnS.size(3);
  const Tensor sink =
      args.sinks_H.view({1, -1, 1, 1})
          .to(scores_BHnS.dtype())
          .expand({scores_BHnS.size(0), scores_BHnS.size(1), scores_BHnS.size(2), 1});
  return at::softmax(at::cat({scores_BHnS, sink}, -1), -1, at::kFloat).narrow(-1, 0, keys);
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
Tensor attend_in_pieces(const AttentionArgs& args, std::int64_t position, const Tensor& q_BnHd,
                        const Tensor& k_BGSd, const Tensor& v_BGSe) {
  const std::int64_t rows = q_BnHd.size(1), keys = k_BGSd.size(2);
  const std::int64_t of_a_row = q_BnHd.size(0) * q_BnHd.size(2) * keys;
  const std::int64_t step =
      std::clamp(score_elements(q_BnHd.device()) / of_a_row, std::int64_t{1}, rows);
  std::vector<Tensor> pieces;
  for (std::int64_t row = 0; row < rows; row += step) {
    const std::int64_t count = std::min(step, rows - row), query = position + row;
    const std::int64_t first =
        args.spec->window ? std::max<std::int64_t>(0, query - *args.spec->window + 1) : 0;
    const std::int64_t last = args.causal ? query + count : keys;
    pieces.push_back(attend(args, {.query = query, .row = row, .key = first},
                            q_BnHd.narrow(1, row, count), k_BGSd.narrow(2, first, last - first),
                            v_BGSe.narrow(2, first, last - first)));
  }
  return pieces.size() == 1 ? pieces[0] : at::cat(pieces, 1);
}

Tensor attend_batch(const AttentionArgs& args, const Alike& alike, std::span<const Rows> batch) {
  const Tensor q_BnHd = stack_rows(args.q_THd, batch, alike.rows);
  if (!alike.cached) {
    return attend_in_pieces(args, alike.position, q_BnHd,
                            stack_rows(args.k_TGd, batch, alike.rows).transpose(1, 2),
                            stack_rows(args.v_TGe, batch, alike.rows).transpose(1, 2));
  }
  std::vector<const StepSequence*> sequences;
  for (const Rows& part : batch) sequences.push_back(part.sequence);
  const auto [k_BGSd, v_BGSe] =
      args.cache->read_heads(args.layer, sequences, alike.position + alike.rows);
  return attend_in_pieces(args, alike.position, q_BnHd, k_BGSd, v_BGSe);
}

std::map<Alike, std::vector<Rows>> alike_sequences(const AttentionArgs& args) {
  std::map<Alike, std::vector<Rows>> groups;
  for (const Rows& rows : rows_of(args.sequences)) {
    const StepSequence& sequence = *rows.sequence;
    const Alike alike = {.rows = std::ssize(sequence.new_ids),
                         .position = sequence.position,
                         .cached = is_cached(args, sequence)};
    if (alike.rows > 0) groups[alike].push_back(rows);
  }
  return groups;
}

}  // namespace

Tensor torch_attention(const AttentionArgs& args) {
  write_new_rows(args);
  const std::int64_t most = score_elements(args.q_THd.device());
  std::vector<Tensor> outputs;
  std::vector<std::int64_t> place(static_cast<std::size_t>(args.q_THd.size(0)));
  std::int64_t done = 0;
  bool in_order = true;
  for (const auto& [alike, all] : alike_sequences(args)) {
    const std::int64_t keys = alike.cached ? alike.position + alike.rows : alike.rows;
    const std::int64_t each = args.spec->heads * keys * alike.rows;
    const auto batch = static_cast<std::size_t>(std::max<std::int64_t>(1, most / each));
    for (std::size_t at = 0; at < all.size(); at += batch) {
      const auto part = std::span(all).subspan(at, std::min(batch, all.size() - at));
      outputs.push_back(attend_batch(args, alike, part).flatten(0, 1));
      for (const Rows& rows : part) {
        in_order = in_order && rows.begin == done;
        for (std::int64_t r = 0; r < alike.rows; ++r) {
          place[static_cast<std::size_t>(rows.begin + r)] = done++;
        }
      }
    }
  }
  Tensor y = outputs.size() == 1 ? outputs[0] : at::cat(outputs);
  if (in_order) return y;
  return y.index_select(0, at::tensor(place, at::kLong).to(y.device()));
}

}  // namespace moe
