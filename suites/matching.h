// Is a generated text right? What is taken out of it, and what two texts may differ in.
//
//   [filters]                         # by name; each gives a score of its own, the first is the
//   suite's strict = {regex = "#### (.*)"}    # the first match: its first group that is not empty,
//   or all of it; loose  = {regex = "[0-9]+", last = true}      # or the last; without one
//   "[invalid]" plain  = {}                       # the text without white space at both ends
//
//   [score]
//   ignore             = ["\\$"]      # what is taken out of both, in this order
//   ignore_case        = true
//   ignore_punctuation = true         # ASCII's
//
// Regular expressions are ECMAScript's, over bytes of UTF-8.
#pragma once

#include <optional>
#include <regex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "suites/suite.h"

namespace moe {

struct TextFilter {
  std::string name;
  std::optional<std::regex> regex;
  bool last = false;
};

struct TextMatch {
  std::vector<TextFilter> filters;  // at least one
  std::vector<std::regex> ignore;
  bool ignore_case = false, ignore_punctuation = false;
};

/// Of a suite's [filters] and [score]. Error names the key, and what is no regular expression.
TextMatch text_match(const Suite&);

/// What a filter takes out of a generated text.
std::string extracted(const TextFilter&, std::string_view generated);

/// Is the text one of those that are right?
bool matches(const TextMatch&, std::string_view text, std::span<const std::string> right);

}  // namespace moe
