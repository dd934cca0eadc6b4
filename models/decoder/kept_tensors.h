// Tensors whose memory serves one operation after the other: a step of a shape that was run before
// allocates none.
#pragma once

#include <cstdint>
#include <vector>

#include "models/decoder/torch.h"

namespace moe {

/// Does a step that uses so little of what is kept let go of it? Steps of about the same shape keep
/// all, and what a long one took does not stay behind it.
constexpr bool is_too_much(std::int64_t kept, std::int64_t used) {
  return 4 * used < kept;
}

class KeptTensors {
 public:
  /// Contiguous, on the CPU, whatever is in it; the first size counts its rows. One whose rows are
  /// as wide, and that nobody holds any more, serves again.
  Tensor take(at::IntArrayRef sizes, at::ScalarType);

  /// Lets go of what the step before had no use for, or little.
  void begin_step();

  /// Of all that is kept, in use or not.
  std::int64_t bytes() const;

 private:
  struct Kept {
    Tensor tensor;
    std::int64_t width = 0, rows = 0;  // of its memory
    std::int64_t used = 0;             // rows, at most, since begin_step()
  };
  std::vector<Kept> all_;
};

}  // namespace moe
