#include "reports/fence.h"

#include <array>
#include <string>
#include <utility>

#include "harness/error.h"

namespace moe {
namespace {

constexpr std::array kUses = {
    std::pair{std::string_view("table"), FenceUse::table},
    std::pair{std::string_view("chart"), FenceUse::chart},
    std::pair{std::string_view("text"), FenceUse::text},
    std::pair{std::string_view("with"), FenceUse::with},
};

/// "-- say: words" as {"say", "words"}; {"", ""} where the line is none.
std::pair<std::string_view, std::string_view> directive(std::string_view line) {
  constexpr std::string_view kStart = "-- ";
  if (!line.starts_with(kStart)) return {};
  line.remove_prefix(kStart.size());
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || line.substr(0, colon).find(' ') != std::string_view::npos)
    return {};
  std::string_view value = line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  return {line.substr(0, colon), value};
}

bool may_say(FenceUse use, std::string_view key) {
  if (key == "else") return use != FenceUse::with;
  return (key == "say" && use == FenceUse::text) || (key == "chart" && use == FenceUse::chart);
}

void add_directive(ReportFence& fence, std::string_view key, std::string_view value) {
  require(may_say(fence.use, key),
          "'-- {}:' means nothing in this fence; a table knows else, a chart knows chart and else, "
          "a text knows say and else",
          key);
  std::string& said = fence.directives[std::string(key)];
  said.append(said.empty() ? "" : " ").append(value);
}

void check(const ReportFence& fence) {
  require(fence.use != FenceUse::chart || fence.directives.contains("chart"),
          "a chart needs a line '-- chart: KIND x=… y=…' above its query");
  require(fence.use != FenceUse::text || fence.directives.contains("say"),
          "a text needs a line '-- say: …' above its query");
  require((fence.use != FenceUse::table && fence.use != FenceUse::chart) || !fence.caption.empty(),
          "a table or chart needs a caption after its use");
  require(fence.use == FenceUse::with || fence.directives.contains("else"),
          "no line '-- else: …' that says what to print where the query returns no rows; an empty "
          "one prints nothing");
  require(fence.use != FenceUse::with || fence.sql.starts_with("WITH "),
          "the query of a 'with' fence begins with WITH");
}

}  // namespace

ReportFence read_fence(std::string_view opening, Lines& lines) {
  ReportFence fence;
  fence.line = lines.number();
  opening.remove_prefix(std::min(std::string_view("```sql ").size(), opening.size()));
  const std::size_t space = std::min(opening.find(' '), opening.size());
  const std::string_view use = opening.substr(0, space);
  const auto* const found =
      std::ranges::find(kUses, use, &std::pair<std::string_view, FenceUse>::first);
  require(found != kUses.end(), "'```sql {}': expected table, chart, text or with after sql", use);
  fence.use = found->second;
  fence.caption = opening.substr(std::min(space + 1, opening.size()));
  while (lines.more()) {
    const std::string_view line = lines.take();
    if (line == "```") {
      check(fence);
      return fence;
    }
    const auto [key, value] = fence.sql.empty() ? directive(line) : decltype(directive(line)){};
    if (key.empty()) {
      fence.sql.append(line).append("\n");
    } else {
      add_directive(fence, key, value);
    }
  }
  throw Error(fmt::format("the fence of line {} is never closed", fence.line),
              std::source_location::current());
}

}  // namespace moe
