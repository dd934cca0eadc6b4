// Reports on the terminal and in files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "reports/article.h"
#include "reports/format.h"
#include "results/store.h"

namespace moe {

/// Builds a bundled report and prints it as Markdown.
void show_report(const Store&, const std::string& name, const std::vector<Parameter>&);

/// Writes an article to a file (its charts as SVG beside it where the format has charts apart and
/// vl-convert draws them; says on stderr why where it does not), or to stdout where `out` is empty.
void write_article(Article, const Format&, const std::filesystem::path& out);

}  // namespace moe
