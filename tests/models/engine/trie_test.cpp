#include "models/engine/trie.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "harness/error.h"
#include "tests/models/engine/random_inputs.h"

namespace moe {
namespace {

using Ids = std::vector<TokenId>;

/// How many different beginnings the inputs have: what a perfect sharing runs.
std::int64_t distinct_prefixes(const std::vector<Input>& inputs) {
  std::set<Ids> prefixes;
  for (const Input& window : inputs) {
    for (std::size_t n = 1; n <= window.input.size(); ++n)
      prefixes.emplace(window.input.begin(), window.input.begin() + static_cast<std::ptrdiff_t>(n));
  }
  return static_cast<std::int64_t>(prefixes.size());
}

struct RandomTrie {
  std::vector<Input> inputs;
  Trie trie;
};

/// Calls `check` with many random sets of inputs and their tries.
template <typename Check>
void on_random_tries(const Check& check) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    RandomTrie one;
    one.inputs =
        random_inputs(random, {.inputs = 1 + below(random, 40),
                               .longest = 1 + below(random, 40),
                               .vocabulary = static_cast<std::int32_t>(1 + below(random, 6))});
    one.trie = trie_of(one.inputs);
    ASSERT_NO_FATAL_FAILURE(check(one));
  }
}

TEST(trie, runs_each_distinct_prefix_once) {
  on_random_tries([](const RandomTrie& one) {
    EXPECT_EQ(one.trie.tokens(), distinct_prefixes(one.inputs));
    std::int64_t given = 0;
    for (const Input& window : one.inputs) given += static_cast<std::int64_t>(window.input.size());
    EXPECT_EQ(one.trie.input_tokens(), given);
  });
}

/// A row stands behind the tokens of its input that predict its target; each (input, target) once.
void check_rows(const RandomTrie& one, std::int32_t id,
                std::set<std::pair<std::int32_t, std::int64_t>>& seen) {
  const TrieNode& node = one.trie.nodes()[static_cast<std::size_t>(id)];
  const Ids path = path_of(one.trie, id);
  EXPECT_TRUE(std::ranges::is_sorted(node.rows, {}, &ScoredRow::row));
  for (const ScoredRow& row : node.rows) {
    ASSERT_GE(row.row, 0);
    ASSERT_LT(static_cast<std::size_t>(row.row), node.tokens.size());
    const Input& window = one.inputs.at(static_cast<std::size_t>(row.window));
    const std::int64_t at = node.position + row.row;
    ASSERT_LT(at, static_cast<std::int64_t>(window.input.size()));
    EXPECT_TRUE(std::equal(path.begin(), path.begin() + at + 1, window.input.begin()));
    const std::int64_t target = at - static_cast<std::int64_t>(window.input.size()) +
                                static_cast<std::int64_t>(window.targets.size());
    ASSERT_GE(target, 0);
    EXPECT_EQ(row.target, window.targets[static_cast<std::size_t>(target)]);
    EXPECT_TRUE(seen.emplace(row.window, target).second);
  }
}

TEST(trie, holds_every_target_once_behind_the_tokens_that_predict_it) {
  on_random_tries([](const RandomTrie& one) {
    std::set<std::pair<std::int32_t, std::int64_t>> seen;  // window, target's index
    for (std::size_t id = 0; id < one.trie.nodes().size(); ++id)
      check_rows(one, static_cast<std::int32_t>(id), seen);
    std::size_t asked = 0;
    for (const Input& window : one.inputs) asked += window.targets.size();
    EXPECT_EQ(seen.size(), asked);
  });
}

TEST(trie, siblings_part_at_their_first_token_and_children_go_on_where_parents_end) {
  on_random_tries([](const RandomTrie& one) {
    const auto& nodes = one.trie.nodes();
    std::set<std::int32_t> listed(one.trie.roots().begin(), one.trie.roots().end());
    std::set<TokenId> of_roots;
    for (const std::int32_t root : one.trie.roots())
      of_roots.insert(nodes[static_cast<std::size_t>(root)].tokens.front());
    EXPECT_EQ(of_roots.size(), one.trie.roots().size());
    for (std::size_t id = 0; id < nodes.size(); ++id) {
      std::set<TokenId> first;
      for (const std::int32_t child : nodes[id].children) {
        const TrieNode& below_it = nodes[static_cast<std::size_t>(child)];
        EXPECT_EQ(below_it.parent, static_cast<std::int32_t>(id));
        EXPECT_EQ(below_it.position, nodes[id].end());
        ASSERT_FALSE(below_it.tokens.empty());
        first.insert(below_it.tokens.front());
        EXPECT_TRUE(listed.insert(child).second);
      }
      EXPECT_EQ(first.size(), nodes[id].children.size());
    }
    EXPECT_EQ(listed.size(), nodes.size());
  });
}

TEST(trie, choices_of_one_question_share_all_but_their_answers) {
  const Ids a = {1, 2, 3, 10}, b = {1, 2, 3, 11}, targets = {5};
  Trie trie;
  EXPECT_EQ(trie.add(a, {}, targets), 0);
  EXPECT_EQ(trie.add(b, {}, targets), 1);
  EXPECT_EQ(trie.add(a, {}, targets), 2);
  trie.finish();
  EXPECT_EQ(trie.tokens(), 5);
  EXPECT_EQ(trie.input_tokens(), 12);
  EXPECT_EQ(trie.nodes().size(), 3U);
}

TEST(trie, refuses_an_empty_input_and_more_targets_than_rows) {
  const Ids none, one = {1}, two = {1, 2};
  Trie trie;
  EXPECT_THROW(trie.add(none, {}, none), Error);
  EXPECT_THROW(trie.add(one, {}, two), Error);
}

}  // namespace
}  // namespace moe
