// One prepared step of a decoder, run again and again from the same state with the tokens of one
// round after the other, for timing.
#pragma once

#include <vector>

#include "models/decoder/decoder.h"
#include "models/engine/engine.h"

namespace moe {

class NativeStepLoop : public StepLoop {
 public:
  /// Fills the cache with the shape's context. Error where the ids are not batch x (context +
  /// rounds x new_tokens), or the model is shorter.
  NativeStepLoop(Decoder&, const StepShape&);

  StepReading run() override;
  double check() override;
  std::vector<double> experts_touched() override;

 private:
  std::span<const TokenId> ids(std::int64_t sequence, std::int64_t begin, std::int64_t count) const;
  /// Makes step_ take `count` of every sequence's ids from `begin` on, at `position`.
  void take(std::int64_t begin, std::int64_t count, std::int64_t position);
  void take_round(std::int64_t round);
  Tensor logits_BV(std::int64_t round);

  Decoder& decoder_;
  StepShape shape_;
  std::int64_t pages_per_sequence_;
  KvCache cache_;
  std::vector<std::vector<PageId>> pages_;
  std::vector<std::int32_t> last_row_;
  std::int64_t next_round_ = 0;
  Step step_;
};

}  // namespace moe
