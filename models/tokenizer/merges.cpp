#include "models/tokenizer/merges.h"

#include <queue>

namespace moe {
namespace {

constexpr std::size_t kShortWord = 24;  // symbols; below, scanning all pairs beats a queue

std::uint64_t key_of(TokenId left, TokenId right) {
  return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32U) |
         static_cast<std::uint32_t>(right);
}

}  // namespace

void Merges::reserve(std::size_t pairs) {
  std::size_t slots = 16;
  while (slots < 2 * pairs + 1) slots *= 2;
  slots_.assign(slots, {});
}

std::size_t Merges::place(std::uint64_t key) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = (key * 0x9E3779B97F4A7C15ULL >> 20U) & mask;
  while (slots_[slot].key != key && slots_[slot].key != ~std::uint64_t{0}) slot = (slot + 1) & mask;
  return slot;
}

void Merges::insert(TokenId left, TokenId right, Merge merge) {
  slots_[place(key_of(left, right))] = {key_of(left, right), merge};
}

const Merge* Merges::find(TokenId left, TokenId right) const {
  const Slot& slot = slots_[place(key_of(left, right))];
  return slot.key == ~std::uint64_t{0} ? nullptr : &slot.merge;
}

void Merges::apply(std::vector<TokenId>& ids) const {
  if (ids.size() <= kShortWord) {
    apply_short(ids);
  } else {
    apply_long(ids);
  }
}

void Merges::apply_short(std::vector<TokenId>& ids) const {
  while (ids.size() > 1) {
    std::size_t best = 0;
    const Merge* merge = nullptr;
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      const Merge* found = find(ids[i], ids[i + 1]);
      if (found != nullptr && (merge == nullptr || found->rank < merge->rank)) {
        merge = found;
        best = i;
      }
    }
    if (merge == nullptr) return;
    ids[best] = merge->merged;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

/// A queue of candidate merges over a linked list of symbols: n log n in the length of the word.
void Merges::apply_long(std::vector<TokenId>& ids) const {
  struct Symbol {
    TokenId id;
    std::int64_t before, after;  // -1: none
    bool gone = false;
  };
  struct Candidate {
    std::int32_t rank;
    std::int64_t at;
    TokenId left, right, merged;
    bool operator>(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : at > other.at;
    }
  };
  std::vector<Symbol> symbols;
  const auto n = static_cast<std::int64_t>(ids.size());
  for (std::int64_t i = 0; i < n; ++i)
    symbols.push_back({ids[static_cast<std::size_t>(i)], i - 1, i + 1 < n ? i + 1 : -1});
  const auto symbol = [&](std::int64_t i) -> Symbol& {
    return symbols[static_cast<std::size_t>(i)];
  };
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto consider = [&](std::int64_t at) {
    if (at < 0 || symbol(at).after < 0) return;
    const TokenId left = symbol(at).id, right = symbol(symbol(at).after).id;
    if (const Merge* merge = find(left, right))
      queue.push({merge->rank, at, left, right, merge->merged});
  };
  for (std::int64_t i = 0; i < n; ++i) consider(i);
  while (!queue.empty()) {
    const Candidate top = queue.top();
    queue.pop();
    Symbol& left = symbol(top.at);
    if (left.gone || left.id != top.left || left.after < 0 || symbol(left.after).id != top.right)
      continue;  // overtaken by another merge
    Symbol& right = symbol(left.after);
    right.gone = true;
    left.id = top.merged;
    left.after = right.after;
    if (left.after >= 0) symbol(left.after).before = top.at;
    consider(left.before);
    consider(top.at);
  }
  ids.clear();
  for (std::int64_t i = n == 0 ? -1 : 0; i >= 0; i = symbol(i).after) ids.push_back(symbol(i).id);
}

}  // namespace moe
