// All inputs of a suite as one radix trie of token ids: every shared prefix stands, and is run,
// once.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "models/ids.h"

namespace moe {

/// A target that a row of a node predicts.
struct ScoredRow {
  std::int32_t row = 0;  // within the node's tokens
  TokenId target = 0;
  std::int32_t window = 0;  // index of the input it belongs to
};

struct TrieNode {
  std::int32_t parent = -1;         // -1: a root
  std::int64_t position = 0;        // of the first token
  std::span<const TokenId> tokens;  // of one of the inputs; never empty
  std::vector<std::int32_t> children;
  std::vector<ScoredRow> rows;  // ascending by row

  std::int64_t end() const { return position + static_cast<std::int64_t>(tokens.size()); }
};

class Trie {
 public:
  /// Without `sharing` each input is a root of its own.
  explicit Trie(bool sharing = true) : sharing_(sharing) {}

  /// Adds an input, `lead` and then `rest`, and what its last `targets.size()` rows predict. All
  /// must outlive the trie. Returns the input's index, which counts from 0.
  std::int32_t add(std::span<const TokenId> lead, std::span<const TokenId> rest,
                   std::span<const TokenId> targets);

  /// The node at whose end an input ends.
  std::int32_t end_of(std::int32_t input) const {
    return inputs_[static_cast<std::size_t>(input)].last_node;
  }

  /// Places the targets of all inputs on the nodes. Call once, after the last add().
  void finish();

  const std::vector<TrieNode>& nodes() const { return nodes_; }
  const std::vector<std::int32_t>& roots() const { return roots_; }
  std::int64_t tokens() const;                                 // of all nodes: what is run
  std::int64_t input_tokens() const { return input_tokens_; }  // of all inputs as they were added

 private:
  struct Input {
    std::span<const TokenId> targets;
    std::int32_t last_node = 0;
  };
  std::int32_t extend(std::int32_t parent, std::int64_t position, std::span<const TokenId> tokens);
  std::int32_t child(std::int32_t node, TokenId token) const;
  std::int32_t append(std::int32_t parent, std::int64_t position, std::span<const TokenId> tokens);
  void split(std::int32_t node, std::size_t at);

  bool sharing_;
  std::vector<TrieNode> nodes_;
  std::vector<std::int32_t> roots_;
  std::unordered_map<std::uint64_t, std::int32_t> children_;  // (node, first token) to child
  std::vector<Input> inputs_;
  std::int64_t input_tokens_ = 0;
};

}  // namespace moe
