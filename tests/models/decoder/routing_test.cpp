// Routing of a decoder's steps: forced, recorded, counted.
#include <gtest/gtest.h>

#include <memory>

#include "harness/error.h"
#include "models/decoder/last_routing.h"
#include "tests/models/decoder/device_test.h"
#include "tests/models/tiny_model.h"

namespace moe {
namespace {

constexpr double kRounding = 1e-5;  // another order of summation in float32

class RoutingCase : public OnDevice {
 protected:
  std::unique_ptr<Decoder> decoder(const Config& config) {
    TinyWeights weights(config);
    return std::make_unique<Decoder>(config, ops(), weights);
  }
};

TEST_P(RoutingCase, forced_experts_replace_the_choice_and_keep_the_scores) {
  const Config config = tiny_config({.layers = 1, .experts = 4, .experts_per_token = 2});
  const auto model = decoder(config);
  const std::vector<TokenId> ids = some_ids(5, config.vocab);
  const std::vector<std::int32_t> forced = {0, 1, 2, 3, 3, 0, 1, 2, 0, 2};
  const std::vector<std::vector<std::int32_t>> of_layers = {forced};
  Step step;
  step.sequences.push_back({.new_ids = ids, .position = 0, .pages = {}, .asked = {}});
  step.routing = {.record = true, .count = true, .force_LTK = of_layers};
  const StepResult result = model->step(step, nullptr);
  ASSERT_EQ(result.routing.size(), 1U);
  const Tensor expert_TK = at::tensor(std::vector<std::int64_t>(forced.begin(), forced.end()));
  EXPECT_TRUE(result.routing[0].expert_TK.to(at::kCPU).equal(expert_TK.view({5, 2})));
  const Tensor score = result.routing[0].logits_TE.to(at::kCPU).softmax(-1);
  const Tensor chosen = score.gather(-1, expert_TK.view({5, 2}));
  EXPECT_LE(difference(chosen / chosen.sum(-1, true), result.routing[0].weight_TK.to(at::kCPU)),
            kRounding);
  EXPECT_EQ(model->expert_loads(), (std::vector<std::vector<std::int64_t>>{{3, 2, 3, 2}}));
}

/// What was recorded, as lists to force.
std::vector<std::vector<std::int32_t>> played_again(const StepResult& recorded,
                                                    std::size_t layers) {
  std::vector<std::vector<std::int32_t>> force(layers);
  for (const LayerRouting& layer : recorded.routing) {
    const Tensor expert_N = layer.expert_TK.to(at::kCPU).reshape(-1);
    for (std::int64_t i = 0; i < expert_N.size(0); ++i) {
      force[static_cast<std::size_t>(layer.layer)].push_back(expert_N[i].item<int>());
    }
  }
  return force;
}

TEST_P(RoutingCase, forcing_what_each_layer_chose_changes_nothing) {
  Config config = tiny_config({.layers = 3});
  config.layers[0].feed_forward.experts = 0;  // a dense layer before two mixtures of other sizes
  config.layers[2].feed_forward.experts = 6;
  config.layers[2].feed_forward.experts_per_token = 3;
  const auto model = decoder(config);
  const std::vector<TokenId> ids = some_ids(9, config.vocab);
  const std::vector<std::int32_t> asked = first_rows(ids.size());
  Step step;
  step.sequences.push_back({.new_ids = ids, .position = 0, .pages = {}, .asked = asked});
  step.routing.record = true;
  const StepResult free = model->step(step, nullptr);
  const auto force = played_again(free, config.layers.size());
  step.routing.force_LTK = force;
  EXPECT_TRUE(free.hidden_RD.equal(model->step(step, nullptr).hidden_RD));
}

TEST_P(RoutingCase, a_layer_without_a_list_stays_free) {
  const Config config = tiny_config();
  const auto model = decoder(config);
  const std::vector<TokenId> ids = some_ids(4, config.vocab);
  const std::vector<std::vector<std::int32_t>> force = {{}, {0, 1, 0, 1, 0, 1, 0, 1}};
  Step step;
  step.sequences.push_back({.new_ids = ids, .position = 0, .pages = {}, .asked = {}});
  step.routing.record = true;
  const StepResult free = model->step(step, nullptr);
  step.routing.force_LTK = force;
  const StepResult forced = model->step(step, nullptr);
  EXPECT_TRUE(forced.routing[0].expert_TK.equal(free.routing[0].expert_TK));
  EXPECT_TRUE(forced.routing[1].expert_TK.to(at::kCPU).equal(at::arange(2).expand({4, 2})));
}

TEST_P(RoutingCase, counts_every_choice_until_reset) {
  const Config config = tiny_config();
  const auto model = decoder(config);
  const std::vector<TokenId> ids = some_ids(10, config.vocab);
  logits_of(*model, ids);
  logits_of(*model, ids);
  for (const auto& layer : model->expert_loads()) {
    std::int64_t total = 0;
    for (const std::int64_t tokens : layer) total += tokens;
    EXPECT_EQ(total, 2 * 10 * 2);
  }
  model->reset_expert_loads();
  EXPECT_EQ(model->expert_loads(), std::vector(2, std::vector<std::int64_t>(4, 0)));
}

TEST_P(RoutingCase, the_last_token_of_many_contexts_is_routed_as_alone) {
  Config config = tiny_config({.layers = 3, .experts = 8});
  config.layers[1].feed_forward.experts = 0;
  const auto model = decoder(config);
  std::vector<std::vector<TokenId>> ids;
  std::vector<std::span<const TokenId>> contexts;
  for (const std::int64_t length : {5, 1, 9, 3, 7}) ids.push_back(some_ids(length, 40, length));
  contexts.assign(ids.begin(), ids.end());
  const auto together = route_last(*model, contexts, 100);
  EXPECT_EQ(together, route_last(*model, contexts, 8)) << "in several steps, one context too long";
  for (std::size_t c = 0; c < contexts.size(); ++c) {
    Step step;
    step.sequences.push_back({.new_ids = contexts[c]});
    step.routing = {.record = true, .count = false, .force_LTK = {}};
    const StepResult alone = model->step(step, nullptr);
    EXPECT_TRUE(together[c].at(1).empty());
    for (const std::size_t mixture : {std::size_t{0}, std::size_t{1}}) {
      const Tensor last_K = alone.routing.at(mixture).expert_TK[-1].to(at::kCPU).contiguous();
      const std::int64_t* experts = last_K.const_data_ptr<std::int64_t>();
      EXPECT_EQ(together[c].at(2 * mixture), std::vector(experts, experts + 2));
    }
  }
  EXPECT_EQ(model->expert_loads().at(0), std::vector<std::int64_t>(8)) << "nothing was counted";
  EXPECT_THROW(route_last(*model, std::vector<std::span<const TokenId>>(1), 8), Error);
}

INSTANTIATE_TEST_SUITE_P(decoder, RoutingCase, testing::Values("cpu", "fast", "cuda"), device_name);

}  // namespace
}  // namespace moe
