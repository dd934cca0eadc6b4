#include "reports/format.h"

#include "harness/error.h"

namespace moe {

Article with_numbers_for_charts(Article article) {
  for (auto& block : article.blocks) {
    auto* exhibit = std::get_if<Exhibit>(&block);
    if (exhibit == nullptr || !exhibit->chart) continue;
    exhibit->table = in_text(*exhibit->chart, exhibit->table);
    exhibit->chart.reset();
  }
  return article;
}

const Format& find_format(std::string_view name) {
  std::string known;
  for (const Format* format : formats()) {
    if (format->name == name || format->extension == name) return *format;
    known.append(known.empty() ? "" : ", ").append(format->name);
  }
  throw Error(fmt::format("no report format '{}'; there are {}", name, known),
              std::source_location::current());
}

}  // namespace moe
