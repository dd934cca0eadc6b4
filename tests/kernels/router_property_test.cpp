// What holds of every router, whatever its numbers are.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <set>

#include "tests/kernels/router_cases.h"

namespace moe {
namespace {

using Ids = std::vector<std::int32_t>;

class RouterProperty : public testing::TestWithParam<const Router*> {
 protected:
  /// Calls visit(case) for cases of all shapes for which the predicate holds.
  template <typename Predicate, typename Visit>
  void for_each(Predicate holds, Visit visit) {
    std::int64_t visited = 0;
    for (const RouterShape& shape : router_shapes()) {
      if (!GetParam()->supports(shape) || !holds(shape)) continue;
      visit(RouterCase(shape, 5));
      ++visited;
    }
    EXPECT_GT(visited, 0);
  }
  RouterCase::Result run(const RouterCase& some) { return some.run(*GetParam(), pool); }

  ThreadPool pool{2};
};

bool is_any(const RouterShape&) {
  return true;
}

bool is_free(const RouterShape& shape) {
  return !shape.forced;
}

TEST_P(RouterProperty, with_experts_in_another_order_chooses_the_same_ones) {
  std::mt19937 random(3);
  const auto chooses_of_enough = [](const RouterShape& shape) {
    return is_free(shape) && !shape.removes &&
           shape.E / shape.groups * shape.groups_kept >= shape.K;
  };
  for_each(chooses_of_enough, [&](const RouterCase& some) {
    // Groups change places, and so do experts in each.
    const auto E = static_cast<std::size_t>(some.shape.E);
    const std::int64_t size = some.shape.E / some.shape.groups;
    Ids groups(static_cast<std::size_t>(some.shape.groups)), from;
    std::iota(groups.begin(), groups.end(), 0);
    std::ranges::shuffle(groups, random);
    for (const std::int32_t group : groups) {
      for (std::int64_t i = 0; i < size; ++i)
        from.push_back(static_cast<std::int32_t>(group * size + i));
      std::shuffle(from.end() - size, from.end(), random);
    }
    RouterCase moved = some;
    for (std::size_t i = 0; i < some.logits_TE.size(); ++i)
      moved.logits_TE[i] = some.logits_TE[i / E * E + static_cast<std::size_t>(from[i % E])];
    for (std::size_t e = 0; e < some.correction_E.size(); ++e)
      moved.correction_E[e] = some.correction_E[static_cast<std::size_t>(from[e])];
    Ids back = run(moved).expert_TK;
    for (std::int32_t& e : back) e = from[static_cast<std::size_t>(e)];
    EXPECT_EQ(back, run(some).expert_TK);
  });
}

TEST_P(RouterProperty, of_a_removed_expert_that_was_never_chosen_nothing_changes) {
  for_each(is_free, [&](RouterCase some) {
    const RouterCase::Result expected = run(some);
    const std::set<std::int32_t> chosen(expected.expert_TK.begin(), expected.expert_TK.end());
    some.shape.removes = true;
    some.removed_E.resize(static_cast<std::size_t>(some.shape.E), 0);
    const std::int64_t allowed = some.shape.E / some.shape.groups * some.shape.groups_kept;
    if (allowed < some.shape.K) return;
    for (std::int32_t e = 0; e < some.shape.E; ++e) {
      if (!chosen.contains(e)) some.removed_E[static_cast<std::size_t>(e)] = 1;
    }
    EXPECT_EQ(run(some), expected);
  });
}

TEST_P(RouterProperty, of_a_removed_expert_the_next_takes_the_place) {
  const auto has_a_next = [](const RouterShape& shape) {
    return is_free(shape) && !shape.removes && shape.groups == 1 && shape.K < shape.E;
  };
  for_each(has_a_next, [&](const RouterCase& some) {
    for (std::int64_t t = 0; t < some.shape.T; ++t) {
      RouterCase more = tokens_of(some, t, 1);
      ++more.shape.K;
      const Ids order = run(more).expert_TK;
      RouterCase without = tokens_of(some, t, 1);
      without.shape.removes = true;
      without.removed_E.resize(static_cast<std::size_t>(some.shape.E));
      without.removed_E[static_cast<std::size_t>(order[0])] = 1;
      EXPECT_EQ(run(without).expert_TK, Ids(order.begin() + 1, order.end()));
    }
  });
}

TEST_P(RouterProperty, forced_to_the_free_choice_is_the_same) {
  for_each(is_free, [&](const RouterCase& some) {
    RouterCase forced = some;
    const RouterCase::Result expected = run(some);
    forced.shape.forced = true;
    forced.forced_TK = expected.expert_TK;
    EXPECT_EQ(run(forced), expected);
  });
}

TEST_P(RouterProperty, that_renormalises_has_weights_whose_sum_is_the_scale) {
  const auto sums = [](const RouterShape& shape) {
    return shape.renormalise || shape.score == RouterScore::softmax_of_chosen;
  };
  for_each(sums, [&](const RouterCase& some) {
    const RouterCase::Result result = run(some);
    const std::vector<double> bounds = some.bounds(result.expert_TK);
    for (std::int64_t t = 0; t < some.shape.T; ++t) {
      const std::int64_t begin = t * some.shape.K, end = begin + some.shape.K;
      const double sum =
          std::accumulate(result.weight_TK.begin() + begin, result.weight_TK.begin() + end, 0.0);
      const double bound = std::accumulate(bounds.begin() + begin, bounds.begin() + end,
                                           0x1p-24 * some.shape.routed_scale);
      EXPECT_NEAR(sum, some.shape.routed_scale, bound);
    }
  });
}

TEST_P(RouterProperty, that_keeps_all_groups_has_none) {
  const auto has_groups = [](const RouterShape& shape) { return shape.groups > 1; };
  for_each(has_groups, [&](RouterCase some) {
    some.shape.groups_kept = some.shape.groups;
    const RouterCase::Result expected = run(some);
    some.shape.groups = some.shape.groups_kept = 1;
    EXPECT_EQ(run(some), expected);
  });
}

TEST_P(RouterProperty, chooses_different_experts_of_no_more_groups_than_are_kept) {
  for_each(is_free, [&](const RouterCase& some) {
    const RouterShape& shape = some.shape;
    const Ids expert_TK = run(some).expert_TK;
    const std::int64_t size = shape.E / shape.groups;
    for (std::int64_t t = 0; t < shape.T; ++t) {
      std::set<std::int64_t> experts, groups;
      for (std::int64_t k = 0; k < shape.K; ++k) {
        const std::int64_t e = expert_TK[static_cast<std::size_t>(t * shape.K + k)];
        experts.insert(e);
        groups.insert(e / size);
      }
      EXPECT_EQ(std::ssize(experts), shape.K);
      if (!shape.removes && size * shape.groups_kept >= shape.K) {
        EXPECT_LE(std::ssize(groups), shape.groups_kept);
      }
    }
  });
}

TEST_P(RouterProperty, scaled_by_two_has_twice_the_weights) {
  for_each(is_any, [&](RouterCase some) {
    RouterCase::Result expected = run(some);
    for (float& weight : expected.weight_TK) weight *= 2;
    some.shape.routed_scale *= 2;
    EXPECT_EQ(run(some), expected);
  });
}

TEST_P(RouterProperty, corrected_by_nothing_chooses_as_without) {
  const auto is_corrected = [](const RouterShape& shape) { return shape.corrected; };
  for_each(is_corrected, [&](RouterCase some) {
    std::ranges::fill(some.correction_E, 0.0F);
    const RouterCase::Result corrected = run(some);
    some.shape.corrected = false;
    EXPECT_EQ(run(some), corrected);
  });
}

INSTANTIATE_TEST_SUITE_P(, RouterProperty, testing::ValuesIn(routers().begin(), routers().end()),
                         [](const auto& tested) { return std::string(tested.param->name); });

}  // namespace
}  // namespace moe
