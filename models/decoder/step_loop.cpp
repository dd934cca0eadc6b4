#include "models/decoder/step_loop.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "harness/clock.h"
#include "harness/error.h"
#include "models/decoder/device.h"

namespace moe {
namespace {

constexpr std::int64_t kTokensPerPage = 16;
constexpr std::int64_t kCheckedSequences = 4;  // of a batch, to bound what the check costs

std::int64_t pages_for(const StepShape& shape, const Config& config) {
  require(shape.batch >= 1 && shape.new_tokens >= 1 && shape.context >= 0 && shape.rounds >= 1,
          "a step of batch {}, {} new tokens, context {}, {} rounds", shape.batch, shape.new_tokens,
          shape.context, shape.rounds);
  const std::int64_t length = shape.context + shape.new_tokens;
  require(length <= config.max_positions, "context {} and {} new tokens: the model takes {}{}",
          shape.context, shape.new_tokens, config.max_positions, reason_for_max_positions(config));
  const std::int64_t each = shape.context + shape.rounds * shape.new_tokens;
  require(static_cast<std::int64_t>(shape.ids.size()) == shape.batch * each,
          "{} token ids for a batch of {} x {}", shape.ids.size(), shape.batch, each);
  return (length + kTokensPerPage - 1) / kTokensPerPage;
}

std::size_t distinct(const Tensor& expert_TK) {
  const Tensor ids = expert_TK.to(at::kCPU, at::kLong).contiguous();
  const std::span<const std::int64_t> experts(ids.const_data_ptr<std::int64_t>(),
                                              static_cast<std::size_t>(ids.numel()));
  return std::set<std::int64_t>(experts.begin(), experts.end()).size();
}

}  // namespace

NativeStepLoop::NativeStepLoop(Decoder& decoder, const StepShape& shape)
    : decoder_(decoder),
      shape_(shape),
      pages_per_sequence_(pages_for(shape, decoder.config())),
      cache_(decoder.config(), decoder.ops().activations(), shape.batch * pages_per_sequence_,
             kTokensPerPage) {
  for (std::int64_t b = 0; b < shape.batch; ++b) {
    auto& pages = pages_.emplace_back();
    for (std::int64_t p = 0; p < pages_per_sequence_; ++p)
      pages.push_back(static_cast<PageId>(b * pages_per_sequence_ + p));
  }
  last_row_ = {static_cast<std::int32_t>(shape.new_tokens) - 1};
  const std::int64_t chunk = std::max<std::int64_t>(1, kPrefillTokens / shape.batch);
  for (std::int64_t begin = 0; begin < shape.context; begin += chunk) {
    take(begin, std::min(chunk, shape.context - begin), begin);
    for (StepSequence& sequence : step_.sequences) sequence.asked = {};
    decoder_.step(step_, &cache_);
  }
}

std::span<const TokenId> NativeStepLoop::ids(std::int64_t sequence, std::int64_t begin,
                                             std::int64_t count) const {
  const std::int64_t each = shape_.context + shape_.rounds * shape_.new_tokens;
  return std::span(shape_.ids)
      .subspan(static_cast<std::size_t>(sequence * each + begin), static_cast<std::size_t>(count));
}

void NativeStepLoop::take(std::int64_t begin, std::int64_t count, std::int64_t position) {
  step_.routing = {.record = false,
                   .count = false,  // it would be timed, and dense models do not count
                   .force_LTK = {}};
  step_.sequences.clear();
  for (std::int64_t b = 0; b < shape_.batch; ++b) {
    step_.sequences.push_back({.new_ids = ids(b, begin, count),
                               .position = position,
                               .pages = pages_[static_cast<std::size_t>(b)],
                               .asked = last_row_});
  }
}

void NativeStepLoop::take_round(std::int64_t round) {
  take(shape_.context + round * shape_.new_tokens, shape_.new_tokens, shape_.context);
}

Tensor NativeStepLoop::logits_BV(std::int64_t round) {
  take_round(round);
  return decoder_.head(decoder_.step(step_, &cache_).hidden_RD);
}

StepReading NativeStepLoop::run() {
  const c10::InferenceMode inference;
  const at::Device device = decoder_.ops().activations().device();
  const std::int64_t round = next_round_;
  next_round_ = (round + 1) % shape_.rounds;
  synchronise(device);
  const double began = steady_seconds();
  const Tensor logits = logits_BV(round);
  synchronise(device);
  return {.seconds = steady_seconds() - began,
          .tokens = shape_.batch * shape_.new_tokens,
          .round = round};
}

double NativeStepLoop::check() {
  const c10::InferenceMode inference;
  const Tensor cached_BV = logits_BV(0);
  const std::int64_t length = shape_.context + shape_.new_tokens;
  const std::vector<std::int32_t> last = {static_cast<std::int32_t>(length) - 1};
  double worst = 0;
  for (std::int64_t b = 0; b < std::min(shape_.batch, kCheckedSequences); ++b) {
    Step whole;
    whole.sequences.push_back({.new_ids = ids(b, 0, length), .asked = last});
    whole.routing.count = false;
    const Tensor logits_V = decoder_.head(decoder_.step(whole, nullptr).hidden_RD)[0];
    const double largest = logits_V.abs().max().item<double>();
    const double difference = (cached_BV[b] - logits_V).abs().max().item<double>();
    if (!std::isfinite(difference) || !(largest > 0))
      return std::numeric_limits<double>::infinity();  // logits of nothing compare with nothing
    worst = std::max(worst, difference / largest);
  }
  return worst;
}

std::vector<double> NativeStepLoop::experts_touched() {
  const c10::InferenceMode inference;
  std::vector<double> touched;
  for (std::int64_t round = 0; round < shape_.rounds; ++round) {
    take_round(round);
    step_.routing.record = true;
    const StepResult result = decoder_.step(step_, &cache_);
    touched.resize(result.routing.size());
    for (std::size_t layer = 0; layer < touched.size(); ++layer)
      touched[layer] += static_cast<double>(distinct(result.routing[layer].expert_TK));
  }
  for (double& layer : touched) layer /= static_cast<double>(shape_.rounds);
  return touched;
}

}  // namespace moe
