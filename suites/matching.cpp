#include "suites/matching.h"

#include <utf8proc.h>

#include <algorithm>

#include "harness/error.h"
#include "suites/prompt.h"

namespace moe {
namespace {

std::regex regex_of(const std::string& pattern, std::string_view where) {
  try {
    return std::regex(pattern, std::regex::ECMAScript | std::regex::optimize);
  } catch (const std::regex_error& error) {
    throw Error(
        fmt::format("{}: \"{}\" is no regular expression: {}", where, pattern, error.what()),
        std::source_location::current());
  }
}

TextFilter filter_of(const std::string& name, const Json& table) {
  const std::string where = fmt::format("[filters]: {}", name);
  require(table.is_object(), "{}: expected a table, {{regex = ...}}", where);
  TextFilter filter{.name = name, .regex = std::nullopt};
  for (const auto& [key, value] : table.items()) {
    require(key == "regex" || key == "last", "{}: unknown key \"{}\"; known are regex, last", where,
            key);
    require(key == "last" ? value.is_boolean() : value.is_string(), "{}: {}: expected {}", where,
            key, key == "last" ? "true or false" : "a regular expression");
  }
  if (table.contains("regex")) filter.regex = regex_of(table["regex"], where);
  filter.last = table.value("last", false);
  return filter;
}

/// Code point by code point.
std::string lower(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    utf8proc_int32_t point = 0;
    const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                         static_cast<utf8proc_ssize_t>(text.size()), &point);
    if (length <= 0) {  // a model may generate what is no UTF-8
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    utf8proc_uint8_t bytes[4];
    const auto size =
        static_cast<std::size_t>(utf8proc_encode_char(utf8proc_tolower(point), bytes));
    out.append(reinterpret_cast<const char*>(bytes), size);
    text.remove_prefix(static_cast<std::size_t>(length));
  }
  return out;
}

std::string plain(const TextMatch& match, std::string text) {
  for (const std::regex& regex : match.ignore) text = std::regex_replace(text, regex, "");
  if (match.ignore_case) text = lower(text);
  constexpr std::string_view kPunctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
  if (match.ignore_punctuation)
    std::erase_if(text, [&](char c) { return kPunctuation.find(c) != std::string_view::npos; });
  return text;
}

}  // namespace

TextMatch text_match(const Suite& suite) {
  TextMatch match;
  const Json filters = suite.options.value("filters", Json::object());
  for (const auto& [name, table] : filters.items()) match.filters.push_back(filter_of(name, table));
  if (match.filters.empty()) match.filters.push_back({.name = "none", .regex = std::nullopt});
  const auto line = [&](const TextFilter& filter) {
    const auto found = suite.option_lines.find("filters." + filter.name);
    return found == suite.option_lines.end() ? 0 : found->second;
  };
  std::ranges::sort(match.filters, {}, line);  // in the order of the file
  const Json score = suite.options.value("score", Json::object());
  for (const std::string& pattern : score.value("ignore", std::vector<std::string>()))
    match.ignore.push_back(regex_of(pattern, "[score]: ignore"));
  match.ignore_case = score.value("ignore_case", false);
  match.ignore_punctuation = score.value("ignore_punctuation", false);
  return match;
}

std::string extracted(const TextFilter& filter, std::string_view generated) {
  if (!filter.regex) return std::string(stripped(generated));
  using Matches = std::regex_iterator<std::string_view::const_iterator>;
  std::optional<std::match_results<std::string_view::const_iterator>> found;
  for (Matches match(generated.begin(), generated.end(), *filter.regex); match != Matches();
       ++match) {
    found = *match;
    if (!filter.last) break;
  }
  if (!found) return "[invalid]";
  if (found->size() == 1) return std::string(stripped(found->str()));
  for (std::size_t group = 1; group < found->size(); ++group) {
    const std::string text = found->str(group);
    if (!text.empty()) return std::string(stripped(text));
  }
  return found->size() == 2 ? "" : "[invalid]";
}

bool matches(const TextMatch& match, std::string_view text, std::span<const std::string> right) {
  const std::string found = plain(match, std::string(text));
  return std::ranges::any_of(right,
                             [&](const std::string& one) { return plain(match, one) == found; });
}

}  // namespace moe
