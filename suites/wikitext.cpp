#include "suites/wikitext.h"

#include <array>
#include <utility>

#include "models/engine/encode.h"
#include "suites/prompt.h"

namespace moe {
namespace {

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

/// `/' 5/` becomes `/'[0-9]/`: the slashes of the original's pattern are literal, and so is its
/// replacement.
void replace_slashed_digit(std::string& text) {
  constexpr std::string_view kOpen = "/' ";
  for (std::size_t at = text.find(kOpen); at != std::string::npos; at = text.find(kOpen, at + 1)) {
    const std::size_t digit = at + kOpen.size();
    if (digit + 1 < text.size() && text[digit] >= '0' && text[digit] <= '9' &&
        text[digit + 1] == '/')
      text.replace(at, kOpen.size() + 2, "/'[0-9]/");
  }
}

/// What stands between `open` and the next `close` loses white space at both ends.
std::string tightened(const std::string& text, char open, char close) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t begin = text.find(open, at);
    const std::size_t end =
        begin == std::string::npos ? std::string::npos : text.find(close, begin + 1);
    if (end == std::string::npos) break;
    out.append(text, at, begin - at);
    out += open;
    out += stripped(std::string_view(text).substr(begin + 1, end - begin - 1));
    out += close;
    at = end + 1;
  }
  return out.append(text, at);
}

constexpr auto kBefore =
    std::to_array<std::pair<std::string_view, std::string_view>>({{" @-@ ", "-"},
                                                                  {" @,@ ", ","},
                                                                  {" @.@ ", "."},
                                                                  {" : ", ": "},
                                                                  {" ; ", "; "},
                                                                  {" . ", ". "},
                                                                  {" ! ", "! "},
                                                                  {" ? ", "? "},
                                                                  {" , ", ", "}});
constexpr auto kAfter =
    std::to_array<std::pair<std::string_view, std::string_view>>({{"= = = =", "===="},
                                                                  {"= = =", "==="},
                                                                  {"= =", "=="},
                                                                  {" \xc2\xb0 ", "\xc2\xb0"},
                                                                  {" \n", "\n"},
                                                                  {"\n ", "\n"},
                                                                  {" N ", " 1 "},
                                                                  {" 's", "'s"}});

}  // namespace

std::string wikitext_detokenized(std::string page) {
  replace_all(page, "s '", "s'");
  replace_slashed_digit(page);
  for (const auto& [what, with] : kBefore) replace_all(page, what, with);
  page = tightened(page, '(', ')');
  page = tightened(page, '[', ']');
  page = tightened(page, '{', '}');
  page = tightened(page, '"', '"');
  page = tightened(page, '\'', '\'');
  for (const auto& [what, with] : kAfter) replace_all(page, what, with);
  return page;
}

std::int64_t words_of(std::string_view page) {
  std::int64_t words = 1;
  while (!page.empty()) {
    const std::size_t blank = leading_white_space(page);
    words += blank > 0 ? 1 : 0;
    page.remove_prefix(blank > 0 ? blank : 1);
  }
  return words;
}

}  // namespace moe
