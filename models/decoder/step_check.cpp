#include "models/decoder/step_check.h"

#include "harness/error.h"

namespace moe {
namespace {

void check_sequence(const Config& config, const StepSequence& sequence) {
  require(sequence.memory == nullptr, "a step with an encoder's memory: {} has no cross-attention",
          config.family);
  require(sequence.position >= 0 && (sequence.position == 0 || !sequence.pages.empty()),
          "a sequence at position {} without pages: expected 0", sequence.position);
  for (const TokenId id : sequence.new_ids) {
    require(id >= 0 && id < config.vocab, "token {} of a vocabulary of {}", id, config.vocab);
  }
  std::int64_t last = -1;
  for (const std::int32_t row : sequence.asked) {
    require(row > last && row < std::ssize(sequence.new_ids),
            "asked row {} after {} of a sequence of {} new tokens: expected ascending rows of it",
            row, last, sequence.new_ids.size());
    last = row;
  }
}

std::int64_t rows_of(const Step& step) {
  std::int64_t rows = 0;
  for (const StepSequence& sequence : step.sequences) rows += std::ssize(sequence.new_ids);
  return rows;
}

/// [T, K] as the one number of experts per token that all mixtures share.
Tensor forced(const Config& config, std::span<const std::int32_t> experts, std::int64_t tokens) {
  for (const LayerSpec& layer : config.layers) {
    const FeedForwardSpec& ff = layer.feed_forward;
    if (ff.experts == 0) continue;
    require(std::ssize(experts) == tokens * ff.experts_per_token,
            "{} forced experts for {} tokens: expected {} for each", experts.size(), tokens,
            ff.experts_per_token);
    for (const std::int32_t e : experts) {
      require(e >= 0 && e < ff.experts, "forced expert {} of {}", e, ff.experts);
    }
  }
  require(config.is_mixture(), "forced experts: {} has no mixture of experts", config.family);
  return at::tensor(std::vector<std::int64_t>(experts.begin(), experts.end()), at::kLong)
      .view({tokens, -1});
}

}  // namespace

void check_step(const Config& config, const Step& step) {
  for (const StepSequence& sequence : step.sequences) check_sequence(config, sequence);
  require(rows_of(step) > 0, "a step without a single new token");
}

Tensor forced_experts(const Config& config, const Step& step, const at::Device& device) {
  if (step.routing.force_TK.empty()) return {};
  return forced(config, step.routing.force_TK, rows_of(step)).to(device);
}

}  // namespace moe
