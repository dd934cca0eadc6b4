#include "models/engine/page_counts.h"

#include <algorithm>
#include <vector>

#include "harness/error.h"

namespace moe {
namespace {

/// Pages that what goes on behind `position` tokens of a node, and ends at `end`, adds to the
/// node's full ones; the page that the node filled in part is copied, unless nobody else needs it.
std::int64_t fresh(std::int64_t position, std::int64_t end, bool alone, std::int64_t per_page) {
  const std::int64_t kept = alone ? pages_of(position, per_page) : position / per_page;
  return pages_of(end, per_page) - kept;
}

/// How many endings each node has.
std::vector<std::int64_t> endings_by_node(const Trie& trie, std::span<const Ending> endings) {
  std::vector<std::int64_t> counts(trie.nodes().size(), 0);
  for (const Ending& ending : endings) {
    require(ending.tokens > 0 && ending.node < std::ssize(counts),
            "an ending of {} tokens behind node {} of {}", ending.tokens, ending.node,
            counts.size());
    if (ending.node >= 0) ++counts[static_cast<std::size_t>(ending.node)];
  }
  return counts;
}

}  // namespace

std::int64_t pages_of(std::int64_t tokens, std::int64_t per_page) {
  return (tokens + per_page - 1) / per_page;
}

std::int64_t fresh_pages(const Trie& trie, const TrieNode& node, std::int64_t per_page) {
  const bool only_child =
      node.parent >= 0 && trie.nodes()[static_cast<std::size_t>(node.parent)].children.size() == 1;
  return fresh(node.position, node.end(), only_child, per_page);
}

std::int64_t end_of(const Trie& trie, const Ending& ending) {
  return ending.node < 0 ? 0 : trie.nodes()[static_cast<std::size_t>(ending.node)].end();
}

std::int64_t fresh_pages(const Trie& trie, const Ending& ending, std::int64_t endings_there,
                         std::int64_t per_page) {
  const bool alone = ending.node >= 0 && endings_there == 1 &&
                     trie.nodes()[static_cast<std::size_t>(ending.node)].children.empty();
  const std::int64_t position = end_of(trie, ending);
  return fresh(position, position + ending.tokens, alone, per_page);
}

std::int64_t pages_needed(const Trie& trie, std::int64_t per_page,
                          std::span<const Ending> endings) {
  std::vector<std::int64_t> needed(trie.nodes().size(), 0);
  std::int64_t most = 0;
  std::vector<std::int32_t> order = trie.roots();
  for (std::size_t i = 0; i < order.size(); ++i) {  // parents before children
    const TrieNode& node = trie.nodes()[static_cast<std::size_t>(order[i])];
    const std::int64_t above = node.parent < 0 ? 0 : needed[static_cast<std::size_t>(node.parent)];
    needed[static_cast<std::size_t>(order[i])] = above + fresh_pages(trie, node, per_page);
    most = std::max(most, needed[static_cast<std::size_t>(order[i])]);
    order.insert(order.end(), node.children.begin(), node.children.end());
  }
  const std::vector<std::int64_t> there = endings_by_node(trie, endings);
  for (const Ending& ending : endings) {
    const auto node = static_cast<std::size_t>(std::max(ending.node, 0));
    most = std::max(most, ending.node < 0
                              ? fresh_pages(trie, ending, 0, per_page)
                              : needed[node] + fresh_pages(trie, ending, there[node], per_page));
  }
  return most;
}

std::int64_t pages_of_all(const Trie& trie, std::int64_t per_page,
                          std::span<const Ending> endings) {
  std::int64_t all = 0;
  for (const TrieNode& node : trie.nodes()) all += fresh_pages(trie, node, per_page);
  const std::vector<std::int64_t> there = endings_by_node(trie, endings);
  for (const Ending& ending : endings)
    all += fresh_pages(
        trie, ending, ending.node < 0 ? 0 : there[static_cast<std::size_t>(ending.node)], per_page);
  return all;
}

}  // namespace moe
