// A decoder-only transformer: embedding, blocks, final norm; the head apart, for asked rows only.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "models/config.h"
#include "models/decoder/attention.h"
#include "models/decoder/feed_forward.h"
#include "models/decoder/kv_cache.h"
#include "models/decoder/ops.h"
#include "models/decoder/step.h"
#include "models/engine/engine.h"

namespace moe {

struct Block {
  PreparedWeight attention_norm, feed_forward_norm;
  Attention attention;
  FeedForward feed_forward;
};

class Decoder {
 public:
  /// Prepares every weight of `source` with `ops`, which must outlive the decoder. Views are
  /// released layer by layer.
  Decoder(Config config, const Ops& ops, WeightSource& source);

  /// Runs one step. `cache` may be null when no sequence lists pages. Error on a step that cannot
  /// be: see step_check.h. The first step is checked too: Error names the block behind which a
  /// hidden state is infinite or no number.
  StepResult step(const Step&, KvCache* cache);

  /// Logits of hidden rows, float32 [R, V].
  Tensor head(const Tensor& hidden_RD, StepTimers* timers = nullptr) const;

  /// Log-probabilities of targets that hidden rows predict; no more logits at a time than it says.
  HeadScores head_scores(const Tensor& hidden_RD, const HeadTargets&,
                         StepTimers* timers = nullptr) const;

  const Config& config() const { return config_; }
  const Ops& ops() const { return ops_; }
  /// From now on: experts per token of every mixture, without a number each layer's own; and those
  /// of each layer that are never chosen, without lists none. Error where that cannot be.
  void set_experts(std::optional<std::int64_t> top_k, const RemovedExperts& removed);

  /// Tokens given to each expert of each layer by steps that counted, since the last reset; an
  /// empty row for a layer without a mixture.
  std::vector<std::vector<std::int64_t>> expert_loads() const;
  void reset_expert_loads();

  /// Bytes held of "embedding", "attention", "router", "experts" (a dense model's MLPs are its one
  /// expert), "head" or "norms". Error on any other part.
  std::int64_t bytes_of(std::string_view part) const;
  /// Bytes that the last steps left for the next.
  std::int64_t workspace_bytes() const;

 private:
  void check_finite(const Tensor& x_TD, std::size_t layer) const;
  Tensor run_block(std::size_t layer, Tensor x_TD, const FeedForwardStep&, Routing* routing);

  Config given_, config_;  // as constructed, and with set_experts()
  const Ops& ops_;
  PreparedWeight embedding_, norm_, head_;
  std::vector<Block> blocks_;
  std::vector<Tensor> removed_E_;  // of each layer, bool on the device; undefined: none
  std::vector<Tensor> load_E_;     // of each layer, int64 on the device
  bool is_checked_ = false;        // were the first step's activations numbers?
  PreparedStep step_;              // the one under way, or the last: its memory serves the next
};

}  // namespace moe
