#include "models/tokenizer/merges.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>

namespace moe {
namespace {

using Table = std::map<std::pair<TokenId, TokenId>, Merge>;

/// The definition, word for word: the lowest rank, the leftmost of equals, until none is left.
std::vector<TokenId> merged(const Table& table, std::vector<TokenId> ids) {
  for (;;) {
    std::size_t best = ids.size();
    std::int32_t rank = 0;
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      const auto found = table.find({ids[i], ids[i + 1]});
      if (found == table.end() || (best < ids.size() && found->second.rank >= rank)) continue;
      best = i;
      rank = found->second.rank;
    }
    if (best == ids.size()) return ids;
    ids[best] = table.at({ids[best], ids[best + 1]}).merged;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

TEST(merges, short_and_long_words_follow_the_definition) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 60; ++round) {
    Merges merges;
    Table table;
    const std::int32_t count = 40;
    merges.reserve(count);
    for (std::int32_t rank = 0; rank < count; ++rank) {
      const auto known = std::uint64_t{4} + static_cast<std::uint64_t>(rank);
      const auto left = static_cast<TokenId>(random() % known);
      const auto right = static_cast<TokenId>(random() % known);
      if (!table.emplace(std::pair(left, right), Merge{rank, 4 + rank}).second) continue;
      merges.insert(left, right, {rank, 4 + rank});
    }
    for (const std::size_t size : std::to_array<std::size_t>({0, 1, 2, 7, 24, 25, 60, 300})) {
      std::vector<TokenId> ids(size);
      for (TokenId& id : ids) id = static_cast<TokenId>(random() % 4);
      std::vector<TokenId> found = ids;
      merges.apply(found);
      EXPECT_EQ(found, merged(table, ids));
    }
  }
}

TEST(merges, a_long_run_of_one_symbol_does_not_take_quadratic_time) {
  Merges merges;
  merges.reserve(1);
  merges.insert(0, 0, {0, 1});
  std::vector<TokenId> ids(1'000'001, 0);
  merges.apply(ids);
  EXPECT_EQ(ids.size(), 500'001U);
}

TEST(merges, without_any_nothing_changes) {
  Merges merges;
  merges.reserve(0);
  std::vector<TokenId> ids = {1, 2, 3};
  merges.apply(ids);
  EXPECT_EQ(ids, (std::vector<TokenId>{1, 2, 3}));
}

}  // namespace
}  // namespace moe
