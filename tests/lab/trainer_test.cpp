// A model under training is the model that inference runs, goes on where it was left, and learns.
#include "lab/trainer.h"

#include <gtest/gtest.h>

#include "harness/error.h"
#include "lab/losses.h"
#include "models/checkpoint/checkpoint.h"
#include "models/checkpoint/save.h"
#include "models/decoder/tensors.h"
#include "tests/lab/small_training.h"
#include "tests/models/decoder/device_test.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

/// A trainer's parameters as a source of weights.
class TrainedWeights final : public WeightSource {
 public:
  TrainedWeights(const Trainer& from, const Config& model) : from_(from) {
    for (ParameterShape& p : parameters(model)) shapes_[p.name] = p.shape;
  }
  WeightView weight(std::string_view name) override {
    values_.push_back(from_.values(name));
    return {.bytes = std::as_bytes(std::span(values_.back())),
            .shape = shapes_.at(std::string(name))};
  }
  void release() override {}
  std::string digest() override { return ""; }

 private:
  const Trainer& from_;
  std::map<std::string, std::vector<std::int64_t>> shapes_;
  std::vector<std::vector<float>> values_;
};

/// The loss of a step without the router's, by a decoder of one's own; all losses are left to
/// autograd, the logits in one piece.
double differentiate(const TrainConfig& config, Decoder& decoder, std::span<const TokenId> ids) {
  const auto tokens = static_cast<std::size_t>(config.data.row_tokens);
  const std::vector<std::int32_t> asked = first_rows(tokens);
  Step step{.sequences = {}, .routing = {.record = true}};
  std::vector<std::int64_t> targets;
  for (std::size_t r = 0; r < static_cast<std::size_t>(config.data.rows); ++r) {
    const auto row = ids.subspan(r * (tokens + 1), tokens + 1);
    step.sequences.push_back({.new_ids = row.first(tokens), .asked = asked});
    targets.insert(targets.end(), row.begin() + 1, row.end());
  }
  const StepResult result = decoder.step(step, nullptr);
  Tensor loss = at::cross_entropy_loss(decoder.head(result.hidden_RD), at::tensor(targets));
  const auto of_text = loss.item<double>();
  for (const LayerRouting& routing : result.routing) {
    loss = loss + config.router.balance * balance_loss(routing.logits_TE, routing.expert_TK) +
           config.router.z * router_z_loss(routing.logits_TE);
  }
  loss.backward();
  return of_text;
}

class Training : public testing::TestWithParam<const char*> {
 protected:
  TrainConfig config = small_training(GetParam());

  void run(Trainer& trainer, std::int64_t until) const {
    while (trainer.steps() < until) trainer.step(ids_of_step(config, trainer.steps() + 1));
  }
  std::vector<float> all_values(const Trainer& trainer) const {
    std::vector<float> all;
    for (const ParameterShape& parameter : parameters(config.model)) {
      const std::vector<float> values = trainer.values(parameter.name);
      all.insert(all.end(), values.begin(), values.end());
    }
    return all;
  }
};

TEST_P(Training, runs_the_very_functions_of_inference_bit_for_bit) {
  Trainer trainer(config, 1e-2);
  run(trainer, 4);
  const TemporaryFolder folder;
  std::vector<float> values;
  save_checkpoint(folder.path() / "model", config.model_json, DType::f32,
                  [&](std::string_view parameter) {
                    values = trainer.values(parameter);
                    return std::span<const float>(values);
                  });
  Checkpoint checkpoint(folder.path() / "model", config.model);
  const auto reference = torch_ops("cpu", DType::f32);
  Decoder decoder(config.model, *reference, checkpoint);
  const std::vector<TokenId> ids = some_ids(23, config.model.vocab);
  EXPECT_TRUE(logits_of(trainer.decoder(), ids).equal(logits_of(decoder, ids)));
}

