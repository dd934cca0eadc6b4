#include "models/engine/planner.h"

#include <algorithm>

#include "harness/error.h"
#include "models/engine/page_counts.h"

namespace moe {
namespace {

PlanLimits checked(PlanLimits limits) {
  require(limits.tokens_per_step >= 1 && limits.tokens_per_page >= 1 && limits.sequences >= 1,
          "steps of {} tokens, pages of {}, {} sequences: expected at least 1",
          limits.tokens_per_step, limits.tokens_per_page, limits.sequences);
  limits.sequences = std::min(limits.sequences, limits.tokens_per_step);  // each has a row
  return limits;
}

}  // namespace

Planner::Planner(const Trie& trie, const PlanLimits& limits, std::vector<Ending> endings)
    : trie_(trie),
      limits_(checked(limits)),
      endings_(std::move(endings)),
      pages_(limits.pages),
      held_(trie.nodes().size()) {
  const std::int64_t needed = pages_needed(trie, limits.tokens_per_page, endings_);
  require(needed <= limits.pages,
          "the KV budget of {} pages of {} tokens is too small: the longest input needs {}",
          limits.pages, limits.tokens_per_page, needed);
  reserve_ = pages_of_all(trie, limits.tokens_per_page, endings_) <= limits.pages ? 0 : needed;
  stack_.assign(trie.roots().rbegin(), trie.roots().rend());
  for (std::size_t i = 0; i < endings_.size(); ++i) {
    if (endings_[i].node < 0) {
      ready_.push_back(i);
    } else {
      held_[static_cast<std::size_t>(endings_[i].node)].endings.push_back(i);
    }
  }
}

std::int64_t Planner::fresh_pages(std::int32_t id) const {
  return moe::fresh_pages(trie_, node(id), limits_.tokens_per_page);
}

std::int64_t Planner::fresh_pages(const Ending& ending) const {
  const std::int64_t there =
      ending.node < 0 ? 0 : std::ssize(held_[static_cast<std::size_t>(ending.node)].endings);
  return moe::fresh_pages(trie_, ending, there, limits_.tokens_per_page);
}

/// Gives a node its pages: its parent's full ones shared, a partly filled one copied, the rest new.
void Planner::admit(std::int32_t id, PlannedStep& step) {
  const TrieNode& about = node(id);
  Held& mine = held_[static_cast<std::size_t>(id)];
  mine.children_waiting = std::ssize(about.children) + std::ssize(mine.endings);
  ahead_ += std::ssize(mine.endings);
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
/// on top, and its endings are ready.
void Planner::retire() {
  for (const std::int32_t id : running_) {
    const Held& mine = held_[static_cast<std::size_t>(id)];
    if (mine.done_rows == std::ssize(node(id).tokens))
      ready_.insert(ready_.end(), mine.endings.begin(), mine.endings.end());
  }
  for (auto id = running_.rbegin(); id != running_.rend(); ++id) {
    const TrieNode& about = node(*id);
    const Held& mine = held_[static_cast<std::size_t>(*id)];
    if (mine.done_rows < std::ssize(about.tokens)) {
      stack_.push_back(*id);  // longer than a step: goes on
    } else if (about.children.empty() && mine.endings.empty()) {
      drop(*id);
    } else {
      ahead_ -= std::ssize(mine.endings);
      stack_.insert(stack_.end(), about.children.rbegin(), about.children.rend());
    }
  }
  running_.clear();
}

/// An ending's pages: its node's full ones shared, the one that is filled in part copied, or taken
/// over where the node is nobody else's, and new ones for all that it may add.
void Planner::begin(std::size_t ending, PlannedStep& step) {
  const Ending& about = endings_[ending];
  const std::int64_t position = end_of(trie_, about), per_page = limits_.tokens_per_page;
  const std::int64_t all = pages_of(position + about.tokens, per_page);
  const std::int64_t shared = all - fresh_pages(about);
  BegunSequence& begun =
      step.begun.emplace_back(BegunSequence{.ending = ending, .position = position, .pages = {}});
  if (about.node >= 0) {
    Held& before = held_[static_cast<std::size_t>(about.node)];
    begun.pages.assign(before.pages.begin(), before.pages.begin() + shared);
    for (const PageId page : begun.pages) pages_.hold(page);
    --before.children_waiting;
  }
  for (std::int64_t page = shared; page < all; ++page) begun.pages.push_back(pages_.take());
  if (shared < pages_of(position, per_page))
    step.copies.push_back({held_[static_cast<std::size_t>(about.node)].pages.back(),
                           begun.pages[static_cast<std::size_t>(shared)]});
  ++going_on_;
}

void Planner::end(const std::vector<PageId>& pages) {
  for (const PageId page : pages) pages_.release(page);
  --going_on_;
}

/// The first node of a step in which nothing goes on always fits. Others leave what the longest
/// path needs, and what they make ready can begin at once.
bool Planner::may_admit(std::int32_t id) const {
  const auto ready = static_cast<std::int64_t>(ready_.size());
  if (running_.empty() && going_on_ == 0 && ready == 0) return true;
  if (!endings_.empty() && going_on_ + ready + ahead_ >= limits_.sequences) return false;
  return pages_.free() - fresh_pages(id) >= reserve_;
}

std::optional<PlannedStep> Planner::next() {
  retire();
  if (stack_.empty() && ready_.empty()) return std::nullopt;
  PlannedStep step;
  std::vector<std::int32_t> parents;
  while (!ready_.empty() && going_on_ < limits_.sequences &&
         pages_.free() >= fresh_pages(endings_[ready_.front()])) {
    begin(ready_.front(), step);
    if (const std::int32_t node = endings_[ready_.front()].node; node >= 0) parents.push_back(node);
    ready_.pop_front();
  }
  std::int64_t room = limits_.tokens_per_step - going_on_;
  while (!stack_.empty() && room > 0) {
    const std::int32_t id = stack_.back();
    const bool goes_on = held_[static_cast<std::size_t>(id)].done_rows > 0;
    if (!goes_on) {
      if (!may_admit(id)) break;
      admit(id, step);
      if (node(id).parent >= 0) parents.push_back(node(id).parent);
    }
    stack_.pop_back();
    add_rows(id, room, step);
  }
  require(going_on_ > 0 || !step.sequences.empty(),
          "a plan that waits for nothing: {} pages are free, {} endings ready", pages_.free(),
          ready_.size());
  // Copies read the parents' pages before the step runs, so a parent may go once all children hold
  // theirs; its pages are not written before the copies are done because they are handed out in
  // later steps only.
  for (const std::int32_t parent : parents) {
    if (held_[static_cast<std::size_t>(parent)].children_waiting == 0) drop(parent);
  }
  return step;
}

}  // namespace moe
