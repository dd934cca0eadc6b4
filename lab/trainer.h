// A model under training: the decoder that inference runs, over the plain table of operations, with
// autograd. One step is forward, losses, backward, AdamW.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "lab/optimizer.h"
#include "lab/train_config.h"
#include "lab/training_ops.h"
#include "models/decoder/decoder.h"

namespace moe {

/// What a step did in one mixture layer.
struct LayerReport {
  std::int64_t layer = 0;
  double balance = 0, z = 0;           // the losses before their weights
  std::vector<std::int64_t> tokens_E;  // given to each expert
  std::int64_t dropped = 0;            // choices over an expert's capacity
};

struct StepReport {
  double loss = 0;  // mean negative log-likelihood of a token, nats; without the router's losses
  double gradient_norm = 0, learning_rate = 0;
  std::vector<LayerReport> layers;  // mixtures only
};

class Trainer {
 public:
  /// float32 on the CPU. Sets, for the whole process, the number of LibTorch's threads to the
  /// config's, and that freed memory is kept.
  Trainer(const TrainConfig&, double learning_rate);

  /// Trains on ids [B, T + 1] of the config's rows: T tokens of each row predict the next.
  StepReport step(std::span<const TokenId> ids);

  std::int64_t steps() const { return optimizer_->steps(); }
  Decoder& decoder() { return *decoder_; }

  /// The parameter's values now.
  std::vector<float> values(std::string_view parameter) const;

  /// Weights, moments and the number of steps as one safetensors file, and back: a training that
  /// goes on from it ends in the same bits. Error on a file of another model.
  void save(const std::filesystem::path&) const;
  void restore(const std::filesystem::path&, std::int64_t steps);

 private:
  Tensor forward(std::span<const TokenId> ids, StepReport&);
  double head_loss(const Tensor& hidden_RD, const Tensor& target_R);

  TrainConfig config_;
  double learning_rate_;
  TorchParameters parameters_;
  std::unique_ptr<Ops> table_;
  std::unique_ptr<TrainingOps> ops_;
  std::unique_ptr<Decoder> decoder_;
  std::unique_ptr<AdamW> optimizer_;
  Tensor router_loss_;
};

}  // namespace moe
