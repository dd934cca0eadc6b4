// Scores as a program gives them that computes the softmax in the model's dtype, as
// lm-evaluation-harness does of a model in bfloat16: logits, the logarithms of probabilities and
// their sums are each rounded to it. Choices tie that are apart in float32.
#pragma once

#include "models/decoder/decoder.h"

namespace moe {

HeadScores rounded_head_scores(const Decoder&, const Tensor& hidden_RD, const HeadTargets&, DType,
                               StepTimers* timers = nullptr);

/// The nearest number of the dtype.
double rounded(double, DType);

}  // namespace moe
