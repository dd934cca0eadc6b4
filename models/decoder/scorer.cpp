#include "models/decoder/scorer.h"

#include <algorithm>

#include "harness/error.h"
#include "models/cost.h"
#include "models/decoder/device.h"
#include "models/decoder/rounded_head.h"
#include "models/engine/planner.h"

namespace moe {
namespace {

/// The rows of a step that have targets, flat: row r of the step's hidden rows predicts its
/// targets.
struct Targets {
  std::vector<std::int64_t> row, target;
  std::vector<std::int32_t> window;
};

Targets targets_of(const Trie& trie, const PlannedStep& step) {
  Targets out;
  std::int64_t row = -1;
  for (const PlannedSequence& sequence : step.sequences) {
    const std::vector<ScoredRow>& rows = trie.nodes()[static_cast<std::size_t>(sequence.node)].rows;
    std::int64_t last = -1;
    const auto count = static_cast<std::int64_t>(sequence.new_ids.size());
    for (const ScoredRow& scored : rows) {
      const std::int64_t at = scored.row - sequence.first_row;
      if (at < 0 || at >= count) continue;
      if (at != last) ++row;
      last = at;
      out.row.push_back(row);
      out.target.push_back(scored.target);
      out.window.push_back(scored.window);
    }
  }
  return out;
}

Step step_of(const PlannedStep& planned, StepTimers* timers) {
  Step step;
  step.timers = timers;
  for (const PlannedSequence& s : planned.sequences) {
    step.sequences.push_back(
        {.new_ids = s.new_ids, .position = s.position, .pages = s.pages, .asked = s.asked});
  }
  return step;
}

Trie trie_of(std::span<const Window> windows, bool sharing) {
  Trie trie(sharing);
  for (const Window& window : windows) trie.add(window.lead, window.rest, window.targets);
  trie.finish();
  return trie;
}

class Scoring {
 public:
  Scoring(Decoder& decoder, std::span<const Window> windows, const ScoreLimits& limits,
          const std::function<void(std::size_t, const WindowScore&)>& scored,
          const std::function<void()>& stepped)
      : decoder_(decoder),
        limits_(limits),
        scored_(scored),
        stepped_(stepped),
        trie_(trie_of(windows, limits.sharing)),
        scores_(windows.size()) {
    if (limits.sharing && bytes_needed() > limits.kv_bytes) trie_ = trie_of(windows, false);
    for (const Window& window : windows) waiting_.push_back(std::ssize(window.targets));
  }

  void run() {
    const std::int64_t pages = budget_pages();
    Planner planner(trie_, {.pages = pages,
                            .tokens_per_page = limits_.tokens_per_page,
                            .tokens_per_step = limits_.tokens_per_step});
    KvCache cache(decoder_.config(), decoder_.ops().activations(), pages, limits_.tokens_per_page);
    while (const auto planned = planner.next()) {
      cache.copy_pages(planned->copies);
      const StepResult result = decoder_.step(step_of(*planned, limits_.timers), &cache);
      score_rows(result.hidden_RD, targets_of(trie_, *planned));
      if (stepped_) stepped_();
    }
  }

 private:
  std::int64_t bytes_needed() const {
    return pages_needed(trie_, limits_.tokens_per_page) * page_bytes(decoder_, limits_);
  }

  /// As many pages as all nodes together take, within the budget.
  std::int64_t budget_pages() const {
    const std::int64_t needed = bytes_needed();
    require(needed <= limits_.kv_bytes,
            "the KV budget of {} bytes is too small: the longest input needs {} bytes "
            "(kv_budget={} or more)",
            limits_.kv_bytes, needed, needed);
    return std::min(pages_of_all(trie_, limits_.tokens_per_page),
                    limits_.kv_bytes / page_bytes(decoder_, limits_));
  }

  void score_rows(const Tensor& hidden_RD, const Targets& targets) {
    const HeadTargets wanted{
        .row = targets.row, .id = targets.target, .logit_bytes = limits_.logit_bytes};
    const HeadScores scores =
        limits_.softmax == DType::f32
            ? decoder_.head_scores(hidden_RD, wanted, limits_.timers)
            : rounded_head_scores(decoder_, hidden_RD, wanted, limits_.softmax, limits_.timers);
    const Tensor log_p_N = scores.log_p_N.to(at::kCPU, at::kFloat).contiguous();
    const Tensor is_best_N = scores.is_best_N.to(at::kCPU).contiguous();
    const float* log_p = log_p_N.const_data_ptr<float>();
    const bool* is_best = is_best_N.const_data_ptr<bool>();
    for (std::size_t i = 0; i < targets.window.size(); ++i) {
      const auto window = static_cast<std::size_t>(targets.window[i]);
      scores_[window].log_likelihood += double{log_p[i]};
      scores_[window].is_greedy = scores_[window].is_greedy && is_best[i];
      if (--waiting_[window] > 0) continue;
      scores_[window].log_likelihood = rounded(scores_[window].log_likelihood, limits_.softmax);
      scored_(window, scores_[window]);
    }
  }

  Decoder& decoder_;
  ScoreLimits limits_;
  const std::function<void(std::size_t, const WindowScore&)>& scored_;
  const std::function<void()>& stepped_;
  Trie trie_;
  std::vector<WindowScore> scores_;
  std::vector<std::int64_t> waiting_;  // targets not scored yet
};

}  // namespace

std::int64_t page_bytes(const Decoder& decoder, const ScoreLimits& limits) {
  const DType dtype = dtype_of(decoder.ops().activations());
  return kv_bytes_per_token(decoder.config(), dtype) * limits.tokens_per_page;
}

void score_windows(Decoder& decoder, std::span<const Window> windows, const ScoreLimits& limits,
                   const std::function<void(std::size_t, const WindowScore&)>& scored,
                   const std::function<void()>& stepped) {
  if (windows.empty()) return;
  Scoring(decoder, windows, limits, scored, stepped).run();
}

}  // namespace moe
