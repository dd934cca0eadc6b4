#include "models/engine/planner.h"

#include <algorithm>

#include "harness/error.h"

namespace moe {
namespace {

std::int64_t pages_of(std::int64_t tokens, std::int64_t per_page) {
  return (tokens + per_page - 1) / per_page;
}

/// Pages a node adds to its parent's full ones; a page that its parent filled in part is copied,
/// unless nobody else goes on from there.
std::int64_t fresh(const Trie& trie, const TrieNode& node, std::int64_t per_page) {
  const bool only_child =
      node.parent >= 0 && trie.nodes()[static_cast<std::size_t>(node.parent)].children.size() == 1;
  const std::int64_t kept =
      only_child ? pages_of(node.position, per_page) : node.position / per_page;
  return pages_of(node.end(), per_page) - kept;
}

PlanLimits checked(PlanLimits limits) {
  require(limits.tokens_per_step >= 1 && limits.tokens_per_page >= 1,
          "steps of {} tokens, pages of {}: expected at least 1", limits.tokens_per_step,
          limits.tokens_per_page);
  return limits;
}

}  // namespace

std::int64_t Planner::pages_needed(const Trie& trie, std::int64_t per_page) {
  std::vector<std::int64_t> needed(trie.nodes().size(), 0);
  std::int64_t most = 0;
  std::vector<std::int32_t> order = trie.roots();
  for (std::size_t i = 0; i < order.size(); ++i) {  // parents before children
    const TrieNode& node = trie.nodes()[static_cast<std::size_t>(order[i])];
    const std::int64_t above = node.parent < 0 ? 0 : needed[static_cast<std::size_t>(node.parent)];
    needed[static_cast<std::size_t>(order[i])] = above + fresh(trie, node, per_page);
    most = std::max(most, needed[static_cast<std::size_t>(order[i])]);
    order.insert(order.end(), node.children.begin(), node.children.end());
  }
  return most;
}

std::int64_t Planner::pages_of_all(const Trie& trie, std::int64_t per_page) {
  std::int64_t all = 0;
  for (const TrieNode& node : trie.nodes()) all += fresh(trie, node, per_page);
  return all;
}

Planner::Planner(const Trie& trie, const PlanLimits& limits)
    : trie_(trie), limits_(checked(limits)), pages_(limits.pages), held_(trie.nodes().size()) {
  const std::int64_t needed = pages_needed(trie, limits.tokens_per_page);
  require(needed <= limits.pages,
          "the KV budget of {} pages of {} tokens is too small: the longest input needs {}",
          limits.pages, limits.tokens_per_page, needed);
  reserve_ = pages_of_all(trie, limits.tokens_per_page) <= limits.pages ? 0 : needed;
  stack_.assign(trie.roots().rbegin(), trie.roots().rend());
}

std::int64_t Planner::fresh_pages(std::int32_t id) const {
  return fresh(trie_, node(id), limits_.tokens_per_page);
}

/// Gives a node its pages: its parent's full ones shared, a partly filled one copied, the rest new.
void Planner::admit(std::int32_t id, PlannedStep& step) {
  const TrieNode& about = node(id);
  Held& mine = held_[static_cast<std::size_t>(id)];
  mine.children_waiting = static_cast<std::int64_t>(about.children.size());
  const std::int64_t all = pages_of(about.end(), limits_.tokens_per_page);
  const std::int64_t shared = all - fresh_pages(id);
  if (about.parent >= 0) {
    const Held& parent = held_[static_cast<std::size_t>(about.parent)];
    mine.pages.assign(parent.pages.begin(), parent.pages.begin() + shared);
    for (const PageId page : mine.pages) pages_.hold(page);
  }
  for (std::int64_t page = shared; page < all; ++page) mine.pages.push_back(pages_.take());
  if (about.parent < 0) return;
  const bool branches_inside = about.position % limits_.tokens_per_page != 0 &&
                               shared == about.position / limits_.tokens_per_page;
  Held& parent = held_[static_cast<std::size_t>(about.parent)];
  if (branches_inside) {
    step.copies.push_back({parent.pages[static_cast<std::size_t>(shared)],
                           mine.pages[static_cast<std::size_t>(shared)]});
  }
  --parent.children_waiting;
}

void Planner::add_rows(std::int32_t id, std::int64_t& room, PlannedStep& step) {
  const TrieNode& about = node(id);
  Held& mine = held_[static_cast<std::size_t>(id)];
  const std::int64_t first = mine.done_rows;
  const std::int64_t count = std::min(room, static_cast<std::int64_t>(about.tokens.size()) - first);
  PlannedSequence sequence{.node = id,
                           .first_row = first,
                           .new_ids = about.tokens.subspan(static_cast<std::size_t>(first),
                                                           static_cast<std::size_t>(count)),
                           .position = about.position + first,
                           .pages = mine.pages,
                           .asked = {}};
  for (const ScoredRow& row : about.rows) {
    const std::int64_t at = row.row - first;
    if (at < 0 || at >= count) continue;
    if (sequence.asked.empty() || sequence.asked.back() != at)
      sequence.asked.push_back(static_cast<std::int32_t>(at));
  }
  step.sequences.push_back(std::move(sequence));
  mine.done_rows += count;
  room -= count;
  running_.push_back(id);
}

/// A node's pages are its own until its last child has taken what it needs of them.
void Planner::drop(std::int32_t id) {
  Held& mine = held_[static_cast<std::size_t>(id)];
  for (const PageId page : mine.pages) pages_.release(page);
  mine.pages = {};
}

/// The step handed out has run: what is finished makes way for its children, first node's children
/// on top.
void Planner::retire() {
  for (auto id = running_.rbegin(); id != running_.rend(); ++id) {
    const TrieNode& about = node(*id);
    if (held_[static_cast<std::size_t>(*id)].done_rows <
        static_cast<std::int64_t>(about.tokens.size())) {
      stack_.push_back(*id);  // longer than a step: goes on
    } else if (about.children.empty()) {
      drop(*id);
    } else {
      stack_.insert(stack_.end(), about.children.rbegin(), about.children.rend());
    }
  }
  running_.clear();
}

std::optional<PlannedStep> Planner::next() {
  retire();
  if (stack_.empty()) return std::nullopt;
  PlannedStep step;
  std::vector<std::int32_t> parents;
  std::int64_t room = limits_.tokens_per_step;
  while (!stack_.empty() && room > 0) {
    const std::int32_t id = stack_.back();
    const bool goes_on = held_[static_cast<std::size_t>(id)].done_rows > 0;
    if (!goes_on) {
      if (!running_.empty() && pages_.free() - fresh_pages(id) < reserve_) break;
      admit(id, step);
      if (node(id).parent >= 0) parents.push_back(node(id).parent);
    }
    stack_.pop_back();
    add_rows(id, room, step);
  }
  // Copies read the parents' pages before the step runs, so a parent may go once all children hold
  // theirs; its pages are not written before the copies are done because they are handed out in
  // later steps only.
  for (const std::int32_t parent : parents) {
    if (held_[static_cast<std::size_t>(parent)].children_waiting == 0) drop(parent);
  }
  return step;
}

}  // namespace moe
