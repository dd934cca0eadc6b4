// The rows of a ragged step as tensors.
#pragma once

#include "models/config.h"
#include "models/decoder/step.h"

namespace moe {

struct StepRows {
  Tensor id_T, position_T;  // int64, on the device
  Tensor asked_R;           // int64: rows of the step whose hidden state comes back
  Tensor force_TK;          // int64: forced experts, or undefined
};

/// Error on what no step may hold: no rows, a token outside the vocabulary, a position without
/// pages, asked rows that do not ascend, forced experts of another shape or number.
StepRows step_rows(const Config&, const Step&, const at::Device&);

}  // namespace moe
