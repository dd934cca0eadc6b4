// Every implementation against the contract and the reference.
#include "kernels/router/router.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "kernels/cuda_module.h"
#include "kernels/packed/difference.h"
#include "tests/kernels/router_cases.h"
#include "tests/kernels/router_contract.h"

namespace moe {
namespace {

using Ids = std::vector<std::int32_t>;
using Weights = std::vector<float>;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::string text_of(const RouterShape& shape) {
  return "T " + std::to_string(shape.T) + " E " + std::to_string(shape.E) + " K " +
         std::to_string(shape.K) + " score " + std::to_string(static_cast<int>(shape.score)) +
         (shape.renormalise ? " renormalised" : "") + " groups " +
         std::to_string(shape.groups_kept) + "/" + std::to_string(shape.groups) +
         (shape.group_score == RouterGroupScore::best_two ? " by two" : "") +
         (shape.corrected ? " corrected" : "") + (shape.removes ? " removes" : "") +
         (shape.forced ? " forced" : "");
}

class EveryRouter : public testing::TestWithParam<const Router*> {
 protected:
  /// Of one token with these logits.
  RouterCase::Result run(RouterShape shape, const Weights& logits_E) {
    return run_of(shape, logits_E).run(*GetParam(), pool);
  }
  static RouterCase run_of(RouterShape shape, const Weights& logits_E) {
    shape.T = 1;
    shape.E = std::ssize(logits_E);
    RouterCase some(shape, 7);
    some.logits_TE = logits_E;
    return some;
  }

