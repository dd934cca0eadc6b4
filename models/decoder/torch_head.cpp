#include "models/decoder/torch_head.h"

#include <algorithm>

#include "models/decoder/head_targets.h"
#include "models/decoder/tensors.h"

namespace moe {
namespace {

/// The scores of targets whose rows are those of `log_p_RV`, counted from `first_row`.
HeadScores block_scores(const Tensor& log_p_RV, const HeadTargets& targets,
                        std::int64_t first_row) {
  const auto uploaded = [&](std::span<const std::int64_t> values) {
    return at::tensor(at::IntArrayRef(values.data(), values.size()), at::kLong)
        .to(log_p_RV.device());
  };
  const Tensor row_N = uploaded(targets.row) - first_row, id_N = uploaded(targets.id);
  return {.log_p_N = log_p_RV.index({row_N, id_N}),
          .is_best_N = log_p_RV.argmax(-1).index_select(0, row_N).eq(id_N)};
}

}  // namespace

Tensor torch_head(const Tensor& weight_VD, const Tensor& hidden_RD) {
  const Tensor logits_RV = at::linear(hidden_RD, weight_VD);
  return logits_RV.to(wide(logits_RV.scalar_type()));
}

HeadScores torch_head_scores(const Tensor& weight_VD, const Tensor& hidden_RD,
                             const HeadTargets& targets) {
  return scores_by_rows(
      [&](const Tensor& rows_RD) { return torch_head(weight_VD, rows_RD).log_softmax(-1); },
      hidden_RD, weight_VD.size(0), targets);
}

HeadScores scores_by_rows(const std::function<Tensor(const Tensor& hidden_RD)>& log_p_of,
                          const Tensor& hidden_RD, std::int64_t vocab, const HeadTargets& targets) {
  const std::int64_t rows = hidden_RD.size(0);
  check_targets(targets, rows, vocab);
  const std::int64_t row_bytes =
      vocab * static_cast<std::int64_t>(at::elementSize(wide(hidden_RD.scalar_type())));
  const std::int64_t block = std::max<std::int64_t>(1, targets.logit_bytes / row_bytes);
  std::vector<Tensor> log_p, is_best;
  std::size_t next = 0;
  for (std::int64_t begin = 0; next < targets.row.size(); begin += block) {
    const std::int64_t end = std::min(rows, begin + block);
    const std::size_t first = next;
    while (next < targets.row.size() && targets.row[next] < end) ++next;
    if (next == first) continue;
    const HeadTargets some{.row = targets.row.subspan(first, next - first),
                           .id = targets.id.subspan(first, next - first)};
    HeadScores scores = block_scores(log_p_of(hidden_RD.slice(0, begin, end)), some, begin);
    log_p.push_back(std::move(scores.log_p_N));
    is_best.push_back(std::move(scores.is_best_N));
  }
  if (log_p.empty()) {
    const at::TensorOptions options = hidden_RD.options();
    return {.log_p_N = at::empty({0}, options.dtype(wide(hidden_RD.scalar_type()))),
            .is_best_N = at::empty({0}, options.dtype(at::kBool))};
  }
  return {.log_p_N = at::cat(log_p), .is_best_N = at::cat(is_best)};
}

}  // namespace moe
