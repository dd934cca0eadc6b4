// The tiny checkpoints of four families, and of scaled rotary positions, against transformers.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "models/checkpoint/checkpoint.h"
#include "models/family.h"
#include "tests/models/decoder/device_test.h"
#include "tests/models/decoder/golden.h"

namespace moe {
namespace {

constexpr double kBound = 2e-5;  // of the largest |logit|

/// A tiny checkpoint loaded, and what transformers computed from it.
struct Case {
  Goldens golden;
  Config config;
  std::unique_ptr<Decoder> decoder;
  std::vector<TokenId> ids;
};

Case load(const std::string& family, const Ops& ops) {
  const Config config = read_config(tiny_golden(family) / "config.json");
  Case loaded{
      .golden = read_goldens(tiny_golden(family) / "golden.safetensors"),
      .config = with_max_length(config, std::max(config.max_positions, config.long_positions)),
      .decoder = nullptr,
      .ids = {}};
  Checkpoint weights(tiny_golden(family), loaded.config);
  loaded.decoder = std::make_unique<Decoder>(loaded.config, ops, weights);
  for (const std::int64_t id : loaded.golden.at("tokens").i64) {
    loaded.ids.push_back(static_cast<TokenId>(id));
  }
  return loaded;
}

Tensor tensor(const GoldenTensor& golden) {
  return golden.f32.empty() ? at::tensor(golden.i64, at::kLong).view(golden.shape)
                            : at::tensor(golden.f32, at::kFloat).view(golden.shape);
}

/// Logits of one sequence of the cache's pages 0, 1, ...: `ids` from `position`.
Tensor continued(Decoder& decoder, KvCache& cache, std::span<const TokenId> ids,
                 std::int64_t position) {
  const std::vector<PageId> pages = first_rows(static_cast<std::size_t>(cache.pages()));
  const std::vector<std::int32_t> asked = {static_cast<std::int32_t>(ids.size()) - 1};
  Step step;
  step.sequences.push_back({.new_ids = ids, .position = position, .pages = pages, .asked = asked});
  return run(decoder, step, &cache);
}

class Golden : public OnDevice {
 protected:
  void check(const std::string& family, const auto& what) {
    SCOPED_TRACE(family);
    Case loaded = load(family, ops());
    what(loaded);
  }
  void check_all(const auto& what) {
    for (const char* family : {"llama", "llama_linear", "llama_yarn", "llama_longrope", "llama3",
                               "mistral", "mixtral", "olmoe"})
      check(family, what);
  }
};

TEST_P(Golden, logits_of_a_full_pass_are_those_of_transformers) {
  check_all([](Case& c) {
    EXPECT_LE(difference(tensor(c.golden.at("logits")), logits_of(*c.decoder, c.ids)), kBound);
  });
}

TEST_P(Golden, logits_with_a_cache_are_those_of_transformers) {
  check_all([](Case& c) {
    KvCache cache(c.config, c.decoder->ops().activations(), /*pages=*/8, /*tokens_per_page=*/4);
    const std::span<const TokenId> ids = c.ids;
    std::vector<Tensor> rows = {continued(*c.decoder, cache, ids.first(18), 0)};
    std::vector<Tensor> later;
    for (std::size_t at = 18; at < ids.size(); ++at) {
      later.push_back(
          continued(*c.decoder, cache, ids.subspan(at, 1), static_cast<std::int64_t>(at)));
    }
    EXPECT_LE(difference(tensor(c.golden.at("cached_logits")), at::cat(later)), kBound);
    EXPECT_LE(difference(tensor(c.golden.at("logits")).narrow(0, 17, 1), rows[0]), kBound);
  });
}

TEST_P(Golden, greedy_continuation_is_that_of_transformers) {
  check_all([](Case& c) {
    KvCache cache(c.config, c.decoder->ops().activations(), /*pages=*/8, /*tokens_per_page=*/4);
    std::vector<TokenId> next = c.ids;
    std::vector<std::int64_t> greedy;
    for (std::int64_t position = 0; greedy.size() < 8;) {
      const Tensor logits = continued(*c.decoder, cache, next, position);
      position += std::ssize(next);
      greedy.push_back(logits.argmax(-1).item<std::int64_t>());
      next = {static_cast<TokenId>(greedy.back())};
    }
    EXPECT_EQ(greedy, c.golden.at("greedy").i64);
  });
}

TEST_P(Golden, experts_and_their_weights_are_those_of_transformers) {
  for (const char* family : {"mixtral", "olmoe"}) {
    check(family, [](Case& c) {
      Step step;
      step.sequences.push_back({.new_ids = c.ids, .position = 0, .pages = {}, .asked = {}});
      step.routing.record = true;
      const StepResult result = c.decoder->step(step, nullptr);
      ASSERT_EQ(result.routing.size(), c.config.layers.size());
      for (const LayerRouting& layer : result.routing) {
        const std::string place = fmt::format("router.{}.", layer.layer);
        const auto [expert_TK, order] = layer.expert_TK.to(at::kCPU).sort(-1);
        const Tensor weight_TK = layer.weight_TK.to(at::kCPU).gather(-1, order);
        EXPECT_TRUE(expert_TK.equal(tensor(c.golden.at(place + "experts"))));
        EXPECT_LE(difference(tensor(c.golden.at(place + "weights")), weight_TK), kBound);
        EXPECT_LE(difference(tensor(c.golden.at(place + "logits")), layer.logits_TE.to(at::kCPU)),
                  kBound);
      }
    });
  }
}

INSTANTIATE_TEST_SUITE_P(decoder, Golden, testing::Values("cpu", "fast", "cuda"), device_name);

}  // namespace
}  // namespace moe
