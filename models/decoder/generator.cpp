#include "models/decoder/generator.h"

#include <algorithm>

#include "harness/error.h"
#include "models/cost.h"
#include "models/engine/pages.h"

namespace moe {
namespace {

struct Running {
  std::size_t prompt = 0;
  std::vector<PageId> pages;
  std::vector<TokenId> next;  // what the cache does not hold yet: of the prompt, or the new token
  std::int64_t in_step = 0;   // of `next`, in the step under way
  std::int64_t position = 0;
  std::vector<TokenId> continuation;
  std::vector<std::int32_t> asked;  // the last row of `next`, when the step reaches it
};

class Generation {
 public:
  Generation(Decoder& decoder, std::span<const Prompt> prompts, std::int64_t batch,
             const ScoreLimits& limits, const IsFinished& finished,
             const std::function<void(std::size_t, std::span<const TokenId>)>& generated)
      : decoder_(decoder),
        prompts_(prompts),
        batch_(batch),
        limits_(limits),
        finished_(finished),
        generated_(generated),
        pages_(pages_wanted()),
        cache_(decoder.config(), decoder.ops().activations(), pages_.free(),
               limits.tokens_per_page) {}

  void run() {
    while (true) {
      while (waiting_ < prompts_.size() && has_room()) begin(waiting_++);
      if (running_.empty()) return;
      const Tensor best_R = step();
      std::int64_t row = 0;
      for (Running& r : running_) {
        r.position += r.in_step;
        r.next.erase(r.next.begin(), r.next.begin() + r.in_step);
        if (!r.asked.empty()) add(r, static_cast<TokenId>(best_R[row++].item<std::int64_t>()));
      }
      std::erase_if(running_, [](const Running& r) { return r.next.empty(); });
    }
  }

 private:
  std::int64_t pages_of(const Prompt& p) const {
    require(!p.ids.empty(), "a prompt without a token");
    const std::int64_t most = decoder_.config().max_positions;
    const auto size = static_cast<std::int64_t>(p.ids.size());
    require(size <= most, "a prompt of {} tokens; the model takes {}{}", size, most,
            reason_for_max_positions(decoder_.config()));
    const std::int64_t tokens = std::min(size + p.max_new_tokens, most);
    return (tokens + limits_.tokens_per_page - 1) / limits_.tokens_per_page;
  }

  /// Pages for a whole batch of the longest, or as many as the budget holds.
  std::int64_t pages_wanted() const {
    std::int64_t longest = 0;
    for (const Prompt& p : prompts_) longest = std::max(longest, pages_of(p));
    const std::int64_t values =
        kv_bytes_per_token(decoder_.config(), DType::f32) / size_of(DType::f32);
    const std::int64_t page_bytes =
        limits_.tokens_per_page * values *
        static_cast<std::int64_t>(decoder_.ops().activations().dtype().itemsize());
    const std::int64_t budget = limits_.kv_bytes / page_bytes;
    require(longest <= budget,
            "a prompt and its answer take {} bytes of keys and values; expected at most {}",
            longest * page_bytes, limits_.kv_bytes);
    return std::min(longest * batch_, budget);
  }

  bool has_room() const {
    return std::ssize(running_) < batch_ && pages_.free() >= pages_of(prompts_[waiting_]);
  }

  void begin(std::size_t prompt) {
    const Prompt& p = prompts_[prompt];
    if (p.max_new_tokens == 0) return generated_(prompt, {});
    Running& r = running_.emplace_back();
    r.prompt = prompt;
    r.next = p.ids;
    for (std::int64_t page = pages_of(p); page > 0; --page) r.pages.push_back(pages_.take());
  }

  /// The arg-max of every sequence whose tokens are all in the cache now.
  Tensor step() {
    Step step;
    std::int64_t room = limits_.tokens_per_step;
    bool is_asked = false;
    for (Running& r : running_) {
      r.asked.clear();
      r.in_step = std::min(room, static_cast<std::int64_t>(r.next.size()));
      if (r.in_step == 0) continue;
      room -= r.in_step;
      if (r.in_step == std::ssize(r.next)) r.asked = {static_cast<std::int32_t>(r.in_step) - 1};
      is_asked = is_asked || !r.asked.empty();
      step.sequences.push_back(
          {.new_ids = std::span(r.next).first(static_cast<std::size_t>(r.in_step)),
           .position = r.position,
           .pages = r.pages,
           .asked = r.asked});
    }
    const Tensor hidden_RD = decoder_.step(step, &cache_).hidden_RD;
    return is_asked ? decoder_.head(hidden_RD).argmax(-1).to(at::kCPU) : Tensor();
  }

  void add(Running& r, TokenId token) {
    r.continuation.push_back(token);
    const bool at_length = std::ssize(r.continuation) >= prompts_[r.prompt].max_new_tokens ||
                           r.position >= decoder_.config().max_positions;
    if (!finished_(r.prompt, r.continuation) && !at_length) {
      r.next = {token};
      return;
    }
    generated_(r.prompt, r.continuation);
    for (const PageId page : r.pages) pages_.release(page);
  }

  Decoder& decoder_;
  std::span<const Prompt> prompts_;
  std::int64_t batch_;
  const ScoreLimits& limits_;
  const IsFinished& finished_;
  const std::function<void(std::size_t, std::span<const TokenId>)>& generated_;
  Pages pages_;
  KvCache cache_;
  std::vector<Running> running_;
  std::size_t waiting_ = 0;
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
