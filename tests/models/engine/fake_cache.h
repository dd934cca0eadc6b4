// A cache that remembers which token stands where, so that a plan which overwrites a page that is
// still needed, or forgets a copy, is seen.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "models/engine/planner.h"
#include "tests/models/engine/random_inputs.h"

namespace moe {

class FakeCache {
 public:
  /// `may_wait`: a step may have no sequences, where all waits for what goes on.
  FakeCache(const Trie& trie, const PlanLimits& limits, bool may_wait = false)
      : trie_(trie), limits_(limits), least_(may_wait ? 0 : 1) {}

  /// Runs a step and checks it.
  void run(const PlannedStep& step) {
    for (const PageCopy& copy : step.copies) slots_[checked(copy.to)] = slots_[checked(copy.from)];
    std::int64_t tokens = 0;
    for (const PlannedSequence& sequence : step.sequences) {
      write(sequence);
      tokens += static_cast<std::int64_t>(sequence.new_ids.size());
    }
    EXPECT_LE(tokens, limits_.tokens_per_step);
    EXPECT_GE(tokens + std::ssize(step.begun), least_);
    for (const PlannedSequence& sequence : step.sequences) check(sequence);
  }

  /// The token at a position of a sequence with these pages.
  TokenId& at(const std::vector<PageId>& pages, std::int64_t position) {
    const std::int64_t per_page = limits_.tokens_per_page;
    auto& page = slots_[checked(pages.at(static_cast<std::size_t>(position / per_page)))];
    page.resize(static_cast<std::size_t>(per_page), -1);
    return page[static_cast<std::size_t>(position % per_page)];
  }

  std::int64_t tokens() const { return tokens_; }
  /// How often each row of each node was asked for.
  const std::map<std::pair<std::int32_t, std::int64_t>, int>& asked() const { return asked_; }

 private:
  PageId checked(PageId page) const {
    EXPECT_GE(page, 0);
    EXPECT_LT(page, limits_.pages);
    return page;
  }

  TokenId& slot(const PlannedSequence& sequence, std::int64_t position) {
    return at(sequence.pages, position);
  }

  void write(const PlannedSequence& sequence) {
    ASSERT_FALSE(sequence.new_ids.empty());
    for (std::size_t i = 0; i < sequence.new_ids.size(); ++i) {
      slot(sequence, sequence.position + static_cast<std::int64_t>(i)) = sequence.new_ids[i];
      ++tokens_;
    }
  }

  void check(const PlannedSequence& sequence) {
    const TrieNode& node = trie_.nodes()[static_cast<std::size_t>(sequence.node)];
    EXPECT_EQ(sequence.position, node.position + sequence.first_row);
    const std::vector<TokenId> path = path_of(trie_, sequence.node);
    const auto end = sequence.position + static_cast<std::int64_t>(sequence.new_ids.size());
    for (std::int64_t t = 0; t < end; ++t)
      ASSERT_EQ(slot(sequence, t), path[static_cast<std::size_t>(t)]) << "position " << t;
    std::int32_t before = -1;
    for (const std::int32_t row : sequence.asked) {
      EXPECT_GT(row, before);
      EXPECT_LT(static_cast<std::size_t>(row), sequence.new_ids.size());
      ++asked_[{sequence.node, sequence.first_row + row}];
      before = row;
    }
  }

  const Trie& trie_;
  PlanLimits limits_;
  std::int64_t least_;
  std::map<PageId, std::vector<TokenId>> slots_;
  std::int64_t tokens_ = 0;
  std::map<std::pair<std::int32_t, std::int64_t>, int> asked_;
};

}  // namespace moe
