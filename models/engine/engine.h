// What suites run on: a model that scores, generates and can be timed. The native engine and an
// endpoint are two engines; suites know neither, and see no KV page and no tensor.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/config.h"
#include "models/cost.h"
#include "models/engine/request.h"

namespace moe {

class Tokenizer;

struct Capabilities {
  bool log_likelihood = false, generation = false, step_timings = false, routing = false;
  std::int64_t max_tokens = 0;  // context + continuation the model can take
  /// The bits of a row do not depend on what else is in its step, or on how its sequence was cut.
  bool invariant = false;
};

/// Calls `answered(index, answer)` as answers come, in any order, each index once.
using Answered = std::function<void(std::size_t index, const Scored&)>;

/// Tokens that each expert of each mixture layer was given, since the last reset.
/// tokens_LE[l][e]; layers without a mixture have an empty row.
using ExpertLoads = std::vector<std::vector<std::int64_t>>;

/// The experts that one token was given in each layer, the heaviest first; an empty row for a layer
/// without a mixture.
using ChosenExperts = std::vector<std::vector<std::int64_t>>;

/// Experts of each layer that are never chosen; a layer with an empty list has all of its own, and
/// all have where there are no lists.
using RemovedExperts = std::vector<std::vector<std::int64_t>>;

/// One shape to be timed: `batch` sequences that each have `context` tokens in the cache and take
/// `new_tokens` in one step. Prefill is context 0; decode is new_tokens 1. `rounds` sets of new
/// tokens take turns, each behind the same context: one set alone would be routed to the same
/// experts in every step, which then wait in the cache of the processor.
struct StepShape {
  std::int64_t batch = 1, context = 0, new_tokens = 1, rounds = 1;
  /// batch x (context + rounds x new_tokens), row-major; never one repeated token.
  std::vector<TokenId> ids;
};

struct StepReading {
  double seconds = 0;
  std::int64_t tokens = 0;  // new tokens of the whole batch
  std::int64_t round = 0;   // whose new tokens these were
};

/// New tokens of a step that fills in the context of others, at most; each sequence has one.
inline constexpr std::int64_t kPrefillTokens = 8192;

/// A prepared step that can be run again and again from the same state.
class StepLoop {
 public:
  virtual ~StepLoop() = default;
  /// The step with the new tokens of the next round; after the last comes the first.
  virtual StepReading run() = 0;
  /// Largest |difference| of logits between the first round's step and one pass without a cache
  /// over the same tokens, relative to the largest |logit|. The gate before timing.
  virtual double check() = 0;
  /// Distinct experts touched by one step, per mixture layer: the mean over the rounds.
  virtual std::vector<double> experts_touched() = 0;
};

/// What can be changed between cases without loading again.
struct Overrides {
  std::optional<std::int64_t> top_k;  // of every mixture layer; none: each layer's own
  RemovedExperts removed = {};        // NOLINT(readability-redundant-member-init): most have none
};

/// Bytes that the loaded model holds, by part: "embedding", "attention", "router", "experts",
/// "shared", "head", "norms"; and per token of KV cache. `available_bytes` is what may still be
/// taken where the model is: on the machine, or on its GPU. `on_host`: what the process reaches is
/// what the model reaches. `workspace_bytes` is what the last steps left for the next.
struct MemoryUse {
  std::map<std::string, std::int64_t> weight_bytes;
  std::int64_t kv_bytes_per_token = 0;
  std::int64_t workspace_bytes = 0;
  std::int64_t available_bytes = 0;
  bool on_host = true;
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual const Capabilities& capabilities() const = 0;
  virtual KeptAs weights() const = 0;
  virtual DType activation_dtype() const = 0;      // of activations, keys and values
  virtual const Config& config() const = 0;        // with the overrides in force
  virtual const Tokenizer& tokenizer() const = 0;  // throws Error where the target has none
  virtual void configure(const Overrides&) = 0;    // throws Error on what the model cannot do

  /// Scores log_likelihood and rolling requests; all are planned together, so give them all at
  /// once. `stepped`, if any, is called after each step, when everything it answered has been
  /// handed over: the expert loads are of the same steps then.
  virtual void score(std::span<const Request>, const Answered&,
                     const std::function<void()>& stepped) = 0;
  virtual void generate(std::span<const Request>, const Answered&) = 0;
  /// Logits of every position of one sequence, [ids.size()][vocab]; for inspection and parity.
  virtual std::vector<std::vector<float>> logits(std::span<const TokenId> ids) = 0;

  /// Wall seconds that score() and generate() have spent in steps of the model so far; NaN where
  /// the engine does not know.
  virtual double step_seconds() const { return std::numeric_limits<double>::quiet_NaN(); }

  virtual std::unique_ptr<StepLoop> step_loop(const StepShape&) = 0;
  virtual MemoryUse memory() const = 0;
  /// Bytes that steps of this load work in, beside weights, keys and values; where the engine does
  /// not know, what they take at least.
  virtual std::int64_t workspace_bytes(const StepLoad&) const = 0;
  /// For each request the experts of the last token of its context, cut on the left to the model's
  /// length: where the continuation begins, and nothing of it is known. Not counted as load; needs
  /// Capabilities::routing.
  virtual std::vector<ChosenExperts> route(std::span<const Request>) = 0;
  virtual ExpertLoads expert_loads() const = 0;
  virtual void reset_expert_loads() = 0;
};

}  // namespace moe
