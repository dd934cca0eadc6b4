#include "models/decoder/rounded_head.h"

#include "models/decoder/device.h"
#include "models/decoder/torch_head.h"

namespace moe {

HeadScores rounded_head_scores(const Decoder& decoder, const Tensor& hidden_RD,
                               const HeadTargets& targets, DType dtype, StepTimers* timers) {
  const auto log_p = [&](const Tensor& rows_RD) {
    return decoder.head(rows_RD, timers).to(scalar_type(dtype)).log_softmax(-1);
  };
  HeadScores scores = scores_by_rows(log_p, hidden_RD, decoder.config().vocab, targets);
  scores.log_p_N = scores.log_p_N.to(at::kFloat);
  return scores;
}

double rounded(double x, DType dtype) {
  const auto single = static_cast<float>(x);
  if (dtype == DType::bf16) return static_cast<float>(c10::BFloat16(single));
  if (dtype == DType::f16) return static_cast<float>(c10::Half(single));
  return x;
}

}  // namespace moe
