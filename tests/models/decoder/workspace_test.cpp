// numerics=fast: what steps work in is kept, and is what the config says.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "tests/models/decoder/device_test.h"
#include "tests/models/decoder/layer_kinds.h"
#include "tests/models/tiny_model.h"

namespace moe {
namespace {

/// Runs steps of a load from position 0 on, with logits of the first `scored` sequences' last rows.
class Steps {
 public:
  Steps(const Config& config, std::int64_t threads)
      : config_(config),
        weights_(config),
        ops_(cpu_ops(DType::f32, threads)),
        decoder_(config, *ops_, weights_),
        cache_(config, ops_->activations(), /*pages=*/64, /*tokens_per_page=*/16) {}

  void run(const StepLoad& load, std::int64_t times) {
    const std::vector<TokenId> ids = some_ids(load.new_tokens, config_.vocab);
    const std::vector<std::int32_t> last = {static_cast<std::int32_t>(load.new_tokens) - 1};
    const std::int64_t pages_each = 64 / load.batch;
    std::vector<std::vector<PageId>> pages(static_cast<std::size_t>(load.batch));
    Step step;
    for (std::int64_t b = 0; b < load.batch; ++b) {
      auto& own = pages[static_cast<std::size_t>(b)];
      for (std::int64_t p = 0; p < pages_each; ++p)
        own.push_back(static_cast<PageId>(b * pages_each + p));
      step.sequences.push_back({.new_ids = ids, .pages = own});
      if (b < load.scored) step.sequences.back().asked = last;
    }
    for (std::int64_t i = 0; i < times; ++i) decoder_.head(decoder_.step(step, &cache_).hidden_RD);
  }

  std::int64_t held() const { return decoder_.workspace_bytes(); }
  std::int64_t predicted(const StepLoad& load) const {
    return ops_->workspace_bytes(config_, load);
  }

 private:
  Config config_;
  TinyWeights weights_;
  std::unique_ptr<Ops> ops_;
  Decoder decoder_;
  KvCache cache_;
};

const StepLoad kLoads[] = {{.batch = 1, .new_tokens = 1, .context = 0, .scored = 1},
                           {.batch = 4, .new_tokens = 1, .context = 0, .scored = 4},
                           {.batch = 3, .new_tokens = 50, .context = 0, .scored = 1}};

TEST(workspace, holds_what_the_config_predicts_whatever_the_layers) {
  std::map<std::string, Config> kinds = layer_kinds();
  Config mixed = kinds.at("dense");
  mixed.layers.push_back(kinds.at("all experts").layers[0]);
  mixed.layers.push_back(kinds.at("softcap").layers[0]);
  mixed.layers.back().attention.rope.theta = 500;
  kinds["mixed"] = mixed;
  for (const auto& [kind, config] : kinds) {
    for (const StepLoad& load : kLoads) {
      SCOPED_TRACE(fmt::format("{}, {} x {}", kind, load.batch, load.new_tokens));
      Steps steps(config, 3);
      EXPECT_EQ(steps.held(), 0);
      steps.run(load, 1);
      EXPECT_EQ(steps.held(), steps.predicted(load));
      steps.run(load, 2);
      EXPECT_EQ(steps.held(), steps.predicted(load)) << "more steps take more";
    }
  }
}

TEST(workspace, of_a_long_step_does_not_stay_behind_short_ones) {
  const StepLoad longer{.batch = 1, .new_tokens = 200, .context = 0, .scored = 1};
  const StepLoad shorter{.batch = 1, .new_tokens = 1, .context = 0, .scored = 1};
  for (const std::int64_t experts : {0, 8}) {
    Steps steps(tiny_config({.experts = experts, .dim = 128, .heads = 8}), 1);
    // Of what stays a step uses a quarter at least, but for the choice of one MLP.
    constexpr std::int64_t kChoice = 8;
    const std::int64_t most = 4 * steps.predicted(shorter) + kChoice * longer.new_tokens;
    ASSERT_LT(most, steps.predicted(longer));
    steps.run(longer, 1);
    EXPECT_EQ(steps.held(), steps.predicted(longer));
    steps.run(shorter, 2);  // the first finds what the long one left
    EXPECT_LE(steps.held(), most);
    EXPECT_GE(steps.held(), steps.predicted(shorter));
  }
}

}  // namespace
}  // namespace moe
