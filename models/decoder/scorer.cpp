#include "models/decoder/scorer.h"

#include <algorithm>

#include "harness/error.h"
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

Step step_of(const PlannedStep& planned) {
  Step step;
  for (const PlannedSequence& s : planned.sequences) {
    step.sequences.push_back(
        {.new_ids = s.new_ids, .position = s.position, .pages = s.pages, .asked = s.asked});
  }
  return step;
}

Tensor tensor_of(const std::vector<std::int64_t>& values, const at::Device& device) {
  return at::tensor(values, at::kLong).to(device);
}

class Scoring {
 public:
  Scoring(Decoder& decoder, std::span<const Window> windows, const ScoreLimits& limits,
          const std::function<void(std::size_t, const WindowScore&)>& scored)
      : decoder_(decoder), limits_(limits), scored_(scored), scores_(windows.size()) {
    for (const Window& window : windows) {
      trie_.add(window.input, window.targets);
      waiting_.push_back(static_cast<std::int64_t>(window.targets.size()));
    }
    trie_.finish();
  }

  void run() {
    const std::int64_t pages = budget_pages();
    Planner planner(trie_, {.pages = pages,
                            .tokens_per_page = limits_.tokens_per_page,
                            .tokens_per_step = limits_.tokens_per_step});
    KvCache cache(decoder_.config(), decoder_.ops().activations(), pages, limits_.tokens_per_page);
    while (const auto planned = planner.next()) {
      for (const PageCopy& copy : planned->copies) cache.copy_page(copy.from, copy.to);
      const StepResult result = decoder_.step(step_of(*planned), &cache);
      score_rows(result.hidden_RD, targets_of(trie_, *planned));
    }
  }

 private:
  /// As many pages as all nodes together take, within the budget.
  std::int64_t budget_pages() const {
    std::int64_t wanted = 0;
    for (const TrieNode& node : trie_.nodes()) {
      wanted += (node.end() + limits_.tokens_per_page - 1) / limits_.tokens_per_page -
                node.position / limits_.tokens_per_page;
    }
    const DType dtype = decoder_.ops().activations().dtype() == at::kFloat
                            ? DType::f32
                            : DType::bf16;  // f16 has bf16's size
    const std::int64_t page_bytes =
        KvCache::bytes_per_token(decoder_.config(), dtype) * limits_.tokens_per_page;
    const std::int64_t needed = Planner::pages_needed(trie_, limits_.tokens_per_page);
    const std::int64_t allowed = limits_.kv_bytes / page_bytes;
    require(needed <= allowed,
            "the KV budget of {} bytes is too small: the longest input needs {} bytes",
            limits_.kv_bytes, needed * page_bytes);
    return std::clamp(wanted, needed, allowed);
  }

  void score_rows(const Tensor& hidden_RD, const Targets& targets) {
    const std::int64_t rows = hidden_RD.defined() ? hidden_RD.size(0) : 0;
    const std::int64_t per_chunk =
        std::max<std::int64_t>(1, limits_.logit_bytes / (decoder_.config().vocab * 4));
    std::size_t next = 0;
    for (std::int64_t begin = 0; begin < rows; begin += per_chunk) {
      const std::int64_t end = std::min(rows, begin + per_chunk);
      const std::size_t first = next;
      while (next < targets.row.size() && targets.row[next] < end) ++next;
      score_chunk(hidden_RD.slice(0, begin, end), targets, begin, first, next);
    }
  }

  void score_chunk(const Tensor& hidden_RD, const Targets& targets, std::int64_t begin,
                   std::size_t first, std::size_t last) {
    const Tensor log_p_RV = decoder_.head(hidden_RD).log_softmax(-1);
    std::vector<std::int64_t> rows, ids;
    for (std::size_t i = first; i < last; ++i) {
      rows.push_back(targets.row[i] - begin);
      ids.push_back(targets.target[i]);
    }
    const Tensor row_T = tensor_of(rows, log_p_RV.device()),
                 id_T = tensor_of(ids, log_p_RV.device());
    const Tensor log_p_T = log_p_RV.index({row_T, id_T}).to(at::kCPU, at::kFloat).contiguous();
    const Tensor best_T = log_p_RV.argmax(-1).index({row_T}).to(at::kCPU, at::kLong).contiguous();
    const float* log_p = log_p_T.const_data_ptr<float>();
    const std::int64_t* best = best_T.const_data_ptr<std::int64_t>();
    for (std::size_t i = first; i < last; ++i) {
      const auto window = static_cast<std::size_t>(targets.window[i]);
      scores_[window].log_likelihood += double{log_p[i - first]};
      scores_[window].is_greedy = scores_[window].is_greedy && best[i - first] == targets.target[i];
      if (--waiting_[window] == 0) scored_(window, scores_[window]);
    }
  }

  Decoder& decoder_;
  ScoreLimits limits_;
  const std::function<void(std::size_t, const WindowScore&)>& scored_;
  Trie trie_;
  std::vector<WindowScore> scores_;
  std::vector<std::int64_t> waiting_;  // targets not scored yet
};

}  // namespace

void score_windows(Decoder& decoder, std::span<const Window> windows, const ScoreLimits& limits,
                   const std::function<void(std::size_t, const WindowScore&)>& scored) {
  if (windows.empty()) return;
  Scoring(decoder, windows, limits, scored).run();
}

}  // namespace moe
