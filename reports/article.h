// A report with its queries run: what a format writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "reports/chart.h"
#include "reports/report.h"
#include "results/store.h"

namespace moe {

struct Prose {
  std::string markdown;  // what came from the database is escaped
};

/// A table, or a chart and the table it is drawn from.
struct Exhibit {
  std::string caption;
  std::string otherwise;  // Markdown, said where the table has no rows
  std::string sql;        // as it stands in the report
  Table table;            // without the columns that name runs
  std::vector<std::int64_t> runs;
  std::optional<Chart> chart;
};

/// Where numbers come from.
struct RunSource {
  std::int64_t id = 0;
  std::string started_at;  // RFC 3339, UTC
  std::string host, cpu, gpu, build;
  std::int64_t cores = 0;
  std::int64_t question_limit = -1;  // questions per leaf task; -1: all
};

struct Article {
  std::string name;   // of the report
  std::string files;  // what the names of pictures beside the text begin with: its name
  std::string title;  // plain text
  std::vector<Parameter> parameters;
  std::vector<std::variant<Prose, Exhibit>> blocks;
  std::string common_sql;       // `WITH …`, before every query; "" for none
  std::vector<RunSource> runs;  // of all blocks, by id
};

/// Runs the report's queries with the parameters bound, and fills in {{name}} and {column}.
/// A parameter that is missing or has a value the report does not know, an unknown {{name}} or
/// {column}, and a failing query are Errors that name report and line.
Article build_article(const Report&, const Store&, const std::vector<Parameter>&);

/// "Run 3 · 2026-11-24 12:00 UTC · Xeon, 2 cores · moebench 0.1.0". Plain text; "" for no runs.
std::string provenance(const std::vector<RunSource>&);

/// Those of `all` that an exhibit names.
std::vector<RunSource> sources_of(const Article&, const Exhibit&);

}  // namespace moe
