#include "models/engine/trie.h"

#include <algorithm>

#include "harness/error.h"

namespace moe {
namespace {

std::uint64_t edge(std::int32_t node, TokenId token) {
  return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(node)) << 32U) |
         static_cast<std::uint32_t>(token);
}

std::size_t common(std::span<const TokenId> a, std::span<const TokenId> b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

}  // namespace

std::int32_t Trie::child(std::int32_t node, TokenId token) const {
  const auto found = children_.find(edge(node, token));
  return found == children_.end() ? -1 : found->second;
}

std::int32_t Trie::append(std::int32_t parent, std::int64_t position,
                          std::span<const TokenId> tokens) {
  const auto id = static_cast<std::int32_t>(nodes_.size());
  nodes_.push_back(
      {.parent = parent, .position = position, .tokens = tokens, .children = {}, .rows = {}});
  children_[edge(parent, tokens.front())] = id;
  return id;
}

/// The node keeps its end; its first `at` tokens become a new node above it. So whatever ended at
/// the node still does.
void Trie::split(std::int32_t node, std::size_t at) {
  const TrieNode lower = nodes_[static_cast<std::size_t>(node)];
  const std::int32_t upper = append(lower.parent, lower.position, lower.tokens.first(at));
  TrieNode& kept = nodes_[static_cast<std::size_t>(node)];
  kept.parent = upper;
  kept.position = lower.position + static_cast<std::int64_t>(at);
  kept.tokens = lower.tokens.subspan(at);
  children_[edge(upper, kept.tokens.front())] = node;
}

/// The node at whose end `tokens` behind `parent` end.
std::int32_t Trie::extend(std::int32_t parent, std::int64_t position,
                          std::span<const TokenId> tokens) {
  std::size_t at = 0;
  while (at < tokens.size()) {
    const std::span<const TokenId> left = tokens.subspan(at);
    const std::int32_t next = sharing_ ? child(parent, left.front()) : -1;
    if (next < 0) return append(parent, position + static_cast<std::int64_t>(at), left);
    const std::span<const TokenId> there = nodes_[static_cast<std::size_t>(next)].tokens;
    const std::size_t shared = common(there, left);
    at += shared;
    if (shared == there.size()) {
      parent = next;
    } else {
      split(next, shared);
      parent = nodes_[static_cast<std::size_t>(next)].parent;
    }
  }
  return parent;
}

std::int32_t Trie::add(std::span<const TokenId> lead, std::span<const TokenId> rest,
                       std::span<const TokenId> targets) {
  const std::size_t size = lead.size() + rest.size();
  require(size > 0 && targets.size() <= size, "an input of {} tokens with {} targets", size,
          targets.size());
  input_tokens_ += static_cast<std::int64_t>(size);
  const std::int32_t led = extend(-1, 0, lead);
  inputs_.push_back({targets, extend(led, std::ssize(lead), rest)});
  return static_cast<std::int32_t>(inputs_.size()) - 1;
}

void Trie::finish() {
  for (std::size_t id = 0; id < nodes_.size(); ++id) {
    const std::int32_t parent = nodes_[id].parent;
    auto& list = parent < 0 ? roots_ : nodes_[static_cast<std::size_t>(parent)].children;
    list.push_back(static_cast<std::int32_t>(id));
  }
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    std::int32_t node = inputs_[i].last_node;
    std::int64_t row = nodes_[static_cast<std::size_t>(node)].end();
    for (auto target = inputs_[i].targets.rbegin(); target != inputs_[i].targets.rend(); ++target) {
      --row;
      while (row < nodes_[static_cast<std::size_t>(node)].position)
        node = nodes_[static_cast<std::size_t>(node)].parent;
      TrieNode& place = nodes_[static_cast<std::size_t>(node)];
      place.rows.push_back(
          {static_cast<std::int32_t>(row - place.position), *target, static_cast<std::int32_t>(i)});
    }
  }
  for (TrieNode& node : nodes_) {
    std::ranges::stable_sort(node.rows, {},
                             [](const ScoredRow& r) { return std::pair(r.row, r.window); });
  }
}

std::int64_t Trie::tokens() const {
  std::int64_t total = 0;
  for (const TrieNode& node : nodes_) total += static_cast<std::int64_t>(node.tokens.size());
  return total;
}

}  // namespace moe
