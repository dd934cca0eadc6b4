#include "models/decoder/generator.h"

#include <algorithm>

#include "harness/error.h"
#include "models/cost.h"
#include "models/decoder/device.h"
#include "models/engine/planner.h"

namespace moe {
namespace {

struct Running {
  std::size_t prompt = 0;
  std::vector<PageId> pages;
  TokenId next = 0;  // what the cache does not hold yet: the prompt's last token, or the new one
  std::int64_t position = 0;
  std::vector<TokenId> continuation;
  bool has_ended = false;
};

/// What a model of `most` positions may keep of a prompt and its answer, at most.
std::int64_t tokens_kept(const Prompt& prompt, const Config& config) {
  const std::int64_t most = config.max_positions, size = std::ssize(prompt.ids);
  require(size > 0, "a prompt without a token");
  require(size <= most, "a prompt of {} tokens; the model takes {}{}", size, most,
          reason_for_max_positions(config));
  return std::min(size + prompt.max_new_tokens, most);
}

/// The plan of all prompts but for their last tokens, which are what a sequence begins with.
struct Plan {
  Trie trie;
  std::vector<Ending> endings;
  std::vector<std::size_t> prompts;  // of each ending
};

Plan plan_of(std::span<const Prompt> prompts, const Config& config, bool sharing) {
  Plan plan{.trie = Trie(sharing), .endings = {}, .prompts = {}};
  std::vector<std::int32_t> inputs;  // -1: a prompt of one token
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    const std::int64_t kept = tokens_kept(prompts[i], config);
    if (prompts[i].max_new_tokens == 0) continue;
    const auto before = std::span(prompts[i].ids).first(prompts[i].ids.size() - 1);
    inputs.push_back(before.empty() ? -1 : plan.trie.add(before, {}, {}));
    plan.endings.push_back({.node = -1, .tokens = kept - std::ssize(before)});
    plan.prompts.push_back(i);
  }
  plan.trie.finish();
  for (std::size_t e = 0; e < inputs.size(); ++e) {
    if (inputs[e] >= 0) plan.endings[e].node = plan.trie.end_of(inputs[e]);
  }
  return plan;
}

class Generation {
 public:
  Generation(Decoder& decoder, std::span<const Prompt> prompts, std::int64_t batch,
             const ScoreLimits& limits, const IsFinished& finished,
             const std::function<void(std::size_t, std::span<const TokenId>)>& generated)
      : decoder_(decoder),
        prompts_(prompts),
        finished_(finished),
        generated_(generated),
        limits_(limits),
        plan_(plan_within()),
        pages_(pages_wanted(batch)),
        planner_(plan_.trie,
                 {.pages = pages_,
                  .tokens_per_page = limits.tokens_per_page,
                  .tokens_per_step = limits.tokens_per_step,
                  .sequences = batch},
                 plan_.endings),
        cache_(decoder.config(), decoder.ops().activations(), std::max<std::int64_t>(pages_, 1),
               limits.tokens_per_page) {}

  void run() {
    for (std::size_t i = 0; i < prompts_.size(); ++i) {
      if (prompts_[i].max_new_tokens == 0) generated_(i, {});
    }
    while (true) {
      const auto planned = planner_.next();
      if (!planned && running_.empty()) return;
      if (planned) begin(*planned);
      const Tensor best_R = step(planned ? planned->sequences : std::vector<PlannedSequence>());
      for (std::size_t r = 0; r < running_.size(); ++r) {
        ++running_[r].position;
        add(running_[r],
            static_cast<TokenId>(best_R[static_cast<std::int64_t>(r)].item<std::int64_t>()));
      }
      std::erase_if(running_, [](const Running& r) { return r.has_ended; });
    }
  }

 private:
  /// For a batch of the longest, or as many as the budget holds.
  std::int64_t pages_wanted(std::int64_t batch) const {
    const std::int64_t needed = needed_by(plan_);
    const std::int64_t bytes = page_bytes(decoder_, limits_);
    require(needed * bytes <= limits_.kv_bytes,
            "the KV budget of {} bytes is too small: a prompt and its answer need {} bytes "
            "(kv_budget={} or more)",
            limits_.kv_bytes, needed * bytes, needed * bytes);
    const std::int64_t all = pages_of_all(plan_.trie, limits_.tokens_per_page, plan_.endings);
    return std::min({all, needed * (batch + 1), limits_.kv_bytes / bytes});
  }

  std::int64_t needed_by(const Plan& plan) const {
    return pages_needed(plan.trie, limits_.tokens_per_page, plan.endings);
  }

  /// Unshared where sharing was not asked for, or its copies of pages do not fit.
  Plan plan_within() const {
    Plan plan = plan_of(prompts_, decoder_.config(), limits_.sharing);
    if (limits_.sharing && needed_by(plan) * page_bytes(decoder_, limits_) > limits_.kv_bytes)
      return plan_of(prompts_, decoder_.config(), false);
    return plan;
  }

  void begin(const PlannedStep& planned) {
    cache_.copy_pages(planned.copies);
    for (const BegunSequence& begun : planned.begun) {
      const std::size_t prompt = plan_.prompts[begun.ending];
      running_.push_back({.prompt = prompt,
                          .pages = begun.pages,
                          .next = prompts_[prompt].ids.back(),
                          .position = begun.position,
                          .continuation = {}});
    }
  }

  /// Runs what is planned of prompts, and a token of each sequence: their arg-max.
  Tensor step(const std::vector<PlannedSequence>& planned) {
    static constexpr std::int32_t kFirstRow[] = {0};
    Step step;
    step.timers = limits_.timers;
    for (const PlannedSequence& s : planned)
      step.sequences.push_back({.new_ids = s.new_ids, .position = s.position, .pages = s.pages});
    for (const Running& r : running_)
      step.sequences.push_back({.new_ids = std::span(&r.next, 1),
                                .position = r.position,
                                .pages = r.pages,
                                .asked = kFirstRow});
    const Tensor hidden_RD = decoder_.step(step, &cache_).hidden_RD;
    return running_.empty() ? Tensor()
                            : decoder_.head(hidden_RD, limits_.timers).argmax(-1).to(at::kCPU);
  }

  void add(Running& r, TokenId token) {
    r.continuation.push_back(token);
    r.next = token;
    const bool at_length = std::ssize(r.continuation) >= prompts_[r.prompt].max_new_tokens ||
                           r.position >= decoder_.config().max_positions;
    r.has_ended = finished_(r.prompt, r.continuation) || at_length;
    if (!r.has_ended) return;
    generated_(r.prompt, r.continuation);
    planner_.end(r.pages);
  }

  Decoder& decoder_;
  std::span<const Prompt> prompts_;
  const IsFinished& finished_;
  const std::function<void(std::size_t, std::span<const TokenId>)>& generated_;
  ScoreLimits limits_;
  Plan plan_;
  std::int64_t pages_;
  Planner planner_;
  KvCache cache_;
  std::vector<Running> running_;
};

}  // namespace

void generate_greedily(
    Decoder& decoder, std::span<const Prompt> prompts, std::int64_t batch,
    const ScoreLimits& limits, const IsFinished& finished,
    const std::function<void(std::size_t, std::span<const TokenId>)>& generated) {
  require(batch >= 1, "a batch of {}", batch);
  require(limits.tokens_per_step >= 1, "steps of {} tokens", limits.tokens_per_step);
  if (prompts.empty()) return;
  Generation(decoder, prompts, std::min(batch, std::ssize(prompts)), limits, finished, generated)
      .run();
}

}  // namespace moe
