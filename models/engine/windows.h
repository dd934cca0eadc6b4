// What a model of limited length sees of a request.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/engine/request.h"

namespace moe {

/// One model input, `lead` and then `rest`, whose last `targets.size()` rows are scored: row i
/// predicts targets[i - (n - targets.size())]. All are parts of what the window was made of, and
/// live as long.
struct Window {
  std::span<const TokenId> lead, rest;
  std::span<const TokenId> targets;
  std::int64_t truncated = 0;  // ids cut on the left

  std::vector<TokenId> input() const;
};

/// (context + continuation)[-(max_tokens + 1):][:-1], scored at the continuation. Error where the
/// continuation alone is longer than the model, and where there is none: it would never be
/// answered.
Window window_of(std::span<const TokenId> context, std::span<const TokenId> continuation,
                 std::int64_t max_tokens);

/// Tokens of a generation request's context that are cut on the left, so that what it generates has
/// room; one token of the context stays.
std::int64_t cut_for_generation(const Request&, std::int64_t max_tokens);

/// A long text in disjoint windows, each token predicted once (lm-evaluation-harness:
/// get_rolling_token_windows with context_len 1, then make_disjoint_window). The first window is
/// led by `prefix`.
std::vector<Window> rolling_windows(std::span<const TokenId, 1> prefix,
                                    std::span<const TokenId> ids, std::int64_t max_tokens);

/// The windows of a request that is scored: one, or those of a rolling text, which has none where
/// it is empty. Error on any other kind of request.
std::vector<Window> windows_of(const Request&, std::int64_t max_tokens);

/// What llama.cpp's perplexity asks of one chunk of a text.
struct Chunk {
  std::vector<TokenId> context, continuation;
};

/// llama.cpp's perplexity: disjoint chunks of `chunk` tokens whose first is overwritten by `bos`
/// (where not negative), scored from the middle on; the tail is dropped.
std::vector<Chunk> llamacpp_chunks(TokenId bos, std::span<const TokenId> ids, std::int64_t chunk);

}  // namespace moe
