#include "models/decoder/cpu_head.h"

#include "harness/error.h"
#include "models/decoder/head_targets.h"

namespace moe {

HeadScores cpu_head_scores(const CpuHead& head, const Tensor& hidden_RD, const HeadTargets& targets,
                           CpuWork& work) {
  const Tensor hidden = hidden_RD.contiguous();
  require(hidden.size(1) == head.shape.D, "a head of width {} on rows of {}", head.shape.D,
          hidden.size(1));
  check_targets(targets, hidden.size(0), head.shape.V);
  const std::int64_t count = std::ssize(targets.row);
  HeadScores scores{.log_p_N = work.tensors.take({count}, at::kFloat),
                    .is_best_N = work.tensors.take({count}, at::kBool)};
  head.gather->run(
      head.shape, head.linear.packed.get(),
      {.R = hidden.size(0),
       .x_RD = hidden.const_data_ptr<float>(),
       .row_N = targets.row,
       .id_N = targets.id,
       .log_p_N = scores.log_p_N.mutable_data_ptr<float>(),
       .is_best_N = static_cast<std::uint8_t*>(scores.is_best_N.mutable_data_ptr()),
       .workspace = work.workspace.bytes(head.gather->workspace_bytes(head.shape, hidden.size(0)))},
      work.pool);
  return scores;
}

}  // namespace moe
