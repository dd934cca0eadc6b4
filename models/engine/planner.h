// From a trie to steps under a budget of KV pages: prefixes once, children of one prefix together,
// pages freed when their last descendant is done.
//
// Nodes wait on a stack, depth first. The one on top is always taken; others join its step as long
// as the pages that the longest path from root to leaf needs stay free. So the path under way can
// always be finished, and finishing it frees its pages: a plan that fits once never stalls.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "models/engine/page_counts.h"
#include "models/engine/pages.h"
#include "models/engine/trie.h"

namespace moe {

/// Part of a node that one step runs.
struct PlannedSequence {
  std::int32_t node = 0;
  std::int64_t first_row = 0;  // of the node, where it is longer than a step
  std::span<const TokenId> new_ids;
  std::int64_t position = 0;        // of new_ids[0]
  std::vector<PageId> pages;        // cover position + new_ids.size()
  std::vector<std::int32_t> asked;  // rows of new_ids with targets, ascending, each once
};

/// An ending that goes on from this step on, with a row of its own in each.
struct BegunSequence {
  std::size_t ending = 0;
  std::int64_t position = 0;  // of its first token
  std::vector<PageId> pages;  // cover the node and all its tokens
};

struct PlannedStep {
  std::vector<PageCopy> copies;  // before the step
  std::vector<PlannedSequence> sequences;
  std::vector<BegunSequence> begun;
};

struct PlanLimits {
  std::int64_t pages = 0, tokens_per_page = 16;
  std::int64_t tokens_per_step = 4096;
  std::int64_t sequences = 1;  // that go on together, at most
};

class Planner {
 public:
  /// Error where the budget is smaller than pages_needed(), which it names.
  Planner(const Trie&, const PlanLimits&, std::vector<Ending> endings = {});

  /// The next step, or nothing when every node has run and every ending has begun. Asking for it
  /// says that the one before has run. A step has no sequences where all that is left waits for
  /// sequences that go on.
  std::optional<PlannedStep> next();
  /// A sequence that had begun with these pages goes on no more.
  void end(const std::vector<PageId>& pages);

  std::int64_t free_pages() const { return pages_.free(); }

 private:
  struct Held {
    std::vector<PageId> pages;
    std::int64_t children_waiting = 0;  // and endings
    std::int64_t done_rows = 0;
    std::vector<std::size_t> endings;
  };
  const TrieNode& node(std::int32_t id) const {
    return trie_.nodes()[static_cast<std::size_t>(id)];
  }
  std::int64_t fresh_pages(std::int32_t id) const;
  std::int64_t fresh_pages(const Ending&) const;
  bool may_admit(std::int32_t id) const;
  void begin(std::size_t ending, PlannedStep&);
  void admit(std::int32_t id, PlannedStep&);
  void add_rows(std::int32_t id, std::int64_t& room, PlannedStep&);
  void retire();
  void drop(std::int32_t id);

  const Trie& trie_;
  PlanLimits limits_;
  std::vector<Ending> endings_;
  Pages pages_;
  std::int64_t reserve_ = 0;           // pages that stay free for the path on top
  std::vector<std::int32_t> stack_;    // waiting, the next on top
  std::vector<std::int32_t> running_;  // in the step handed out, in its order
  std::vector<Held> held_;
  std::deque<std::size_t> ready_;  // endings whose node is done, the next first
  std::int64_t going_on_ = 0;
  std::int64_t ahead_ = 0;  // endings of the nodes in the step handed out
};

}  // namespace moe
