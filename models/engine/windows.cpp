#include "models/engine/windows.h"

#include <algorithm>

#include "harness/error.h"

namespace moe {

std::vector<TokenId> Window::input() const {
  std::vector<TokenId> ids(lead.begin(), lead.end());
  ids.insert(ids.end(), rest.begin(), rest.end());
  return ids;
}

Window window_of(std::span<const TokenId> context, std::span<const TokenId> continuation,
                 std::int64_t max_tokens) {
  const auto scored = static_cast<std::int64_t>(continuation.size());
  require(scored > 0, "a request without a continuation after {} tokens of context",
          context.size());
  require(scored <= max_tokens, "a continuation of {} tokens is longer than the model's {}", scored,
          max_tokens);
  const std::int64_t kept = std::min(std::ssize(context) + scored, max_tokens + 1);
  require(kept > scored, "a request without a context");
  const std::span<const TokenId> rest = continuation.first(continuation.size() - 1);
  return {.lead = context.last(static_cast<std::size_t>(kept - scored)),
          .rest = rest,
          .targets = continuation,
          .truncated = std::ssize(context) + scored - kept};
}

std::int64_t cut_for_generation(const Request& request, std::int64_t max_tokens) {
  const std::int64_t room = std::max<std::int64_t>(1, max_tokens - request.max_new_tokens);
  return std::max<std::int64_t>(0, std::ssize(*request.context_ids) - room);
}

std::vector<Window> rolling_windows(std::span<const TokenId, 1> prefix,
                                    std::span<const TokenId> ids, std::int64_t max_tokens) {
  std::vector<Window> windows;
  const auto total = static_cast<std::int64_t>(ids.size());
  std::int64_t predicted = 0;
  while (predicted < total) {
    // Full windows have one token of context; the last one takes as much as the model's length
    // allows.
    const std::int64_t count = std::min(total - predicted, max_tokens);
    const std::int64_t end = predicted + count;
    const std::int64_t begin = std::max<std::int64_t>(0, end - max_tokens - 1);
    const auto part = [&](std::int64_t from, std::int64_t to) {
      return ids.subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from));
    };
    windows.push_back(
        {.lead = predicted == 0 ? std::span<const TokenId>(prefix) : std::span<const TokenId>(),
         .rest = part(predicted == 0 ? 0 : begin, end - 1),
         .targets = part(predicted, end)});
    predicted = end;
  }
  return windows;
}

std::vector<Window> windows_of(const Request& request, std::int64_t max_tokens) {
  if (request.kind == RequestKind::rolling) {
    const std::vector<TokenId>& prefix = *request.context_ids;
    require(prefix.size() == 1, "a rolling text is led by one prefix token; this one is by {}",
            prefix.size());
    return rolling_windows(std::span(prefix).first<1>(), request.continuation_ids, max_tokens);
  }
  require(request.kind == RequestKind::log_likelihood,
          "only log-likelihood and rolling requests are scored");
  std::vector<Window> windows;
  windows.push_back(window_of(*request.context_ids, request.continuation_ids, max_tokens));
  return windows;
}

std::vector<Chunk> llamacpp_chunks(TokenId bos, std::span<const TokenId> ids, std::int64_t chunk) {
  require(chunk >= 4, "chunks of {} tokens; expected at least 4", chunk);
  const std::int64_t count = std::ssize(ids) / chunk;
  require(count >= 2, "{} tokens; chunks of {} need at least {}", ids.size(), chunk, 2 * chunk);
  std::vector<Chunk> chunks;
  for (std::int64_t c = 0; c < count; ++c) {
    const auto first = ids.begin() + c * chunk, scored = first + chunk / 2 + 1;
    Chunk& made = chunks.emplace_back(Chunk{{first, scored}, {scored, first + chunk}});
    if (bos >= 0) made.context.front() = bos;
  }
  return chunks;
}

}  // namespace moe
