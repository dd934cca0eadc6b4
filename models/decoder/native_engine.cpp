#include "models/decoder/native_engine.h"

#include <algorithm>
#include <map>

#include "harness/error.h"
#include "models/cost.h"
#include "models/decoder/device.h"
#include "models/decoder/generator.h"
#include "models/decoder/last_routing.h"
#include "models/decoder/native_ops.h"
#include "models/decoder/step_loop.h"
#include "models/decoder/stop_strings.h"
#include "models/engine/windows.h"

namespace moe {

NativeEngine::NativeEngine(const Config& config, WeightSource& source,
                           std::optional<Tokenizer> tokenizer, const NativeOptions& options)
    : options_(options),
      capabilities_{.log_likelihood = true,
                    .generation = true,
                    .step_timings = true,
                    .routing = true,
                    .max_tokens = config.max_positions,
                    .invariant = options.fast},
      tokenizer_(std::move(tokenizer)),
      ops_(native_ops(options.device, options.weights, options.fast, options.threads)) {
  const c10::InferenceMode inference;
  decoder_ = std::make_unique<Decoder>(config, *ops_, source);
  if (options_.limits.kv_bytes == 0)
    options_.limits.kv_bytes = available_bytes_on(ops_->activations().device()) / 4;
  if (ops_->activations().device().is_cpu()) options_.limits.timers = &step_time_;
}

NativeEngine::~NativeEngine() = default;

DType NativeEngine::activation_dtype() const {
  return dtype_of(ops_->activations());
}

const Tokenizer& NativeEngine::tokenizer() const {
  return required(
      tokenizer_,
      "this target has no tokenizer, so it cannot read text; a synthetic: target with a "
      "vocabulary of 258 reads bytes");
}

void NativeEngine::configure(const Overrides& overrides) {
  decoder_->set_experts(overrides.top_k, overrides.removed);
}

void NativeEngine::score(std::span<const Request> requests, const Answered& answered,
                         const std::function<void()>& stepped) {
  const c10::InferenceMode inference;
  std::vector<Window> windows;
  std::vector<std::size_t> request_of;
  std::vector<Scored> answers(requests.size(),
                              {.log_likelihood = 0, .is_greedy = true, .text = {}, .ids = {}});
  std::vector<std::size_t> waiting(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    for (const Window& window : windows_of(requests[i], capabilities_.max_tokens)) {
      answers[i].truncated_tokens += window.truncated;
      windows.push_back(window);
      request_of.push_back(i);
      ++waiting[i];
    }
    if (waiting[i] == 0) answered(i, answers[i]);  // an empty text
  }
  score_windows(
      *decoder_, windows, options_.limits,
      [&](std::size_t window, const WindowScore& score) {
        const std::size_t i = request_of[window];
        answers[i].log_likelihood += score.log_likelihood;
        answers[i].is_greedy = answers[i].is_greedy && score.is_greedy;
        if (--waiting[i] == 0) answered(i, answers[i]);
      },
      stepped);
}

void NativeEngine::generate(std::span<const Request> requests, const Answered& answered) {
  const c10::InferenceMode inference;
  std::vector<Prompt> prompts;
  std::vector<Scored> answers(requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const Request& request = requests[i];
    require(request.kind == RequestKind::generate, "generate() takes generation requests");
    const std::int64_t cut = cut_for_generation(request, capabilities_.max_tokens);
    answers[i].truncated_tokens = cut;
    prompts.push_back(
        {{request.context_ids->begin() + cut, request.context_ids->end()}, request.max_new_tokens});
  }
  const auto is_end = [&](TokenId id) {
    return std::ranges::find(config().eos_ids, id) != config().eos_ids.end() ||
           (tokenizer_ && tokenizer_->eos() == id);
  };
  std::map<std::size_t, StopSearch> searches;
  const auto finished = [&](std::size_t i, std::span<const TokenId> ids) {
    if (is_end(ids.back())) return true;
    if (requests[i].stop.empty()) return false;
    return searches.try_emplace(i, tokenizer(), requests[i].stop).first->second.found(ids);
  };
  generate_greedily(*decoder_, prompts, options_.batch, options_.limits, finished,
                    [&](std::size_t i, std::span<const TokenId> ids) {
                      answers[i].ids.assign(ids.begin(), ids.end());
                      if (tokenizer_) {
                        answers[i].text = tokenizer_->decode(ids);
                        cut_at_stop(answers[i].text, requests[i].stop);
                      }
                      answered(i, answers[i]);
                    });
}

std::vector<std::vector<float>> NativeEngine::logits(std::span<const TokenId> ids) {
  const c10::InferenceMode inference;
  std::vector<std::int32_t> all(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) all[i] = static_cast<std::int32_t>(i);
  Step step;
  step.sequences.push_back({.new_ids = ids, .asked = all});
  step.routing.count = false;
  const Tensor logits_TV =
      decoder_->head(decoder_->step(step, nullptr).hidden_RD).to(at::kCPU, at::kFloat).contiguous();
  std::vector<std::vector<float>> rows;
  for (std::int64_t t = 0; t < logits_TV.size(0); ++t) {
    const float* row = logits_TV.const_data_ptr<float>() + t * logits_TV.size(1);
    rows.emplace_back(row, row + logits_TV.size(1));
  }
  return rows;
}

std::vector<RoutedLayer> NativeEngine::routed(std::span<const TokenId> ids) {
  const c10::InferenceMode inference;
  Step step;
  step.sequences.push_back({.new_ids = ids});
  step.routing = {.record = true, .count = false, .force_LTK = {}};
  std::vector<RoutedLayer> out;
  for (const LayerRouting& layer : decoder_->step(step, nullptr).routing) {
    RoutedLayer& routed =
        out.emplace_back(RoutedLayer{.layer = layer.layer, .experts = {}, .weights = {}});
    const Tensor experts_TK = layer.expert_TK.to(at::kCPU, at::kLong).contiguous();
    const Tensor weights_TK = layer.weight_TK.to(at::kCPU, at::kFloat).contiguous();
    const std::int64_t top_k = experts_TK.size(1);
    for (std::int64_t t = 0; t < experts_TK.size(0); ++t) {
      const std::int64_t* experts = experts_TK.const_data_ptr<std::int64_t>() + t * top_k;
      const float* weights = weights_TK.const_data_ptr<float>() + t * top_k;
      routed.experts.emplace_back(experts, experts + top_k);
      routed.weights.emplace_back(weights, weights + top_k);
    }
  }
  return out;
}

std::vector<ChosenExperts> NativeEngine::route(std::span<const Request> requests) {
  const c10::InferenceMode inference;
  const auto most = static_cast<std::size_t>(capabilities_.max_tokens);
  std::vector<std::span<const TokenId>> contexts;
  for (const Request& request : requests) {
    const std::span<const TokenId> ids = *request.context_ids;
    contexts.push_back(ids.last(std::min(ids.size(), most)));
  }
  return route_last(*decoder_, contexts, options_.limits.tokens_per_step);
}

double NativeEngine::step_seconds() const {
  if (options_.limits.timers == nullptr) return Engine::step_seconds();
  const StepTimers& t = step_time_;
  return t.attention_s + t.router_s + t.experts_s + t.head_s + t.other_s;
}

std::unique_ptr<StepLoop> NativeEngine::step_loop(const StepShape& shape) {
  const c10::InferenceMode inference;
  return std::make_unique<NativeStepLoop>(*decoder_, shape);
}

MemoryUse NativeEngine::memory() const {
  MemoryUse use{.weight_bytes = {},
                .kv_bytes_per_token = kv_bytes_per_token(config(), activation_dtype()),
                .workspace_bytes = decoder_->workspace_bytes(),
                .available_bytes = available_bytes_on(ops_->activations().device()),
                .on_host = ops_->activations().device().is_cpu()};
  for (const char* part : {"embedding", "attention", "router", "experts", "head", "norms"})
    use.weight_bytes[part] = decoder_->bytes_of(part);
  return use;
}

}  // namespace moe