  ThreadPool pool{2};
};

TEST_P(EveryRouter, keeps_the_contract) {
  for (const RouterShape& shape : router_shapes()) {
    if (!GetParam()->supports(shape)) continue;
    SCOPED_TRACE(text_of(shape));
    for (const RouterCase& some : hard_router_cases(shape)) {
      expect_router_contract(some, some.run(*GetParam(), pool));
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(EveryRouter, agrees_with_the_reference) {
  for (const RouterShape& shape : router_shapes()) {
    if (!GetParam()->supports(shape)) continue;
    SCOPED_TRACE(text_of(shape));
    const RouterCase some(shape, 11);
    const auto actual = some.run(*GetParam(), pool), expected = some.run(*routers()[0], pool);
    ASSERT_EQ(actual.expert_TK, expected.expert_TK);
    ASSERT_LE(difference_of(actual.weight_TK, expected.weight_TK, some.bounds(expected.expert_TK)),
              1);
  }
}

TEST_P(EveryRouter, orders_by_logits_and_not_by_weights_that_are_nothing) {
  const RouterShape shape{.K = 2};
  EXPECT_EQ(run(shape, {0, -800, -750}), (RouterCase::Result{{1, 0}, {0, 2}}));
  EXPECT_EQ(run(shape, {-kInfinity, 0, -kInfinity}), (RouterCase::Result{{1, 0}, {1, 0}}));
  EXPECT_EQ(run({.K = 2, .score = RouterScore::sigmoid}, {90, 100, 95}),
            (RouterCase::Result{{1, 1}, {1, 2}}));
}

TEST_P(EveryRouter, renormalises_what_is_nothing_beside_a_removed_expert) {
  RouterCase some = run_of({.K = 2, .renormalise = true, .removes = true}, {0, -800, -800, -900});
  some.removed_E = {1, 0, 0, 0};
  EXPECT_EQ(some.run(*GetParam(), pool), (RouterCase::Result{{0.5F, 0.5F}, {1, 2}}));
}

TEST_P(EveryRouter, corrects_the_choice_and_not_the_weights) {
  RouterCase some = run_of({.K = 2, .score = RouterScore::sigmoid, .corrected = true}, {0, 0, 0});
  some.correction_E = {0, 0.25F, 0.5F};
  EXPECT_EQ(some.run(*GetParam(), pool), (RouterCase::Result{{0.5F, 0.5F}, {2, 1}}));
  some.correction_E = {-1, kNan, -2};  // what is no number comes last
  EXPECT_EQ(some.run(*GetParam(), pool), (RouterCase::Result{{0.5F, 0.5F}, {0, 2}}));
}

TEST_P(EveryRouter, takes_the_group_with_the_best_expert_or_that_with_the_two_best) {
  // Sigmoids are 1, 0, 0.5 and 0.5: together two groups are alike, and the lower one is taken.
  RouterShape shape{.K = 2, .groups = 3, .groups_kept = 1, .score = RouterScore::sigmoid};
  const Weights logits_E = {-kInfinity, -kInfinity, 0, 0, kInfinity, -kInfinity};
  EXPECT_EQ(run(shape, logits_E), (RouterCase::Result{{1, 0}, {4, 5}}));
  shape.group_score = RouterGroupScore::best_two;
  EXPECT_EQ(run(shape, logits_E), (RouterCase::Result{{0.5F, 0.5F}, {2, 3}}));
}

TEST_P(EveryRouter, takes_others_by_id_where_too_few_may_be_chosen) {
  RouterCase some =
      run_of({.K = 4, .groups = 2, .groups_kept = 1, .removes = true}, {3, 2, 9, 1, 8, 7, 6, 9});
  some.removed_E = {0, 0, 0, 0, 0, 1, 0, 1};
  EXPECT_EQ(some.run(*GetParam(), pool).expert_TK, (Ids{2, 0, 1, 3}));
  some.removed_E = {1, 0, 1, 0, 0, 0, 0, 0};
  EXPECT_EQ(some.run(*GetParam(), pool).expert_TK, (Ids{1, 3, 0, 2}));
}

TEST_P(EveryRouter, takes_what_is_forced_in_its_order_and_as_often) {
  RouterCase some = run_of({.K = 3, .score = RouterScore::softmax_of_chosen, .forced = true},
                           {0, 5, 0, -kInfinity});
  some.forced_TK = {2, 0, 2};
  const auto [weight_K, expert_K] = some.run(*GetParam(), pool);
  EXPECT_EQ(expert_K, (Ids{2, 0, 2}));
  for (const float weight : weight_K) EXPECT_FLOAT_EQ(weight, 1.0F / 3);
  some.forced_TK = {3, 0, 0};
  EXPECT_EQ(some.run(*GetParam(), pool).weight_TK, (Weights{0, 0.5F, 0.5F}));
}

TEST_P(EveryRouter, has_no_weights_where_any_logit_is_no_number) {
  for (const RouterScore score :
       {RouterScore::softmax, RouterScore::sigmoid, RouterScore::softmax_of_chosen}) {
    for (const bool renormalise : {false, true}) {
      const auto result =
          run({.K = 2, .score = score, .renormalise = renormalise}, {kNan, 1, 3, 2, kNan});
      EXPECT_EQ(result.expert_TK, (Ids{2, 3}));
      for (const float weight : result.weight_TK) EXPECT_TRUE(std::isnan(weight));
    }
  }
}

TEST_P(EveryRouter, computes_a_token_alike_whatever_else_is_computed) {
  ThreadPool one(1), five(5);
  for (const RouterShape& any : router_shapes()) {
    RouterShape shape = any;
    if (!GetParam()->supports(shape) || shape.E != 33) continue;
    shape.T = 101;  // of several blocks
    const RouterCase all(shape, 3);
    const RouterCase::Result expected = all.run(*GetParam(), one);
    EXPECT_EQ(all.run(*GetParam(), pool), expected);
    EXPECT_EQ(all.run(*GetParam(), five), expected);
    for (std::int64_t begin = 0, count = 1; begin + count <= shape.T; begin += count, count *= 3) {
      const RouterCase::Result some = tokens_of(all, begin, count).run(*GetParam(), pool);
      EXPECT_TRUE(std::equal(some.weight_TK.begin(), some.weight_TK.end(),
                             expected.weight_TK.begin() + begin * shape.K));
      EXPECT_TRUE(std::equal(some.expert_TK.begin(), some.expert_TK.end(),
                             expected.expert_TK.begin() + begin * shape.K));
    }
  }
}

TEST_P(EveryRouter, does_nothing_for_no_tokens) {
  const RouterCase none({.E = 8, .K = 2, .forced = true}, 7);
  EXPECT_TRUE(none.run(*GetParam(), pool).expert_TK.empty());
}

INSTANTIATE_TEST_SUITE_P(, EveryRouter, testing::ValuesIn(routers().begin(), routers().end()),
                         [](const auto& tested) { return std::string(tested.param->name); });

TEST(cuda_routers, keep_the_contract) {
  const CudaModule module(MOE_BINARY_DIR);
  if (module.api() == nullptr) GTEST_SKIP() << module.reason();
  for (const Router* router : module.api()->routers) {
    SCOPED_TRACE(router->name);
    for (const RouterShape& shape : router_shapes()) {
      if (!router->supports(shape)) continue;
      SCOPED_TRACE(text_of(shape));
      for (const RouterCase& some : hard_router_cases(shape)) {
        expect_router_contract(some, some.run_on_gpu(*router, *module.api()));
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(cuda_module, says_why_it_is_not_there) {
  const CudaModule module(std::filesystem::path(MOE_BINARY_DIR) / "nowhere");
  EXPECT_EQ(module.api(), nullptr);
  EXPECT_NE(module.reason().find("was not built"), std::string::npos) << module.reason();
}

}  // namespace
}  // namespace moe
