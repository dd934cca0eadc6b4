// How many pages of a KV cache a trie takes: of each node and ending, of the longest path, of all.
#pragma once

#include <cstdint>
#include <span>

#include "models/engine/trie.h"

namespace moe {

/// A sequence that goes on from the end of a node, by tokens that nobody knows yet.
struct Ending {
  std::int32_t node = -1;   // -1: nothing stands before it
  std::int64_t tokens = 0;  // that it adds, at most; above 0
};

/// Pages that hold so many tokens.
std::int64_t pages_of(std::int64_t tokens, std::int64_t per_page);

/// The position behind an ending's node.
std::int64_t end_of(const Trie&, const Ending&);

/// Pages that a node adds to its parent's full ones; a page that its parent filled in part is
/// copied, unless no other child goes on from there.
std::int64_t fresh_pages(const Trie&, const TrieNode&, std::int64_t per_page);
/// Pages that an ending adds to its node, which has `endings_there`. Where there are others, or
/// children, it copies the page that they go on in too.
std::int64_t fresh_pages(const Trie&, const Ending&, std::int64_t endings_there,
                         std::int64_t per_page);

/// Pages that the longest path from a root to a leaf takes, copies of branched pages and its ending
/// included. Error on an ending of no tokens, or behind a node that is not there.
std::int64_t pages_needed(const Trie&, std::int64_t per_page, std::span<const Ending> = {});
/// Pages that all nodes and endings take at a time: with as many, nothing ever waits for another's.
std::int64_t pages_of_all(const Trie&, std::int64_t per_page, std::span<const Ending> = {});

}  // namespace moe
