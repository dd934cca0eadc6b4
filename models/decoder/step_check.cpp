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

/// [T, K] of one layer.
Tensor forced(const FeedForwardSpec& ff, std::size_t layer, std::span<const std::int32_t> experts,
              std::int64_t tokens) {
  require(ff.experts > 0, "forced experts for layer {}, which has none", layer);
  require(std::ssize(experts) == tokens * ff.experts_per_token,
          "{} forced experts for {} tokens in layer {}: expected {} for each", experts.size(),
          tokens, layer, ff.experts_per_token);
  for (const std::int32_t e : experts) {
    require(e >= 0 && e < ff.experts, "forced expert {} of {} in layer {}", e, ff.experts, layer);
  }
  return at::tensor(std::vector<std::int64_t>(experts.begin(), experts.end()), at::kLong)
      .view({tokens, -1});
}

}  // namespace

void check_step(const Config& config, const Step& step) {
  for (const StepSequence& sequence : step.sequences) check_sequence(config, sequence);
  require(rows_of(step) > 0, "a step without a single new token");
}

std::vector<Tensor> forced_experts(const Config& config, const Step& step,
                                   const at::Device& device) {
  const auto lists = step.routing.force_LTK;
  if (lists.empty()) return {};
  std::vector<Tensor> force(config.layers.size());
  require(lists.size() == force.size(), "forced experts for {} layers of {}", lists.size(),
          force.size());
  for (std::size_t layer = 0; layer < force.size(); ++layer) {
    if (lists[layer].empty()) continue;
    const FeedForwardSpec& ff = config.layers[layer].feed_forward;
    force[layer] = forced(ff, layer, lists[layer], rows_of(step)).to(device);
  }
  return force;
}

}  // namespace moe
