#include "models/tokenizer/added_tokens.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "models/tokenizer/utf8.h"
#include "models/tokenizer/vocabulary.h"

namespace moe {
namespace {

bool ends_with_word(std::string_view text) {
  return !text.empty() && is_word(first_code_point(text.substr(last_code_point(text))).value);
}

bool starts_with_word(std::string_view text) {
  return !text.empty() && is_word(first_code_point(text).value);
}

std::size_t spaces_at_end(std::string_view text) {
  std::size_t size = text.size();
  while (size > 0) {
    const std::size_t last = last_code_point(text.substr(0, size));
    if (!is_space(first_code_point(text.substr(last)).value)) break;
    size = last;
  }
  return text.size() - size;
}

std::size_t spaces_at_start(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size()) {
    const CodePoint point = first_code_point(text.substr(size));
    if (!is_space(point.value)) break;
    size += point.bytes;
  }
  return size;
}

}  // namespace

AddedTokens::AddedTokens(const nlohmann::json& list, const Normalizer& normalizer,
                         std::string_view where) {
  if (list.is_null()) return;
  require(list.is_array(), "{}: \"added_tokens\": expected a list", where);
  for (const auto& json : list) {
    AddedToken token{.content = json.at("content"), .special = json.value("special", false)};
    token.id =
        read_token_id(json.at("id"), fmt::format("{}: added token \"{}\"", where, token.content));
    token.normalized = json.value("normalized", !token.special);
    token.single_word = json.value("single_word", false);
    token.lstrip = json.value("lstrip", false);
    token.rstrip = json.value("rstrip", false);
    const std::size_t index = all_.size();
    Group& group = token.normalized ? normalized_ : raw_;
    std::string content = token.normalized ? normalizer.apply(token.content) : token.content;
    all_.push_back(std::move(token));
    if (content.empty()) continue;
    group.by_first[content[0]].push_back(group.contents.size());
    group.contents.push_back(std::move(content));
    group.tokens.push_back(index);
  }
  for (Group* group : {&raw_, &normalized_}) {
    for (auto& [first, indices] : group->by_first) {
      std::ranges::stable_sort(indices, std::greater<>(),
                               [&](std::size_t i) { return group->contents[i].size(); });
    }
  }
}

bool AddedTokens::keep_cuts() const {
  constexpr std::string_view kBlanks[] = {" ", "\xe2\x96\x81"};
  const auto is_alphanumeric = [](char c) { return std::isalnum(static_cast<unsigned char>(c)); };
  const auto keeps = [&](const std::string& content) {
    if (!content.empty() && is_alphanumeric(content.back())) return false;
    return std::ranges::none_of(kBlanks, [&](std::string_view blank) {
      for (std::size_t at = content.find(blank, 1); at != std::string::npos;
           at = content.find(blank, at + 1)) {
        if (is_alphanumeric(content[at - 1])) return true;
      }
      return false;
    });
  };
  return std::ranges::none_of(all_,
                              [](const AddedToken& token) {
                                return token.lstrip || token.rstrip || token.single_word;
                              }) &&
         std::ranges::all_of(raw_.contents, keeps) &&
         std::ranges::all_of(normalized_.contents, keeps);
}

const std::vector<std::size_t>* AddedTokens::candidates(const Group& group, char first) const {
  const auto found = group.by_first.find(first);
  return found == group.by_first.end() ? nullptr : &found->second;
}

std::vector<TextPiece> AddedTokens::split(std::string_view text, bool normalized) const {
  const Group& group = normalized ? normalized_ : raw_;
  std::vector<TextPiece> pieces;
  std::size_t done = 0;
  for (std::size_t at = 0; !group.contents.empty() && at < text.size();) {
    const std::vector<std::size_t>* indices = candidates(group, text[at]);
    const auto match = indices == nullptr ? std::vector<std::size_t>::const_iterator{}
                                          : std::ranges::find_if(*indices, [&](std::size_t i) {
                                              return text.substr(at).starts_with(group.contents[i]);
                                            });
    if (indices == nullptr || match == indices->end()) {
      ++at;
      continue;
    }
    const AddedToken& token = all_[group.tokens[*match]];
    std::size_t begin = at, end = at + group.contents[*match].size();
    at = end;
    if (token.single_word &&
        (ends_with_word(text.substr(0, begin)) || starts_with_word(text.substr(end))))
      continue;
    if (token.lstrip) begin = std::max(done, begin - spaces_at_end(text.substr(0, begin)));
    if (token.rstrip) end += spaces_at_start(text.substr(end));
    if (begin > done) pieces.push_back({text.substr(done, begin - done), std::nullopt});
    pieces.push_back({text.substr(begin, end - begin), token.id});
    done = end;  // a match in what was stripped still counts, as it does for Hugging Face
  }
  if (done != text.size()) pieces.push_back({text.substr(done), std::nullopt});
  return pieces;
}

}  // namespace moe
