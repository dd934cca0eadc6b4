// One prepared step of a decoder, run again and again from the same state, for timing.
#pragma once

#include <vector>

#include "models/decoder/decoder.h"
#include "models/engine/engine.h"

namespace moe {

class NativeStepLoop : public StepLoop {
 public:
  /// Fills the cache with the shape's context. Error where the ids are not batch x (context +
  /// new_tokens), or the model is shorter.
  NativeStepLoop(Decoder&, const StepShape&);

  StepReading run() override;
  double check() override;
  std::vector<std::int64_t> experts_touched() override;

 private:
  std::span<const TokenId> ids(std::int64_t sequence, std::int64_t begin, std::int64_t count) const;
  Step step(std::int64_t begin, std::int64_t count) const;
  Tensor logits_BV();

  Decoder& decoder_;
  StepShape shape_;
  std::int64_t pages_per_sequence_;
  KvCache cache_;
  std::vector<std::vector<PageId>> pages_;
  std::vector<std::int32_t> last_row_;
};

}  // namespace moe
