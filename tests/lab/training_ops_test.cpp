// What training adds to routing: noise and capacity.
#include "lab/training_ops.h"

#include <gtest/gtest.h>

#include "models/decoder/tensors.h"
#include "tests/models/decoder/device_test.h"
#include "tests/models/tiny_model.h"

namespace moe {
namespace {

class Routers : public testing::Test {
 protected:
  Routers() {
    const std::string name = "blocks.0.router.weight";
    WeightView view = weights.weight(name);
    view.parameter = name;
    router = table->prepare_router(spec(), {.weight_ED = view});
    x_TD = at::linspace(-1, 1, 20 * config.dim).view({20, config.dim}).sin();
  }
  const FeedForwardSpec& spec() const { return config.layers[0].feed_forward; }
  Routing routed(const Ops& ops) const { return ops.router(*router, spec(), x_TD, {}); }

  Config config = tiny_config({.layers = 1, .experts = 4, .experts_per_token = 2});
  TinyWeights weights{config};
  std::unique_ptr<Ops> table = torch_ops("cpu", DType::f32);
  PreparedWeight router;
  Tensor x_TD;
};

TEST_F(Routers, are_those_of_inference_without_noise_and_capacity_and_outside_a_step) {
  const Routing plain = routed(*table);
  TrainingOps quiet(*table, {.jitter = 0, .capacity = 0});
  TrainingOps loud(*table, {.jitter = 0.5, .capacity = 0.5});
  quiet.begin_step(1);
  loud.begin_step(1);
  loud.end_step();
  for (const TrainingOps* ops : {&quiet, &loud}) {
    const Routing routing = routed(*ops);
    EXPECT_TRUE(routing.logits_TE.equal(plain.logits_TE));
    EXPECT_TRUE(routing.weight_TK.equal(plain.weight_TK));
    EXPECT_TRUE(routing.expert_TK.equal(plain.expert_TK));
  }
}

TEST_F(Routers, noise_is_a_function_of_step_and_layer_and_bounded) {
  TrainingOps ops(*table, {.jitter = 0.1});
  const auto logits = [&](std::uint64_t seed, int layer) {
    ops.begin_step(seed);
    Tensor found;
    for (int l = 0; l <= layer; ++l) found = routed(ops).logits_TE;
    return found;
  };
  EXPECT_TRUE(logits(1, 0).equal(logits(1, 0)));
  EXPECT_FALSE(logits(1, 0).equal(logits(2, 0)));
  EXPECT_FALSE(logits(1, 0).equal(logits(1, 1)));
  const Tensor moved = (logits(1, 0) - routed(*table).logits_TE).abs();
  const Tensor most =
      at::linear(x_TD.abs(), borrowed(weights.weight("blocks.0.router.weight")).abs());
  EXPECT_TRUE(moved.le(most * 0.1 + 1e-6).all().item<bool>());
}

TEST_F(Routers, an_expert_keeps_its_first_choices_up_to_its_capacity) {
  const Routing plain = routed(*table);
  TrainingOps ops(*table, {.jitter = 0, .capacity = 0.5});
  ops.begin_step(1);
  const Routing routing = routed(ops);
  const std::int64_t capacity = 5;  // of 20 x 2 choices among 4: half of 10
  std::vector<std::int64_t> taken(4);
  std::int64_t dropped = 0;
  for (std::int64_t t = 0; t < 20; ++t) {
    for (std::int64_t k = 0; k < 2; ++k) {
      const auto expert = plain.expert_TK[t][k].item<std::int64_t>();
      const bool kept = taken[static_cast<std::size_t>(expert)]++ < capacity;
      dropped += kept ? 0 : 1;
      EXPECT_EQ(routing.weight_TK[t][k].item<float>(),
                kept ? plain.weight_TK[t][k].item<float>() : 0.0F);
    }
  }
  EXPECT_GT(dropped, 0);
  EXPECT_EQ(ops.dropped(), std::vector{dropped});
  EXPECT_TRUE(routing.expert_TK.equal(plain.expert_TK));
}

}  // namespace
}  // namespace moe
