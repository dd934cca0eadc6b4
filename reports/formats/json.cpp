// The tables of a report as one JSON object, numbers as they are stored.
#include <nlohmann/json.hpp>

#include "reports/escape.h"
#include "reports/format.h"

namespace moe {
namespace {

using Json = nlohmann::ordered_json;

Json cell_json(const Cell& cell) {
  return std::visit([](const auto& value) { return Json(value); }, cell);
}

Json exhibit_json(const Exhibit& exhibit) {
  Json rows = Json::array();
  for (const auto& row : exhibit.table.rows) {
    Json cells = Json::array();
    for (const Cell& cell : row) cells.push_back(cell_json(cell));
    rows.push_back(std::move(cells));
  }
  return {{"caption", unescape_markdown(exhibit.caption)},
          {"chart", exhibit.chart.has_value()},
          {"columns", exhibit.table.columns},
          {"rows", std::move(rows)},
          {"runs", exhibit.runs},
          {"sql", exhibit.sql}};
}

Written write(const Article& article) {
  Json parameters = Json::object();
  for (const Parameter& parameter : article.parameters) {
    parameters[parameter.name] = cell_json(parameter.value);
  }
  Json runs = Json::array();
  for (const RunSource& run : article.runs) {
    runs.push_back({{"run", run.id},
                    {"started_at", run.started_at},
                    {"host", run.host},
                    {"cpu", run.cpu},
                    {"cores", run.cores},
                    {"gpu", run.gpu},
                    {"build", run.build},
                    {"question_limit", run.question_limit}});
  }
  Json tables = Json::array();
  for (const auto& block : article.blocks) {
    if (const auto* exhibit = std::get_if<Exhibit>(&block))
      tables.push_back(exhibit_json(*exhibit));
  }
  const Json all = {{"report", article.name},
                    {"title", article.title},
                    {"parameters", std::move(parameters)},
                    {"runs", std::move(runs)},
                    {"common_sql", article.common_sql},
                    {"tables", std::move(tables)}};
  return {.text = all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n", .charts = {}};
}

}  // namespace

extern const Format json = {.name = "json",
                            .extension = "json",
                            .summary = "the tables and their runs, with exact numbers",
                            .write = write};

}  // namespace moe
