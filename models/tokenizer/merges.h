// The merges of byte-pair encoding: which two neighbours become which token, and in which order.
#pragma once

#include <cstdint>
#include <vector>

#include "models/ids.h"

namespace moe {

struct Merge {
  std::int32_t rank = 0;  // the lowest is merged first
  TokenId merged = 0;
};

/// Pairs of ids to merges, open addressing: found in one probe almost always.
class Merges {
 public:
  /// Before the first insert(): how many there will be at most.
  void reserve(std::size_t pairs);
  /// The last merge of a pair is the one that counts, as for Hugging Face.
  void insert(TokenId left, TokenId right, Merge);

  /// Merges neighbours in `ids` until none is left to merge: the lowest rank first, the leftmost of
  /// equals.
  void apply(std::vector<TokenId>& ids) const;

 private:
  struct Slot {
    std::uint64_t key = ~std::uint64_t{0};
    Merge merge;
  };
  std::size_t place(std::uint64_t key) const;
  const Merge* find(TokenId left, TokenId right) const;
  void apply_short(std::vector<TokenId>& ids) const;
  void apply_long(std::vector<TokenId>& ids) const;

  std::vector<Slot> slots_;
};

}  // namespace moe
