#include "models/engine/planner.h"

#include <gtest/gtest.h>

#include <set>

#include "harness/error.h"
#include "tests/models/engine/fake_cache.h"
#include "tests/models/engine/random_inputs.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

using Ids = std::vector<TokenId>;

PlannedStep next_of(Planner& planner) {
  auto step = planner.next();
  return required(step, "the plan has ended");
}

std::int64_t run_all(Planner& planner, FakeCache& cache) {
  std::int64_t steps = 0;
  while (const auto step = planner.next()) {
    cache.run(*step);
    ++steps;
  }
  return steps;
}

/// A random set of inputs under a random budget, often the smallest that can do.
void plan_at_random(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::vector<Window> inputs =
      random_inputs(random, {.inputs = 1 + below(random, 30),
                             .longest = 1 + below(random, 50),
                             .vocabulary = static_cast<std::int32_t>(1 + below(random, 5))});
  const Trie trie = trie_of(inputs);
  PlanLimits limits{.pages = 0,
                    .tokens_per_page = 1 + below(random, 9),
                    .tokens_per_step = 1 + below(random, 60)};
  limits.pages = Planner::pages_needed(trie, limits.tokens_per_page) +
                 (random() % 2 == 0 ? 0 : below(random, 40));
  Planner planner(trie, limits);
  FakeCache cache(trie, limits);
  run_all(planner, cache);
  EXPECT_EQ(cache.tokens(), trie.tokens());
  EXPECT_EQ(planner.free_pages(), limits.pages);
  std::set<std::pair<std::int32_t, std::int64_t>> wanted;
  for (std::size_t id = 0; id < trie.nodes().size(); ++id) {
    for (const ScoredRow& row : trie.nodes()[id].rows) wanted.emplace(id, row.row);
  }
  EXPECT_EQ(cache.asked().size(), wanted.size());
  for (const auto& [row, times] : cache.asked()) {
    EXPECT_EQ(times, 1);
    EXPECT_TRUE(wanted.contains(row));
  }
}

TEST(planner, runs_every_token_once_and_asks_for_every_row_once_within_any_budget_that_can_do) {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    ASSERT_NO_FATAL_FAILURE(plan_at_random(seed));
  }
}

/// Three inputs that branch inside a page of four.
std::vector<Window> branching() {
  return {{.input = {1, 2, 3, 4, 5, 6}, .targets = {1}},
          {.input = {1, 2, 3, 4, 5, 7}, .targets = {1}},
          {.input = {1, 2, 3, 4, 5, 8}, .targets = {1}}};
}

TEST(planner, a_branch_inside_a_page_copies_it_for_each_child) {
  const std::vector<Window> inputs = branching();
  const Trie trie = trie_of(inputs);
  Planner planner(trie, {.pages = 5, .tokens_per_page = 4, .tokens_per_step = 100});
  const PlannedStep first = next_of(planner), second = next_of(planner);
  EXPECT_TRUE(first.copies.empty());
  ASSERT_EQ(second.sequences.size(), 3U);
  ASSERT_EQ(second.copies.size(), 3U);
  std::set<PageId> copies;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(second.copies[i].from, first.sequences[0].pages[1]);
    EXPECT_EQ(second.copies[i].to, second.sequences[i].pages[1]);
    EXPECT_EQ(second.sequences[i].pages[0], first.sequences[0].pages[0]);
    copies.insert(second.copies[i].to);
  }
  EXPECT_EQ(copies.size(), 3U);
  EXPECT_FALSE(planner.next());
  EXPECT_EQ(planner.free_pages(), 5);
}

TEST(planner, the_smallest_budget_finishes_one_child_after_the_other) {
  const std::vector<Window> inputs = branching();
  const Trie trie = trie_of(inputs);
  EXPECT_EQ(Planner::pages_needed(trie, 4), 3);
  const PlanLimits limits{.pages = 3, .tokens_per_page = 4, .tokens_per_step = 100};
  Planner planner(trie, limits);
  FakeCache cache(trie, limits);
  EXPECT_EQ(run_all(planner, cache), 4);
  EXPECT_EQ(cache.tokens(), 8);
}

TEST(planner, a_node_longer_than_a_step_goes_on_where_it_stopped) {
  const std::vector<Window> inputs = {
      {.input = Ids(25, 1), .targets = Ids(25, 1)}};  // every row is asked for
  const Trie trie = trie_of(inputs);
  const PlanLimits limits{.pages = 7, .tokens_per_page = 4, .tokens_per_step = 10};
  Planner planner(trie, limits);
  FakeCache cache(trie, limits);
  EXPECT_EQ(run_all(planner, cache), 3);
  EXPECT_EQ(cache.asked().size(), 25U);
}

TEST(planner, children_of_one_prefix_run_together_where_the_budget_allows) {
  std::vector<Window> inputs;
  inputs.reserve(20);
  for (TokenId i = 0; i < 20; ++i) inputs.push_back({.input = {1, 2, 3, 10 + i}, .targets = {1}});
  const Trie trie = trie_of(inputs);
  Planner planner(trie, {.pages = 100, .tokens_per_page = 4, .tokens_per_step = 64});
  EXPECT_EQ(next_of(planner).sequences.size(), 1U);
  EXPECT_EQ(next_of(planner).sequences.size(), 20U);
  EXPECT_FALSE(planner.next());
}

TEST(planner, an_impossible_budget_is_an_error_that_names_what_is_there_and_what_is_needed) {
  const std::vector<Window> inputs = {{.input = Ids(100, 1), .targets = {1}}};
  const Trie trie = trie_of(inputs);
  const std::string message = message_of<Error>(
      [&] { Planner(trie, {.pages = 24, .tokens_per_page = 4, .tokens_per_step = 10}); });
  EXPECT_NE(message.find("24"), std::string::npos) << message;
  EXPECT_NE(message.find("25"), std::string::npos) << message;
  EXPECT_NO_THROW(Planner(trie, {.pages = 25, .tokens_per_page = 4, .tokens_per_step = 10}));
}

TEST(planner, limits_that_make_no_sense_are_errors) {
  const std::vector<Window> inputs = branching();
  const Trie trie = trie_of(inputs);
  for (const PlanLimits& limits :
       {PlanLimits{.pages = -1, .tokens_per_page = 4, .tokens_per_step = 10},
        PlanLimits{.pages = 9, .tokens_per_page = 0, .tokens_per_step = 10},
        PlanLimits{.pages = 9, .tokens_per_page = 4, .tokens_per_step = 0}})
    EXPECT_THROW(Planner(trie, limits), Error);
}

TEST(planner, no_inputs_are_no_steps) {
  const Trie trie = trie_of({});
  Planner planner(trie, {.pages = 0, .tokens_per_page = 4, .tokens_per_step = 10});
  EXPECT_FALSE(planner.next());
}

}  // namespace
}  // namespace moe
