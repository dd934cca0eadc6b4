// Experts that are never chosen, for every way of choosing.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "harness/error.h"
#include "tests/models/decoder/device_test.h"
#include "tests/models/tiny_model.h"

namespace moe {
namespace {

constexpr std::int64_t kExperts = 12;

/// One mixture layer between dense ones; scores with ties broken by seeded weights.
Config with_layer(const FeedForwardSpec& spec) {
  Config config = tiny_config({.layers = 3, .experts = 0});
  config.layers[1].feed_forward = spec;
  return config;
}

/// Softmax over all, over the chosen, and sigmoids with a correction from the best groups.
std::vector<Config> every_choice() {
  return {with_layer({.hidden = 12, .experts = kExperts, .experts_per_token = 2}),
          with_layer({.hidden = 12,
                      .experts = kExperts,
                      .experts_per_token = 3,
                      .score = Score::softmax_of_chosen,
                      .router_bias = true}),
          with_layer({.hidden = 12,
                      .experts = kExperts,
                      .experts_per_token = 2,
                      .score = Score::sigmoid,
                      .renormalise = true,
                      .correction_bias = true,
                      .groups = 4,
                      .groups_kept = 2,
                      .group_score = GroupScore::best_two})};
}

class RemovedExpertsCase : public OnDevice {
 protected:
  std::unique_ptr<Decoder> decoder(const Config& config) {
    TinyWeights weights(config);
    return std::make_unique<Decoder>(config, ops(), weights);
  }
};

RemovedExperts of_the_mixture(std::vector<std::int64_t> experts) {
  return {{}, std::move(experts), {}};
}

/// Loads of the mixture after ids have run.
std::vector<std::int64_t> loads_of(Decoder& model, std::span<const TokenId> ids) {
  model.reset_expert_loads();
  logits_of(model, ids);
  return model.expert_loads().at(1);
}

TEST_P(RemovedExpertsCase, removing_none_changes_no_bit) {
  for (const Config& config : every_choice()) {
    const auto model = decoder(config);
    const std::vector<TokenId> ids = some_ids(7, config.vocab);
    const Tensor before = logits_of(*model, ids);
    for (const RemovedExperts& none : {RemovedExperts{}, of_the_mixture({})}) {
      model->set_experts(std::nullopt, none);
      EXPECT_TRUE(logits_of(*model, ids).equal(before));
    }
  }
}

TEST_P(RemovedExpertsCase, removing_one_that_was_never_chosen_changes_no_bit) {
  for (const Config& config : every_choice()) {
    const auto model = decoder(config);
    const std::vector<TokenId> ids = some_ids(3, config.vocab);
    const Tensor before = logits_of(*model, ids);
    const std::vector<std::int64_t> loads = loads_of(*model, ids);
    std::int64_t tried = 0;
    for (std::int64_t e = 0; e < kExperts; ++e) {
      if (loads[static_cast<std::size_t>(e)] > 0) continue;
      ++tried;
      model->set_experts(std::nullopt, of_the_mixture({e}));
      EXPECT_TRUE(logits_of(*model, ids).equal(before)) << e;
    }
    EXPECT_GT(tried, 0);
  }
}

TEST_P(RemovedExpertsCase, a_removed_expert_gets_no_token_until_it_is_back) {
  for (const Config& config : every_choice()) {
    const auto model = decoder(config);
    const std::vector<TokenId> ids = some_ids(40, config.vocab);
    const std::vector<std::int64_t> before = loads_of(*model, ids);
    const std::int64_t busiest = std::ranges::max_element(before) - before.begin();
    model->set_experts(std::nullopt, of_the_mixture({busiest}));
    const std::vector<std::int64_t> after = loads_of(*model, ids);
    EXPECT_EQ(after.at(static_cast<std::size_t>(busiest)), 0);
    std::int64_t choices = 0;
    for (const std::int64_t tokens : after) choices += tokens;
    EXPECT_EQ(choices, 40 * config.layers[1].feed_forward.experts_per_token);
    model->set_experts(std::nullopt, {});
    EXPECT_EQ(loads_of(*model, ids), before);
  }
}

TEST_P(RemovedExpertsCase, weights_stay_shares_of_all_experts) {
  const Config config =
      with_layer({.hidden = 12, .experts = kExperts, .experts_per_token = 2, .renormalise = false});
  const auto model = decoder(config);
  model->set_experts(std::nullopt, of_the_mixture({0, 3, 7}));
  const std::vector<TokenId> ids = some_ids(5, config.vocab);
  Step step;
  step.sequences.push_back({.new_ids = ids});
  step.routing.record = true;
  const auto routing = model->step(step, nullptr).routing.at(0);
  const Tensor share_TE = routing.logits_TE.softmax(-1);
  EXPECT_LE(difference(share_TE.gather(-1, routing.expert_TK), routing.weight_TK), 1e-6);
}

TEST_P(RemovedExpertsCase, too_few_left_is_an_error_that_changes_nothing) {
  for (const Config& config : every_choice()) {
    const auto model = decoder(config);
    const std::vector<TokenId> ids = some_ids(7, config.vocab);
    const Tensor before = logits_of(*model, ids);
    std::vector<std::int64_t> all_but_one;
    for (std::int64_t e = 1; e < kExperts; ++e) all_but_one.push_back(e);
    EXPECT_THROW(model->set_experts(std::nullopt, of_the_mixture(all_but_one)), Error);
    EXPECT_THROW(model->set_experts(std::nullopt, of_the_mixture({kExperts})), Error);
    EXPECT_THROW(model->set_experts(std::nullopt, {{0}, {}, {}}), Error) << "a dense layer";
    EXPECT_THROW(model->set_experts(std::nullopt, {{}, {0}}), Error) << "two lists, three layers";
    EXPECT_TRUE(logits_of(*model, ids).equal(before));
  }
}

TEST_P(RemovedExpertsCase, some_groups_with_too_few_left_are_an_error) {
  const auto model = decoder(every_choice().at(2));  // groups of three, the best two are kept
  model->set_experts(std::nullopt, of_the_mixture({0, 1, 3, 4}));
  EXPECT_THROW(model->set_experts(std::nullopt, of_the_mixture({0, 1, 2, 3, 4})), Error);
}

INSTANTIATE_TEST_SUITE_P(decoder, RemovedExpertsCase, testing::Values("cpu", "fast", "cuda"),
                         device_name);

}  // namespace
}  // namespace moe
