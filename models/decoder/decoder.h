// A decoder-only transformer: embedding, blocks, final norm; the head apart, for asked rows only.
#pragma once

#include <memory>
#include <vector>

#include "models/config.h"
#include "models/decoder/feed_forward.h"
#include "models/decoder/kv_cache.h"
#include "models/decoder/ops.h"
#include "models/decoder/step.h"

namespace moe {

struct Attention {
  PreparedWeight q, k, v, o;
  PreparedWeight q_norm, k_norm;  // null where the family has none
};

struct Block {
  PreparedWeight attention_norm, feed_forward_norm;
  Attention attention;
  FeedForward feed_forward;
};

class Decoder {
 public:
  /// Prepares every weight of `source` with `ops`, which must outlive the decoder.
  Decoder(Config config, const Ops& ops, WeightSource& source);

  /// Runs one step. `cache` may be null when no sequence lists pages.
  StepResult step(const Step&, KvCache* cache) const;

  /// Logits of hidden rows, float32 [R, V].
  Tensor head(const Tensor& hidden_RD) const;

  const Config& config() const { return config_; }
  const Ops& ops() const { return ops_; }
  /// Experts per token of every mixture, from now on; Error where that cannot be.
  void set_top_k(std::int64_t top_k);

  std::int64_t bytes_of(std::string_view part)
      const;  // "embedding", "attention", "router", "experts", "head", "norms"

 private:
  Config config_;
  const Ops& ops_;
  PreparedWeight embedding_, norm_, head_;
  std::vector<Block> blocks_;
};

}  // namespace moe
