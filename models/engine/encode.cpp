#include "models/engine/encode.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "harness/error.h"
#include "models/tokenizer/tokenizer.h"

namespace moe {
namespace {

/// Python's white space (str.isspace) in UTF-8.
constexpr auto kWhiteSpace = std::to_array<std::string_view>({" ",
                                                              "\t",
                                                              "\n",
                                                              "\v",
                                                              "\f",
                                                              "\r",
                                                              "\x1c",
                                                              "\x1d",
                                                              "\x1e",
                                                              "\x1f",
                                                              "\xc2\x85",
                                                              "\xc2\xa0",
                                                              "\xe1\x9a\x80",
                                                              "\xe2\x80\x80",
                                                              "\xe2\x80\x81",
                                                              "\xe2\x80\x82",
                                                              "\xe2\x80\x83",
                                                              "\xe2\x80\x84",
                                                              "\xe2\x80\x85",
                                                              "\xe2\x80\x86",
                                                              "\xe2\x80\x87",
                                                              "\xe2\x80\x88",
                                                              "\xe2\x80\x89",
                                                              "\xe2\x80\x8a",
                                                              "\xe2\x80\xa8",
                                                              "\xe2\x80\xa9",
                                                              "\xe2\x80\xaf",
                                                              "\xe2\x81\x9f",
                                                              "\xe3\x80\x80"});

/// `lead` and `question` without the last `bytes` of both together.
GrowingText without_end(const GrowingText& lead, std::string_view question, std::size_t bytes) {
  if (bytes <= question.size()) return lead.grown(question.substr(0, question.size() - bytes));
  const std::size_t of_lead = bytes - question.size();
  return {lead.tokenizer(), lead.text().substr(0, lead.text().size() - of_lead)};
}

}  // namespace

std::size_t trailing_white_space(std::string_view text) {
  std::size_t kept = text.size();
  while (true) {
    const auto found = std::ranges::find_if(
        kWhiteSpace, [&](std::string_view space) { return text.substr(0, kept).ends_with(space); });
    if (found == kWhiteSpace.end()) return text.size() - kept;
    kept -= found->size();
  }
}

std::size_t leading_white_space(std::string_view text) {
  std::size_t cut = 0;
  while (true) {
    const auto found = std::ranges::find_if(
        kWhiteSpace, [&](std::string_view space) { return text.substr(cut).starts_with(space); });
    if (found == kWhiteSpace.end()) return cut;
    cut += found->size();
  }
}

TokenId prefix_token(const Tokenizer& tokenizer) {
  return required(
      known_prefix(tokenizer),
      "the tokenizer names neither a BOS nor an EOS token, so a text without a context cannot "
      "be scored");
}

std::pair<std::vector<TokenId>, std::vector<TokenId>> encode_pair(const Tokenizer& tokenizer,
                                                                  std::string_view context,
                                                                  std::string_view continuation) {
  const EncodedContext encoded(GrowingText(tokenizer, ""), context);
  return {*encoded.ids(), encoded.ids_of(continuation)};
}

EncodedContext::EncodedContext(const GrowingText& lead, std::string_view question)
    : tokenizer_(lead.tokenizer()),
      text_(lead.text() + std::string(question)),
      space_(text_->substr(text_->size() - trailing_white_space(*text_))),
      stripped_(without_end(lead, question, space_.size())) {
  ids_ = text_->empty() ? std::vector{prefix_token(tokenizer_)} : stripped_.ids_with("");
}

std::vector<TokenId> EncodedContext::ids_of(std::string_view continuation) const {
  if (text_->empty()) {
    std::vector<TokenId> ids = tokenizer_.encode(continuation, /*add_special_tokens=*/false);
    if (!ids.empty() && ids.front() == ids_->front()) ids.erase(ids.begin());
    return ids;
  }
  const std::vector<TokenId> whole = stripped_.ids_with(space_ + std::string(continuation));
  const std::size_t before = std::min(ids_->size(), whole.size());
  return {whole.begin() + static_cast<std::ptrdiff_t>(before), whole.end()};  // no room for more
}

Request EncodedContext::request(std::string continuation) const {
  require(!ids_->empty(), "the context \"{}\" has no token, so nothing can follow it", *text_);
  std::vector<TokenId> ids = ids_of(continuation);
  require(!ids.empty(),
          "the continuation \"{}\" adds no token to its context \"...{}\", so there is nothing to "
          "score",
          continuation, text_->substr(text_->size() - std::min<std::size_t>(text_->size(), 40)));
  return {.kind = RequestKind::log_likelihood,
          .context = text_,
          .continuation = std::move(continuation),
          .context_ids = ids_,
          .continuation_ids = std::move(ids),
          .stop = {}};
}

Request log_likelihood_request(const Tokenizer& tokenizer, std::string_view context,
                               std::string continuation) {
  return EncodedContext(GrowingText(tokenizer, ""), context).request(std::move(continuation));
}

std::vector<std::string> with_end_text(const Tokenizer& tokenizer, std::vector<std::string> stop) {
  if (const std::optional<TokenId> end = tokenizer.eos())
    stop.push_back(tokenizer.decode(std::span(&*end, 1), /*skip_special_tokens=*/false));
  return stop;
}

Request generation_request(const GrowingText& lead, std::string_view question,
                           std::vector<std::string> stop, std::int64_t max_new_tokens) {
  std::vector<TokenId> ids = lead.ids_with(question);
  require(!ids.empty(), "a context without a token: there is nothing to go on from");
  return {.kind = RequestKind::generate,
          .context = lead.text() + std::string(question),
          .continuation = {},
          .context_ids = std::move(ids),
          .continuation_ids = {},
          .stop = with_end_text(lead.tokenizer(), std::move(stop)),
          .max_new_tokens = max_new_tokens};
}

Request rolling_request(const Tokenizer& tokenizer, std::string text) {
  std::vector<TokenId> ids = encode_whole(tokenizer, text);
  return {.kind = RequestKind::rolling,
          .context = {},
          .continuation = std::move(text),
          .context_ids = std::vector{prefix_token(tokenizer)},
          .continuation_ids = std::move(ids),
          .stop = {}};
}

}  // namespace moe
