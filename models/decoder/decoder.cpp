#include "models/decoder/decoder.h"

#include <map>
#include <string>
#include <utility>

#include "harness/error.h"
#include "models/decoder/parameters.h"
#include "models/decoder/removed_experts.h"
#include "models/decoder/step_check.h"

namespace moe {
namespace {

PreparedWeight prepare_norm(const Ops& ops, const Config& config, WeightSource& source,
                            const std::string& name) {
  const WeightView weight = parameter(source, name, {config.dim});
  return ops.prepare_norm({.kind = config.norm, .eps = config.norm_eps, .width = config.dim},
                          &weight);
}

Block prepare_block(const Ops& ops, const Config& config, std::size_t layer, WeightSource& source) {
  const LayerSpec& spec = config.layers[layer];
  const std::string prefix = fmt::format("blocks.{}.", layer);
  return {
      .attention_norm = prepare_norm(ops, config, source, prefix + "attention_norm.weight"),
      .feed_forward_norm = prepare_norm(ops, config, source, prefix + "feed_forward_norm.weight"),
      .attention = prepare_attention(ops, config, spec.attention, source, prefix + "attention."),
      .feed_forward = prepare_feed_forward(ops, spec.feed_forward, config.dim, source, prefix),
  };
}

using Bytes = std::map<std::string_view, std::int64_t>;

void add(Bytes& bytes, std::string_view part, const PreparedWeight& weight) {
  if (weight != nullptr) bytes[part] += weight->bytes();
}

void add(Bytes& bytes, const Block& block) {
  const Attention& a = block.attention;
  for (const PreparedWeight* weight : {&a.q, &a.k, &a.v, &a.o, &a.sinks})
    add(bytes, "attention", *weight);
  for (const PreparedWeight* weight :
       {&a.q_norm, &a.k_norm, &block.attention_norm, &block.feed_forward_norm}) {
    add(bytes, "norms", *weight);
  }
  if (const auto* dense = std::get_if<Dense>(&block.feed_forward)) {
    add(bytes, "experts", dense->mlp);
  } else {
    const auto& mixture = std::get<Mixture>(block.feed_forward);
    add(bytes, "router", mixture.router);
    add(bytes, "experts", mixture.experts);
  }
}

}  // namespace

Decoder::Decoder(Config config, const Ops& ops, WeightSource& source)
    : given_(std::move(config)), config_(given_), ops_(ops) {
  const WeightView table = parameter(source, "embedding.weight", {config_.vocab, config_.dim});
  embedding_ = ops_.prepare_embedding(table);
  head_ = config_.tied_embeddings
              ? ops_.prepare_tied_head(table, *embedding_)
              : ops_.prepare_head(parameter(source, "head.weight", {config_.vocab, config_.dim}));
  norm_ = prepare_norm(ops_, config_, source, "norm.weight");
  source.release();
  for (std::size_t layer = 0; layer < config_.layers.size(); ++layer) {
    blocks_.push_back(prepare_block(ops_, config_, layer, source));
    source.release();
  }
  // Counts are ordinary tensors whoever makes the decoder: those of inference mode could be counted
  // on in no other mode.
  const c10::InferenceMode ordinary(false);
  removed_E_.resize(config_.layers.size());
  for (const LayerSpec& layer : config_.layers) {
    load_E_.push_back(at::zeros({layer.feed_forward.experts}, ops_.activations().dtype(at::kLong)));
  }
}

Tensor Decoder::run_block(std::size_t layer, Tensor x_TD, const FeedForwardStep& feed_forward,
                          Routing* routing) {
  const Block& block = blocks_[layer];
  const LayerSpec& spec = config_.layers[layer];
  StepClock& clock = feed_forward.clock;
  // What a part takes in gives way to what it puts out: no more is held than is needed.
  Tensor part_TD = ops_.norm(*block.attention_norm, x_TD);
  clock.lap(&StepTimers::other_s);
  part_TD = forward(ops_, block.attention, spec.attention, part_TD, *step_,
                    static_cast<std::int64_t>(layer));
  clock.lap(&StepTimers::attention_s);
  x_TD = ops_.residual(x_TD, part_TD);
  part_TD = ops_.norm(*block.feed_forward_norm, x_TD);
  clock.lap(&StepTimers::other_s);
  part_TD = std::visit(
      [&](const auto& kind) {
        return forward(ops_, kind, spec.feed_forward, part_TD, feed_forward, routing);
      },
      block.feed_forward);
  return ops_.residual(x_TD, part_TD);
}

void Decoder::check_finite(const Tensor& x_TD, std::size_t layer) const {
  const Tensor is_finite_T = at::isfinite(x_TD).all(-1);
  if (is_finite_T.all().item<bool>()) return;
  const std::int64_t row = is_finite_T.to(at::kLong).argmin().item<std::int64_t>();
  throw Error(
      fmt::format("block {}: the hidden state of row {} is infinite or no number in the first "
                  "step, though the weights are finite: it is beyond what {} holds",
                  layer, row, c10::toString(x_TD.scalar_type())),
      std::source_location::current());
}

StepResult Decoder::step(const Step& step, KvCache* cache) {
  const at::Device device = ops_.activations().device();
  StepClock clock(step.timers, device);
  check_step(config_, step);
  const std::vector<Tensor> force = forced_experts(config_, step, device);
  step_ = ops_.begin_step({.sequences = step.sequences, .layers = config_.layers, .cache = cache},
                          std::move(step_));

  StepResult result;
  Tensor x_TD = ops_.embedding(*embedding_, step_->id_T);
  for (std::size_t layer = 0; layer < blocks_.size(); ++layer) {
    Routing routing;
    const RouterControl router{.force_TK = force.empty() ? Tensor() : force[layer],
                               .removed_E = removed_E_[layer]};
    x_TD = run_block(layer, std::move(x_TD), {.router = router, .clock = clock}, &routing);
    if (!is_checked_) check_finite(x_TD, layer);
    if (!routing.expert_TK.defined()) continue;
    if (step.routing.count) ops_.count(routing, load_E_[layer]);
    if (step.routing.record) {
      result.routing.push_back({.layer = static_cast<std::int64_t>(layer),
                                .logits_TE = routing.logits_TE,
                                .weight_TK = routing.weight_TK,
                                .expert_TK = routing.expert_TK.to(at::kLong)});
    }
  }
  is_checked_ = true;
  result.hidden_RD = ops_.norm(*norm_, ops_.asked(*step_, x_TD));
  clock.lap(&StepTimers::other_s);
  return result;
}

Tensor Decoder::head(const Tensor& hidden_RD, StepTimers* timers) const {
  StepClock clock(timers, ops_.activations().device());
  Tensor logits_RV = ops_.head(*head_, hidden_RD);
  clock.lap(&StepTimers::head_s);
  return logits_RV;
}

HeadScores Decoder::head_scores(const Tensor& hidden_RD, const HeadTargets& targets,
                                StepTimers* timers) const {
  StepClock clock(timers, ops_.activations().device());
  HeadScores scores = ops_.head_scores(*head_, hidden_RD, targets);
  clock.lap(&StepTimers::head_s);
  return scores;
}

void Decoder::set_experts(std::optional<std::int64_t> top_k, const RemovedExperts& removed) {
  Config config = top_k ? with_top_k(given_, *top_k) : given_;
  removed_E_ = removed_masks(config, removed, ops_.activations().device());
  config_ = std::move(config);
}

std::vector<std::vector<std::int64_t>> Decoder::expert_loads() const {
  std::vector<std::vector<std::int64_t>> loads(blocks_.size());
  for (std::size_t layer = 0; layer < blocks_.size(); ++layer) {
    loads[layer].resize(static_cast<std::size_t>(config_.layers[layer].feed_forward.experts));
    const Tensor load_E = load_E_[layer].to(at::kCPU);
    for (std::int64_t e = 0; e < load_E.size(0); ++e) {
      loads[layer][static_cast<std::size_t>(e)] = load_E[e].item<std::int64_t>();
    }
  }
  return loads;
}

void Decoder::reset_expert_loads() {
  for (const Tensor& load_E : load_E_) load_E.zero_();
}

std::int64_t Decoder::bytes_of(std::string_view part) const {
  Bytes bytes = {{"embedding", 0}, {"attention", 0}, {"router", 0},
                 {"experts", 0},   {"head", 0},      {"norms", 0}};
  add(bytes, "embedding", embedding_);
  add(bytes, "head", head_);
  add(bytes, "norms", norm_);
  for (const Block& block : blocks_) add(bytes, block);
  const auto found = bytes.find(part);
  require(found != bytes.end(),
          "unknown part \"{}\"; known are embedding, attention, router, experts, head, norms",
          part);
  return found->second;
}

std::int64_t Decoder::workspace_bytes() const {
  return ops_.workspace_bytes() + (step_ != nullptr ? step_->bytes() : 0);
}

}  // namespace moe
