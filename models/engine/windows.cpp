#include "models/engine/windows.h"

#include <algorithm>

#include "harness/error.h"

namespace moe {

Window window_of(std::span<const TokenId> context, std::span<const TokenId> continuation,
                 std::int64_t max_tokens) {
  const auto scored = static_cast<std::int64_t>(continuation.size());
  require(scored > 0, "a request without a continuation after {} tokens of context",
          context.size());
  require(scored <= max_tokens, "a continuation of {} tokens is longer than the model's {}", scored,
          max_tokens);
  std::vector<TokenId> all(context.begin(), context.end());
  all.insert(all.end(), continuation.begin(), continuation.end());
  const std::int64_t cut =
      std::max<std::int64_t>(0, static_cast<std::int64_t>(all.size()) - (max_tokens + 1));
  all.erase(all.begin(), all.begin() + cut);
  require(static_cast<std::int64_t>(all.size()) > scored, "a request without a context");
  all.pop_back();
  return {std::move(all), {continuation.begin(), continuation.end()}, cut};
}

std::int64_t cut_for_generation(const Request& request, std::int64_t max_tokens) {
  const std::int64_t room = std::max<std::int64_t>(1, max_tokens - request.max_new_tokens);
  return std::max<std::int64_t>(0, std::ssize(request.context_ids) - room);
}

std::vector<Window> rolling_windows(TokenId prefix, std::span<const TokenId> ids,
                                    std::int64_t max_tokens) {
  std::vector<Window> windows;
  const auto total = static_cast<std::int64_t>(ids.size());
  std::int64_t predicted = 0;
  while (predicted < total) {
    // Full windows have one token of context; the last one takes as much as the model's length
    // allows.
    const std::int64_t count = std::min(total - predicted, max_tokens);
    const std::int64_t end = predicted + count;
    Window window;
    if (predicted == 0) {
      window.input.push_back(prefix);
      window.input.insert(window.input.end(), ids.begin(), ids.begin() + count - 1);
    } else {
      window.input.assign(ids.begin() + std::max<std::int64_t>(0, end - max_tokens - 1),
                          ids.begin() + end - 1);
    }
    window.targets.assign(ids.begin() + predicted, ids.begin() + end);
    windows.push_back(std::move(window));
    predicted = end;
  }
  return windows;
}

std::vector<Window> windows_of(const Request& request, std::int64_t max_tokens) {
  if (request.kind == RequestKind::rolling) {
    require(request.context_ids.size() == 1,
            "a rolling text is led by one prefix token; this one is by {}",
            request.context_ids.size());
    return rolling_windows(request.context_ids.front(), request.continuation_ids, max_tokens);
  }
  require(request.kind == RequestKind::log_likelihood,
          "only log-likelihood and rolling requests are scored");
  std::vector<Window> windows;
  windows.push_back(window_of(request.context_ids, request.continuation_ids, max_tokens));
  return windows;
}

std::vector<Window> llamacpp_chunks(TokenId bos, std::span<const TokenId> ids, std::int64_t chunk) {
  require(chunk >= 4, "chunks of {} tokens; expected at least 4", chunk);
  const std::int64_t chunks = static_cast<std::int64_t>(ids.size()) / chunk;
  require(chunks >= 2, "{} tokens; chunks of {} need at least {}", ids.size(), chunk, 2 * chunk);
  std::vector<Window> windows;
  for (std::int64_t c = 0; c < chunks; ++c) {
    const auto first = ids.begin() + c * chunk;
    Window window;
    window.input.assign(first, first + chunk - 1);  // the last token only is a target
    if (bos >= 0) window.input.front() = bos;
    window.targets.assign(first + chunk / 2 + 1, first + chunk);
    windows.push_back(std::move(window));
  }
  return windows;
}

}  // namespace moe
