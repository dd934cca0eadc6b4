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
  const std::vector<Input> inputs =
      random_inputs(random, {.inputs = 1 + below(random, 30),
                             .longest = 1 + below(random, 50),
                             .vocabulary = static_cast<std::int32_t>(1 + below(random, 5))});
  const Trie trie = trie_of(inputs);
  PlanLimits limits{.pages = 0,
                    .tokens_per_page = 1 + below(random, 9),
                    .tokens_per_step = 1 + below(random, 60)};
  limits.pages =
      pages_needed(trie, limits.tokens_per_page) + (random() % 2 == 0 ? 0 : below(random, 40));
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

/// A sequence that goes on, and what it has written so far.
struct GoingOn {
  BegunSequence begun;
  Ids written;
};

/// Random prompts that share beginnings, some of them equal, each going on for a random while.
class RandomEndings {
 public:
  explicit RandomEndings(std::uint64_t seed)
      : random_(seed),
        inputs_(random_inputs(random_,
                              {.inputs = 1 + below(random_, 25),
                               .longest = 1 + below(random_, 40),
                               .vocabulary = static_cast<std::int32_t>(1 + below(random_, 4))})) {
    for (const Input& input : inputs_) {
      trie_.add(input.lead(), input.rest(), {});
      endings_.push_back({.node = -1, .tokens = 1 + below(random_, 12)});
    }
    trie_.finish();
    for (std::size_t i = 0; i < inputs_.size(); ++i)
      endings_[i].node = trie_.end_of(static_cast<std::int32_t>(i));
    endings_.push_back({.node = -1, .tokens = 3});  // nothing stands before it
    limits_ = {.tokens_per_page = 1 + below(random_, 6),
               .tokens_per_step = 1 + below(random_, 40),
               .sequences = 1 + below(random_, 6)};
    limits_.pages = pages_needed(trie_, limits_.tokens_per_page, endings_) +
                    (random_() % 2 == 0 ? 0 : below(random_, 60));
  }

  void run() {
    Planner planner(trie_, limits_, endings_);
    FakeCache cache(trie_, limits_, /*may_wait=*/true);
    std::multiset<std::size_t> ended;
    while (true) {
      const auto step = planner.next();
      if (!step && going_on_.empty()) break;
      if (step) {
        EXPECT_LE(rows_of(*step), limits_.tokens_per_step);
        cache.run(*step);
        for (const BegunSequence& begun : step->begun) going_on_.push_back({begun, {}});
      }
      EXPECT_LE(std::ssize(going_on_), limits_.sequences);
      for (GoingOn& one : going_on_) ASSERT_NO_FATAL_FAILURE(go_on(one, cache));
      std::erase_if(going_on_, [&](const GoingOn& one) {
        const bool last = std::ssize(one.written) == endings_[one.begun.ending].tokens;
        if (!last && random_() % 5 != 0) return false;
        planner.end(one.begun.pages);
        ended.insert(one.begun.ending);
        return true;
      });
    }
    EXPECT_EQ(cache.tokens(), trie_.tokens());
    EXPECT_EQ(planner.free_pages(), limits_.pages);
    EXPECT_EQ(ended.size(), endings_.size());
    for (std::size_t i = 0; i < endings_.size(); ++i) EXPECT_EQ(ended.count(i), 1U);
  }

 private:
  std::int64_t rows_of(const PlannedStep& step) const {
    std::int64_t rows = std::ssize(going_on_) + std::ssize(step.begun);
    for (const PlannedSequence& sequence : step.sequences) rows += std::ssize(sequence.new_ids);
    return rows;
  }

