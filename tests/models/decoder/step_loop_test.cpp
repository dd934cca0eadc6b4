// A timed step on a tiny mixture.
#include "models/decoder/step_loop.h"

#include <gtest/gtest.h>

#include <set>

#include "harness/error.h"
#include "harness/random.h"
#include "models/decoder/native_engine.h"
#include "tests/models/tiny_model.h"

namespace moe {
namespace {

std::unique_ptr<NativeEngine> tiny_engine() {
  const Config config = tiny_config({.experts = 8, .experts_per_token = 2});
  TinyWeights weights(config);
  return std::make_unique<NativeEngine>(
      config, weights, std::nullopt,
      NativeOptions{.device = "cpu", .threads = 1, .limits = {.kv_bytes = 1 << 20}});
}

StepShape decode_shape(std::int64_t rounds) {
  StepShape shape{.batch = 2, .context = 5, .new_tokens = 1, .rounds = rounds, .ids = {}};
  Random random(3);
  for (std::int64_t i = 0; i < shape.batch * (shape.context + rounds * shape.new_tokens); ++i)
    shape.ids.push_back(static_cast<TokenId>(random.below(40)));
  return shape;
}

/// The shape with the new tokens of one of its rounds only.
StepShape only(const StepShape& shape, std::int64_t round) {
  StepShape one = shape;
  one.rounds = 1;
  one.ids.clear();
  const std::int64_t each = shape.context + shape.rounds * shape.new_tokens;
  for (std::int64_t b = 0; b < shape.batch; ++b) {
    const auto row = shape.ids.begin() + b * each;
    one.ids.insert(one.ids.end(), row, row + shape.context);
    const auto fresh = row + shape.context + round * shape.new_tokens;
    one.ids.insert(one.ids.end(), fresh, fresh + shape.new_tokens);
  }
  return one;
}

TEST(step_loop, takes_the_new_tokens_of_one_round_after_the_other) {
  const auto engine = tiny_engine();
  const auto loop = engine->step_loop(decode_shape(3));
  for (const std::int64_t round : {0, 1, 2, 0, 1}) {
    const StepReading reading = loop->run();
    EXPECT_EQ(reading.round, round);
    EXPECT_EQ(reading.tokens, 2);
  }
}

TEST(step_loop, experts_touched_are_the_mean_of_what_each_round_touches_alone) {
  const auto engine = tiny_engine();
  const StepShape shape = decode_shape(16);
  std::vector<double> mean(2);
  std::set<double> seen;
  for (std::int64_t round = 0; round < shape.rounds; ++round) {
    const auto touched = engine->step_loop(only(shape, round))->experts_touched();
    ASSERT_EQ(touched.size(), 2U);
    for (std::size_t layer = 0; layer < 2; ++layer) mean[layer] += touched[layer] / 16;
    seen.insert(touched[0]);
  }
  EXPECT_GT(seen.size(), 1U) << "rounds that route alike show nothing";
  EXPECT_EQ(engine->step_loop(shape)->experts_touched(), mean);
}

TEST(step_loop, the_step_of_any_round_is_what_a_pass_without_a_cache_gives) {
  const auto engine = tiny_engine();
  const StepShape shape = decode_shape(4);
  const auto loop = engine->step_loop(shape);
  EXPECT_LT(loop->check(), 1e-5);
  loop->run();
  loop->run();
  EXPECT_LT(loop->check(), 1e-5) << "a round leaves its tokens to the next";
  for (std::int64_t round = 0; round < 4; ++round)
    EXPECT_LT(engine->step_loop(only(shape, round))->check(), 1e-5);
}

TEST(step_loop, ids_that_are_not_those_of_the_shape_are_an_error) {
  const auto engine = tiny_engine();
  StepShape shape = decode_shape(4);
  shape.ids.pop_back();
  EXPECT_THROW(engine->step_loop(shape), Error);
  shape = decode_shape(4);
  shape.rounds = 0;
  EXPECT_THROW(engine->step_loop(shape), Error);
}

}  // namespace
}  // namespace moe
