// The engine that runs a checkpoint itself.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "models/decoder/decoder.h"
#include "models/decoder/scorer.h"
#include "models/engine/engine.h"
#include "models/target.h"
#include "models/tokenizer/tokenizer.h"

namespace moe {

struct NativeOptions {
  std::string device = "cpu";
  KeptAs weights = DType::f32;  // quantised with `fast` alone
  bool fast = false;            // numerics=fast: cpu_ops() instead of torch_ops(), on the CPU
  std::int64_t threads = 0;     // 0: all cores
  ScoreLimits limits;           // kv_bytes 0: a quarter of the memory that is available
  std::int64_t batch = 64;      // sequences that generate together
};

/// The experts and weights of every token of a sequence, in one mixture layer.
struct RoutedLayer {
  std::int64_t layer = 0;
  std::vector<std::vector<std::int64_t>>
      experts;  // [tokens][experts per token], the heaviest first
  std::vector<std::vector<float>> weights;
};

class NativeEngine : public Engine {
 public:
  NativeEngine(const Config&, WeightSource&, std::optional<Tokenizer>, const NativeOptions&);
  ~NativeEngine() override;

  const Capabilities& capabilities() const override { return capabilities_; }
  KeptAs weights() const override { return options_.weights; }
  DType activation_dtype() const override;
  const Config& config() const override { return decoder_->config(); }
  const Tokenizer& tokenizer() const override;
  void configure(const Overrides&) override;

  void score(std::span<const Request>, const Answered&,
             const std::function<void()>& stepped) override;
  void generate(std::span<const Request>, const Answered&) override;
  std::vector<std::vector<float>> logits(std::span<const TokenId> ids) override;

  /// Of the CPU alone: elsewhere reading the clock would wait for the device.
  double step_seconds() const override;
  std::unique_ptr<StepLoop> step_loop(const StepShape&) override;
  MemoryUse memory() const override;
  std::int64_t workspace_bytes(const StepLoad& load) const override {
    return ops_->workspace_bytes(config(), load);
  }
  std::vector<ChosenExperts> route(std::span<const Request>) override;
  ExpertLoads expert_loads() const override { return decoder_->expert_loads(); }
  void reset_expert_loads() override { decoder_->reset_expert_loads(); }

  /// Routing of every mixture layer for one sequence; for inspection.
  std::vector<RoutedLayer> routed(std::span<const TokenId> ids);

 private:
  NativeOptions options_;
  Capabilities capabilities_;
  std::optional<Tokenizer> tokenizer_;
  std::unique_ptr<Ops> ops_;
  std::unique_ptr<Decoder> decoder_;
  StepTimers step_time_;
};

/// Loads a target: config, weights, tokenizer.
std::unique_ptr<NativeEngine> open_engine(const Target&);

/// The target's tokenizer: its tokenizer.json; bytes for a synthetic target whose vocabulary is
/// theirs; seeded ids cannot be text for any other synthetic target, which has none.
std::optional<Tokenizer> open_tokenizer(const Target&, const Config&);

}  // namespace moe