  /// Writes a token that no prompt has; what stands before it is its prompt and its own.
  void go_on(GoingOn& one, FakeCache& cache) {
    const std::int32_t node = endings_[one.begun.ending].node;
    Ids path = path_of(trie_, node);
    EXPECT_EQ(one.begun.position, std::ssize(path));
    path.insert(path.end(), one.written.begin(), one.written.end());
    for (std::size_t t = 0; t < path.size(); ++t)
      ASSERT_EQ(cache.at(one.begun.pages, static_cast<std::int64_t>(t)), path[t]) << t;
    one.written.push_back(next_token_++);
    cache.at(one.begun.pages, std::ssize(path)) = one.written.back();
  }

  std::mt19937_64 random_;
  std::vector<Input> inputs_;
  Trie trie_;
  std::vector<Ending> endings_;
  PlanLimits limits_;
  std::vector<GoingOn> going_on_;
  TokenId next_token_ = 1000;
};

TEST(planner, endings_go_on_from_their_prompts_each_token_of_which_runs_once_in_any_budget) {
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    SCOPED_TRACE(seed);
    ASSERT_NO_FATAL_FAILURE(RandomEndings(seed).run());
  }
}

/// Three inputs that branch inside a page of four.
std::vector<Input> branching() {
  return {{.input = {1, 2, 3, 4, 5, 6}, .targets = {1}},
          {.input = {1, 2, 3, 4, 5, 7}, .targets = {1}},
          {.input = {1, 2, 3, 4, 5, 8}, .targets = {1}}};
}

TEST(planner, a_branch_inside_a_page_copies_it_for_each_child) {
  const std::vector<Input> inputs = branching();
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
  const std::vector<Input> inputs = branching();
  const Trie trie = trie_of(inputs);
  EXPECT_EQ(pages_needed(trie, 4), 3);
  const PlanLimits limits{.pages = 3, .tokens_per_page = 4, .tokens_per_step = 100};
  Planner planner(trie, limits);
  FakeCache cache(trie, limits);
  EXPECT_EQ(run_all(planner, cache), 4);
  EXPECT_EQ(cache.tokens(), 8);
}

TEST(planner, a_node_longer_than_a_step_goes_on_where_it_stopped) {
  const std::vector<Input> inputs = {
      {.input = Ids(25, 1), .targets = Ids(25, 1)}};  // every row is asked for
  const Trie trie = trie_of(inputs);
  const PlanLimits limits{.pages = 7, .tokens_per_page = 4, .tokens_per_step = 10};
  Planner planner(trie, limits);
  FakeCache cache(trie, limits);
  EXPECT_EQ(run_all(planner, cache), 3);
  EXPECT_EQ(cache.asked().size(), 25U);
}

TEST(planner, children_of_one_prefix_run_together_where_the_budget_allows) {
  std::vector<Input> inputs;
  inputs.reserve(20);
  for (TokenId i = 0; i < 20; ++i) inputs.push_back({.input = {1, 2, 3, 10 + i}, .targets = {1}});
  const Trie trie = trie_of(inputs);
  Planner planner(trie, {.pages = 100, .tokens_per_page = 4, .tokens_per_step = 64});
  EXPECT_EQ(next_of(planner).sequences.size(), 1U);
  EXPECT_EQ(next_of(planner).sequences.size(), 20U);
  EXPECT_FALSE(planner.next());
}

TEST(planner, an_impossible_budget_is_an_error_that_names_what_is_there_and_what_is_needed) {
  const std::vector<Input> inputs = {{.input = Ids(100, 1), .targets = {1}}};
  const Trie trie = trie_of(inputs);
  const std::string message = message_of<Error>(
      [&] { Planner(trie, {.pages = 24, .tokens_per_page = 4, .tokens_per_step = 10}); });
  EXPECT_NE(message.find("24"), std::string::npos) << message;
  EXPECT_NE(message.find("25"), std::string::npos) << message;
  EXPECT_NO_THROW(Planner(trie, {.pages = 25, .tokens_per_page = 4, .tokens_per_step = 10}));
}

TEST(planner, limits_that_make_no_sense_are_errors) {
  const std::vector<Input> inputs = branching();
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
