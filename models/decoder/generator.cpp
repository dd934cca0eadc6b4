#include "models/decoder/generator.h"

#include <algorithm>

#include "harness/error.h"
#include "models/engine/pages.h"

namespace moe {
namespace {

constexpr std::int64_t kTokensPerPage = 16;

struct Running {
  std::size_t prompt = 0;
  std::vector<PageId> pages;
  std::vector<TokenId> next;  // the prompt first, then the token just chosen
  std::int64_t position = 0;
  std::vector<TokenId> continuation;
  std::vector<std::int32_t> asked;  // the last row of `next`
};

class Generation {
 public:
  Generation(Decoder& decoder, std::span<const Prompt> prompts, std::int64_t batch,
             const IsFinished& finished,
             const std::function<void(std::size_t, std::span<const TokenId>)>& generated)
      : decoder_(decoder),
        prompts_(prompts),
        batch_(batch),
        finished_(finished),
        generated_(generated),
        pages_per_sequence_(longest(prompts, decoder.config())),
        pages_(pages_per_sequence_ * batch),
        cache_(decoder.config(), decoder.ops().activations(), pages_per_sequence_ * batch,
               kTokensPerPage) {}

  void run() {
    while (true) {
      while (static_cast<std::int64_t>(running_.size()) < batch_ && waiting_ < prompts_.size())
        begin(waiting_++);
      if (running_.empty()) return;
      const Tensor best_B = step();
      for (std::size_t i = 0; i < running_.size(); ++i)
        advance(running_[i],
                static_cast<TokenId>(best_B[static_cast<std::int64_t>(i)].item<std::int64_t>()));
      std::erase_if(running_, [](const Running& r) { return r.next.empty(); });
    }
  }

 private:
  static std::int64_t longest(std::span<const Prompt> prompts, const Config& config) {
    std::int64_t tokens = 1;
    for (const Prompt& p : prompts) {
      require(!p.ids.empty(), "a prompt without a token");
      tokens = std::max(tokens, static_cast<std::int64_t>(p.ids.size()) + p.max_new_tokens);
    }
    return (std::min(tokens, config.max_positions) + kTokensPerPage - 1) / kTokensPerPage;
  }

  void begin(std::size_t prompt) {
    const Prompt& p = prompts_[prompt];
    require(static_cast<std::int64_t>(p.ids.size()) <= decoder_.config().max_positions,
            "a prompt of {} tokens; the model takes {}", p.ids.size(),
            decoder_.config().max_positions);
    if (p.max_new_tokens == 0) return generated_(prompt, {});
    Running& r = running_.emplace_back(Running{.prompt = prompt,
                                               .pages = {},
                                               .next = p.ids,
                                               .position = 0,
                                               .continuation = {},
                                               .asked = {}});
    for (std::int64_t page = 0; page < pages_per_sequence_; ++page)
      r.pages.push_back(pages_.take());
  }

  Tensor step() {
    Step step;
    for (Running& r : running_) {
      r.asked = {static_cast<std::int32_t>(r.next.size()) - 1};
      step.sequences.push_back(
          {.new_ids = r.next, .position = r.position, .pages = r.pages, .asked = r.asked});
    }
    return decoder_.head(decoder_.step(step, &cache_).hidden_RD).argmax(-1).to(at::kCPU);
  }

  void advance(Running& r, TokenId token) {
    r.position += static_cast<std::int64_t>(r.next.size());
    r.continuation.push_back(token);
    r.next = {token};
    const bool at_length =
        static_cast<std::int64_t>(r.continuation.size()) >= prompts_[r.prompt].max_new_tokens ||
        r.position >= decoder_.config().max_positions;
    if (!finished_(r.prompt, r.continuation) && !at_length) return;
    generated_(r.prompt, r.continuation);
    for (const PageId page : r.pages) pages_.release(page);
    r.next.clear();
  }

  Decoder& decoder_;
  std::span<const Prompt> prompts_;
  std::int64_t batch_;
  const IsFinished& finished_;
  const std::function<void(std::size_t, std::span<const TokenId>)>& generated_;
  std::int64_t pages_per_sequence_;
  Pages pages_;
  KvCache cache_;
  std::vector<Running> running_;
  std::size_t waiting_ = 0;
};

}  // namespace

void generate_greedily(
    Decoder& decoder, std::span<const Prompt> prompts, std::int64_t batch,
    const IsFinished& finished,
    const std::function<void(std::size_t, std::span<const TokenId>)>& generated) {
  require(batch >= 1, "a batch of {}", batch);
  if (prompts.empty()) return;
  Generation(decoder, prompts, std::min(batch, static_cast<std::int64_t>(prompts.size())), finished,
             generated)
      .run();
}

}  // namespace moe
