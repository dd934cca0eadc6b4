// Random inputs that share prefixes, with targets for their last rows: what a suite's windows look
// like, only shorter.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "models/engine/trie.h"
#include "models/engine/windows.h"

namespace moe {

struct InputShape {
  std::int64_t inputs = 20;
  std::int64_t longest = 40;
  std::int32_t vocabulary = 3;  // few tokens: many shared prefixes
};

inline std::int64_t below(std::mt19937_64& random, std::int64_t n) {
  return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
}

/// Every input is drawn anew or goes on from the beginning of another; some come twice.
inline std::vector<Window> random_inputs(std::mt19937_64& random, const InputShape& shape) {
  std::vector<Window> inputs;
  for (std::int64_t i = 0; i < shape.inputs; ++i) {
    std::vector<TokenId> ids;
    if (i > 0 && random() % 3 != 0) {
      const auto& other = inputs[static_cast<std::size_t>(below(random, i))].input;
      const auto kept = below(random, static_cast<std::int64_t>(other.size()) + 1);
      ids.assign(other.begin(), other.begin() + kept);
    }
    const std::int64_t wanted = 1 + below(random, shape.longest);
    while (static_cast<std::int64_t>(ids.size()) < wanted)
      ids.push_back(static_cast<TokenId>(below(random, shape.vocabulary)));
    std::vector<TokenId> targets(
        static_cast<std::size_t>(1 + below(random, static_cast<std::int64_t>(ids.size()))));
    for (TokenId& target : targets) target = static_cast<TokenId>(below(random, shape.vocabulary));
    inputs.push_back({.input = std::move(ids), .targets = std::move(targets)});
  }
  return inputs;
}

inline Trie trie_of(const std::vector<Window>& inputs) {
  Trie trie;
  for (const Window& window : inputs) trie.add(window.input, window.targets);
  trie.finish();
  return trie;
}

/// The tokens from the root to the end of a node.
inline std::vector<TokenId> path_of(const Trie& trie, std::int32_t id) {
  std::vector<TokenId> path;
  for (; id >= 0; id = trie.nodes()[static_cast<std::size_t>(id)].parent) {
    const auto tokens = trie.nodes()[static_cast<std::size_t>(id)].tokens;
    path.insert(path.begin(), tokens.begin(), tokens.end());
  }
  return path;
}

}  // namespace moe
