#include "models/decoder/step_rows.h"

#include "harness/error.h"

namespace moe {
namespace {

struct HostRows {
  std::vector<std::int64_t> ids, positions, asked;
};

void append(const Config& config, const StepSequence& sequence, HostRows& rows) {
  require(sequence.memory == nullptr, "a step with an encoder's memory: {} has no cross-attention",
          config.family);
  require(sequence.position >= 0 && (sequence.position == 0 || !sequence.pages.empty()),
          "a sequence at position {} without pages: expected 0", sequence.position);
  const std::int64_t begin = std::ssize(rows.ids);
  std::int64_t position = sequence.position;
  for (const TokenId id : sequence.new_ids) {
    require(id >= 0 && id < config.vocab, "token {} of a vocabulary of {}", id, config.vocab);
    rows.ids.push_back(id);
    rows.positions.push_back(position++);
  }
  std::int64_t last = -1;
  for (const std::int32_t row : sequence.asked) {
    require(row > last && row < std::ssize(sequence.new_ids),
            "asked row {} after {} of a sequence of {} new tokens: expected ascending rows of it",
            row, last, sequence.new_ids.size());
    rows.asked.push_back(begin + row);
    last = row;
  }
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

StepRows step_rows(const Config& config, const Step& step, const at::Device& device) {
  HostRows rows;
  for (const StepSequence& sequence : step.sequences) append(config, sequence, rows);
  require(!rows.ids.empty(), "a step without a single new token");
  StepRows tensors{.id_T = at::tensor(rows.ids, at::kLong).to(device),
                   .position_T = at::tensor(rows.positions, at::kLong).to(device),
                   .asked_R = at::tensor(rows.asked, at::kLong).to(device),
                   .force_TK = {}};
  if (!step.routing.force_TK.empty()) {
    tensors.force_TK = forced(config, step.routing.force_TK, std::ssize(rows.ids)).to(device);
  }
  return tensors;
}

}  // namespace moe
