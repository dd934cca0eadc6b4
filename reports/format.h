// An output format: how an Article is written. Adding one is a file in formats/ and a word in
// CMakeLists.txt.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reports/article.h"

namespace moe {

/// A chart as a file beside the text, which names it: whoever writes files draws the specification
/// (vl-convert). Where the text stands alone, write with_numbers_for_charts() instead.
struct ChartFile {
  std::string name;  // "june-1.svg", of june.md
  std::string vega_lite;
};

struct Written {
  std::string text;
  std::vector<ChartFile> charts;
};

struct Format {
  std::string_view name;       // "html"
  std::string_view extension;  // "html", "md"
  std::string_view summary;    // one line for `list formats`
  Written (*write)(const Article&);
};

/// The article with each chart as the table it is drawn from.
Article with_numbers_for_charts(Article);

std::span<const Format* const> formats();

/// By name or extension. Error lists those there are.
const Format& find_format(std::string_view name);

}  // namespace moe
