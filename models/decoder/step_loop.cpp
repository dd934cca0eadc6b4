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
constexpr std::int64_t kPrefillTokens = 8192;  // a step, while the context is filled in

std::int64_t pages_for(const StepShape& shape, const Config& config) {
  require(shape.batch >= 1 && shape.new_tokens >= 1 && shape.context >= 0,
          "a step of batch {}, {} new tokens, context {}", shape.batch, shape.new_tokens,
          shape.context);
  const std::int64_t length = shape.context + shape.new_tokens;
  require(length <= config.max_positions, "context {} and {} new tokens: the model takes {}",
          shape.context, shape.new_tokens, config.max_positions);
  require(static_cast<std::int64_t>(shape.ids.size()) == shape.batch * length,
          "{} token ids for a batch of {} x {}", shape.ids.size(), shape.batch, length);
  return (length + kTokensPerPage - 1) / kTokensPerPage;
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
    Step prefill = step(begin, std::min(chunk, shape.context - begin));
    for (StepSequence& sequence : prefill.sequences) sequence.asked = {};
    decoder_.step(prefill, &cache_);
  }
}

std::span<const TokenId> NativeStepLoop::ids(std::int64_t sequence, std::int64_t begin,
                                             std::int64_t count) const {
  const std::int64_t length = shape_.context + shape_.new_tokens;
  return std::span(shape_.ids)
      .subspan(static_cast<std::size_t>(sequence * length + begin),
               static_cast<std::size_t>(count));
}

Step NativeStepLoop::step(std::int64_t begin, std::int64_t count) const {
  Step step;
  step.routing.count = false;  // counting would be timed, and dense models do not count
  for (std::int64_t b = 0; b < shape_.batch; ++b) {
    step.sequences.push_back({.new_ids = ids(b, begin, count),
                              .position = begin,
                              .pages = pages_[static_cast<std::size_t>(b)],
                              .asked = last_row_});
  }
  return step;
}

Tensor NativeStepLoop::logits_BV() {
  return decoder_.head(decoder_.step(step(shape_.context, shape_.new_tokens), &cache_).hidden_RD);
}

StepReading NativeStepLoop::run() {
  const c10::InferenceMode inference;
  const at::Device device = decoder_.ops().activations().device();
  synchronise(device);
  const double began = steady_seconds();
  const Tensor logits = logits_BV();
  synchronise(device);
  return {.seconds = steady_seconds() - began, .tokens = shape_.batch * shape_.new_tokens};
}

double NativeStepLoop::check() {
  const c10::InferenceMode inference;
  const Tensor cached_BV = logits_BV();
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

std::vector<std::int64_t> NativeStepLoop::experts_touched() {
  const c10::InferenceMode inference;
  Step recorded = step(shape_.context, shape_.new_tokens);
  recorded.routing = {.record = true, .count = false, .force_LTK = {}};
  std::vector<std::int64_t> touched;
  for (const LayerRouting& layer : decoder_.step(recorded, &cache_).routing) {
    const Tensor ids = layer.expert_TK.to(at::kCPU, at::kLong).contiguous();
    const std::span<const std::int64_t> experts(ids.const_data_ptr<std::int64_t>(),
                                                static_cast<std::size_t>(ids.numel()));
    touched.push_back(
        static_cast<std::int64_t>(std::set<std::int64_t>(experts.begin(), experts.end()).size()));
  }
  return touched;
}

}  // namespace moe
