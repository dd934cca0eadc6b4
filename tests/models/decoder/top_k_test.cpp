// Experts per token as a suite sets them and takes them back.
#include <gtest/gtest.h>

#include "harness/error.h"
#include "models/decoder/native_engine.h"
#include "tests/models/decoder/generation.h"

namespace moe {
namespace {

TEST(native_engine, without_a_top_k_every_layer_has_its_own_again) {
  Config config = tiny_config();
  config.layers[1].feed_forward.experts_per_token = 3;
  TinyWeights weights(config);
  NativeEngine engine(config, weights, std::nullopt, NativeOptions{.threads = 1, .limits = {}});
  const Ids ids = {3, 1, 4};
  const auto before = engine.logits(ids);
  engine.configure({});
  EXPECT_EQ(engine.logits(ids), before);
  engine.configure({.top_k = 1});
  EXPECT_NE(engine.logits(ids), before);
  engine.configure({});
  EXPECT_EQ(engine.logits(ids), before);
  EXPECT_EQ(engine.config().layers[0].feed_forward.experts_per_token, 2);
  EXPECT_EQ(engine.config().layers[1].feed_forward.experts_per_token, 3);
}

TEST(native_engine, a_refused_top_k_changes_nothing) {
  const auto engine = engine_of(tiny_config(), 16);
  const Ids ids = {1, 2, 3, 4};
  const auto before = engine->logits(ids);
  EXPECT_THROW(engine->configure({.top_k = 1000}), Error);
  EXPECT_EQ(engine->logits(ids), before);
  engine->configure({.top_k = 1});
  EXPECT_NE(engine->logits(ids), before);
  engine->configure({});
  EXPECT_EQ(engine->logits(ids), before);
}

}  // namespace
}  // namespace moe
