// A report is Markdown with SQL in it: what the reader sees in a table is what the query beside it
// returned; the program adds nothing. This file reads one.
//
//   ---
//   title: {{moe}} against {{dense}}
//   summary: one line for `list reports`
//   parameter moe: target name of the mixture
//   default moe: SELECT ...            used where the caller gives none (optional)
//   known moe: SELECT name FROM target  the values it may take (optional)
//   target dense: the dense model      instead of parameter: a target by name, spec or number
//   ---
//   Prose with {{moe}} filled in.
//
//   ```sql table What is compared       the caption
//   -- else: Said where the query returns no rows.
//   SELECT name, parameters_total AS "parameters [count]", run FROM ...
//   ```
//
// A fence is used as `table`, `chart`, `text` or `with`:
//   chart  needs `-- chart: line x=batch y=tokens_per_s low=... high=... color=model` (chart.h)
//   text   needs `-- say: **{model}** answers {accuracy}.`, said once for every row
//   with   holds `WITH name AS (...), ...`, put before every query that follows
// How a column is shown follows from its name: display.h. A column `run`, or one that ends in
// `_run`, is not shown: it says which runs the rows came from. `:runs` is bound to a JSON array of
// all runs met so far. {{name}} in a caption, a directive or a column's name is filled in too; in
// SQL it is not: there a parameter is bound.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace moe {

struct ReportParameter {
  std::string name;
  std::string meaning;      // one line
  std::string default_sql;  // its first cell is the value; "": the parameter must be given
  std::string known_sql;    // its first column holds the values it may take; "": any
  bool is_target = false;   // bound is the target's id, filled in its name (find_target.h)
};

struct ReportProse {
  int line = 0;  // of the file, from 1
  std::string markdown;
};

enum class FenceUse : std::uint8_t { table, chart, text, with };

struct ReportFence {
  int line = 0;
  FenceUse use = FenceUse::table;
  std::string caption;
  std::map<std::string, std::string> directives;  // "else", "say", "chart"
  std::string sql;
};

struct Report {
  std::string name;     // "pair"
  std::string title;    // with {{parameters}}
  std::string summary;  // one line
  std::vector<ReportParameter> parameters;
  std::vector<std::variant<ReportProse, ReportFence>> parts;
};

/// Error names the report, the line, what was expected and what was found.
Report parse_report(std::string_view name, std::string_view text);

/// Those compiled in from reports/*.md, by name.
std::vector<Report> bundled_reports();

/// A bundled report by name, or a file whose name ends in .md.
Report find_report(std::string_view name_or_file);

}  // namespace moe
