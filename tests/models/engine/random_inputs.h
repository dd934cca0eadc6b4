// Random inputs that share prefixes, with targets for their last rows: what a suite's windows look
// like, only shorter.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "models/engine/trie.h"

namespace moe {

struct Input {
  std::vector<TokenId> input, targets;
  std::size_t cut = 0;  // an input may come in two parts

  std::span<const TokenId> lead() const { return std::span(input).first(cut); }
  std::span<const TokenId> rest() const { return std::span(input).subspan(cut); }
};

struct InputShape {
  std::int64_t inputs = 20;
  std::int64_t longest = 40;
  std::int32_t vocabulary = 3;  // few tokens: many shared prefixes
};

inline std::int64_t below(std::mt19937_64& random, std::int64_t n) {
  return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
}

/// Every input is drawn anew or goes on from the beginning of another; some come twice.
inline std::vector<Input> random_inputs(std::mt19937_64& random, const InputShape& shape) {
  std::vector<Input> inputs;
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
    const auto cut = static_cast<std::size_t>(below(random, std::ssize(ids) + 1));
    inputs.push_back({.input = std::move(ids), .targets = std::move(targets), .cut = cut});
  }
  return inputs;
}

inline Trie trie_of(const std::vector<Input>& inputs) {
  Trie trie;
  for (const Input& window : inputs) trie.add(window.lead(), window.rest(), window.targets);
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