TEST_P(Training, goes_on_from_what_was_saved_to_the_same_bits) {
  const TemporaryFolder folder;
  config.router.jitter = 0.1;
  Trainer whole(config, 1e-2), first(config, 1e-2), second(config, 1e-2);
  run(whole, 9);
  run(first, 4);
  first.save(folder.path() / "state.safetensors");
  second.restore(folder.path() / "state.safetensors", 4);
  run(second, 9);
  EXPECT_EQ(all_values(second), all_values(whole));
  EXPECT_NE(all_values(first), all_values(whole));
}

TEST_P(Training, is_the_same_for_a_seed_and_another_for_another) {
  Trainer one(config, 1e-2), again(config, 1e-2);
  config.seed = 5;
  Trainer other(config, 1e-2);
  for (Trainer* trainer : {&one, &again, &other}) run(*trainer, 3);
  EXPECT_EQ(all_values(one), all_values(again));
  EXPECT_NE(all_values(one), all_values(other));
}

TEST_P(Training, learns_what_it_sees_again_and_again) {
  config.data.tokens = 6000;
  Trainer trainer(config, 1e-2);
  const std::vector<TokenId> ids = ids_of_step(config, 1);
  const double before = trainer.step(ids).loss;
  EXPECT_NEAR(before, std::log(48.0), 0.1);
  double after = before;
  while (trainer.steps() < 150) after = trainer.step(ids).loss;
  EXPECT_LT(after, 0.5);
}

TEST_P(Training, has_the_gradient_of_the_whole_loss) {
  config.optimizer.clip = 1e9;
  config.optimizer.warmup_steps = 0;
  config.router = {.balance = 0.3, .z = 0.2};
  Trainer trainer(config, 1e-2);
  const std::vector<TokenId> ids = ids_of_step(config, 1);
  TorchParameters kept;
  const auto ops = torch_ops("cpu", at::kFloat, &kept);
  TrainedWeights weights(trainer, config.model);
  Decoder decoder(config.model, *ops, weights);
  double squares = 0;
  for (const Tensor& leaf : kept.leaves()) leaf.requires_grad_(true);
  const double loss = differentiate(config, decoder, ids);
  for (const Tensor& leaf : kept.leaves()) squares += leaf.grad().square().sum().item<double>();

  const StepReport report = trainer.step(ids);
  EXPECT_NEAR(report.loss, loss, 1e-5);
  EXPECT_NEAR(report.gradient_norm, std::sqrt(squares), 1e-5);
  // The first moment after one step is a tenth of the gradient.
  const TemporaryFolder folder;
  trainer.save(folder.path() / "state.safetensors");
  const Safetensors saved(folder.path() / "state.safetensors");
  for (const auto& [name, parameter] : kept.by_name()) {
    const Tensor gradient = parameter.of(parameter.whole.grad()).contiguous();
    const Tensor moment = borrowed(saved.view("first:" + name));
    EXPECT_LT((moment * 10 - gradient).abs().max().item<double>(),
              1e-5 * std::max(1e-2, gradient.abs().max().item<double>()))
        << name;
  }
}

TEST_P(Training, refuses_the_state_of_another_model) {
  const TemporaryFolder folder;
  Trainer trainer(config, 1e-2);
  trainer.save(folder.path() / "state.safetensors");
  TrainConfig other = small_training(GetParam());
  other.model_json["hidden_size"] = 32;
  other.model = read_config(other.model_json, "a test's config");
  Trainer wider(other, 1e-2);
  EXPECT_THROW(wider.restore(folder.path() / "state.safetensors", 0), Error);
}

INSTANTIATE_TEST_SUITE_P(, Training, testing::Values("mixture", "dense"));

TEST(training, reports_loads_of_every_mixture_layer) {
  const TrainConfig config = small_training("mixture");
  Trainer trainer(config, 1e-2);
  const StepReport report = trainer.step(ids_of_step(config, 1));
  ASSERT_EQ(report.layers.size(), 2U);
  for (const LayerReport& layer : report.layers) {
    std::int64_t sum = 0;
    for (const std::int64_t tokens : layer.tokens_E) sum += tokens;
    EXPECT_EQ(sum, 3 * 10 * 2);
  }
}

}  // namespace
}  // namespace moe
