#include "models/engine/requests_for.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <string>

#include "harness/error.h"
#include "models/engine/encode.h"
#include "models/engine/trie.h"
#include "models/engine/windows.h"
#include "models/tokenizer/tokenizer.h"

namespace moe {
namespace {

/// Encodes line after line. Requests about one context mostly follow one another: it is encoded
/// once.
class Encoding {
 public:
  Encoding(const Tokenizer* tokenizer, const RequestLimits& limits)
      : tokenizer_(tokenizer), limits_(limits) {}

  Request request_of(RequestLine& line) {
    Request request = std::move(line.request);
    if (request.kind == RequestKind::log_likelihood)
      return log_likelihood(line, std::move(request));
    if (request.kind == RequestKind::rolling) return rolling(line, std::move(request));
    return generation(line, std::move(request));
  }

 private:
  /// `expected` of a target that has none.
  const Tokenizer& tokenizer(std::string_view key, std::string_view expected) const {
    require(tokenizer_ != nullptr, "{}: the target has no tokenizer: expected {}", key, expected);
    return *tokenizer_;
  }

  Request log_likelihood(const RequestLine& line, Request request) {
    if (!line.has_ids) {
      const Tokenizer& reads = tokenizer("context", "context_ids, found a text");
      if (!encoded_ || *request.context != context_) {
        context_ = *request.context;
        encoded_.emplace(GrowingText(reads, ""), context_);
      }
      check_context(*encoded_->ids());
      try {
        request = encoded_->request(std::move(request.continuation));
      } catch (const Error& error) {
        throw error.while_doing("continuation");
      }
    }
    check_context(*request.context_ids);
    check_ids(*request.context_ids, line.has_ids ? "context_ids" : "context");
    check_ids(request.continuation_ids, line.has_ids ? "continuation_ids" : "continuation");
    const std::int64_t size = std::ssize(request.continuation_ids);
    require(size <= limits_.max_tokens,
            "continuation: expected at most {} tokens, which the model takes, found {}",
            limits_.max_tokens, size);
    return request;
  }

  Request rolling(const RequestLine& line, Request request) const {
    const Tokenizer& reads = tokenizer("text", "one, since its BOS or EOS leads a rolling text");
    if (line.has_ids) {
      request.context_ids = std::vector{prefix_token(reads)};
    } else {
      request = rolling_request(reads, std::move(request.continuation));
    }
    check_ids(request.continuation_ids, line.has_ids ? "text_ids" : "text");
    return request;
  }

  Request generation(const RequestLine& line, Request request) const {
    if (!line.has_ids)
      request.context_ids =
          encode_whole(tokenizer("context", "context_ids, found a text"), *request.context);
    require(!request.context_ids->empty(),
            "context: expected at least one token to go on from, found none");
    check_ids(*request.context_ids, line.has_ids ? "context_ids" : "context");
    require(request.max_new_tokens < limits_.max_tokens,
            "max_gen_toks: expected less than the {} tokens that the model takes, found {}",
            limits_.max_tokens, request.max_new_tokens);
    if (!request.stop.empty()) tokenizer("until", "no texts to stop at, found some");
    if (tokenizer_ != nullptr) request.stop = with_end_text(*tokenizer_, std::move(request.stop));
    return request;
  }

  static void check_context(std::span<const TokenId> ids) {
    require(!ids.empty(),
            "context: expected at least one token, which white space alone is not, found none");
  }

  void check_ids(std::span<const TokenId> ids, std::string_view key) const {
    const auto beyond =
        std::ranges::find_if(ids, [this](TokenId id) { return id >= limits_.vocab; });
    require(beyond == ids.end(),
            "{}: expected tokens below {}, the size of the vocabulary, found {}", key,
            limits_.vocab, beyond == ids.end() ? 0 : *beyond);
  }

  const Tokenizer* tokenizer_;
  RequestLimits limits_;
  std::string context_;  // the last one
  std::optional<EncodedContext> encoded_;
};

}  // namespace

std::vector<Request> requests_for(std::vector<RequestLine>& lines, const Tokenizer* tokenizer,
                                  const RequestLimits& limits, std::string_view file) {
  std::vector<Request> requests;
  Encoding encoding(tokenizer, limits);
  for (RequestLine& line : lines) {
    try {
      requests.push_back(encoding.request_of(line));
    } catch (const Error& error) {
      throw error.while_doing(fmt::format("{}:{}", file, line.line));
    }
  }
  return requests;
}

RequestTotals totals_of(std::span<const Request> requests, std::span<const Scored> answers,
                        std::int64_t max_tokens) {
  RequestTotals totals{.requests = std::ssize(requests)};
  std::vector<Window> windows;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const std::int64_t cut = answers[i].truncated_tokens;
    totals.truncated_requests += cut > 0 ? 1 : 0;
    if (requests[i].kind == RequestKind::generate) {
      // The last token that is generated is not run.
      const std::int64_t tokens = std::ssize(*requests[i].context_ids) - cut +
                                  std::max<std::int64_t>(0, std::ssize(answers[i].ids) - 1);
      totals.input_tokens += tokens;
      totals.run_tokens += tokens;
    } else {
      std::ranges::copy(windows_of(requests[i], max_tokens), std::back_inserter(windows));
    }
  }
  Trie trie;
  for (const Window& window : windows) trie.add(window.lead, window.rest, window.targets);
  totals.input_tokens += trie.input_tokens();
  totals.run_tokens += trie.tokens();
  return totals;
}

}  // namespace moe
