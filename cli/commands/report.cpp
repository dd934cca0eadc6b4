// report NAME --PARAMETER VALUE...: a report from the store.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>

#include "cli/command.h"
#include "cli/show_report.h"
#include "cli/store_word.h"
#include "harness/error.h"

namespace moe {
namespace {

std::string names() {
  std::string out;
  for (const Report& report : bundled_reports()) out += (out.empty() ? "" : ", ") + report.name;
  return out;
}

/// What each bundled report is asked with.
std::string parameters_of_all() {
  std::string out = "A report's own parameters:";
  for (const Report& report : bundled_reports()) {
    for (const ReportParameter& p : report.parameters)
      out += fmt::format("\n  {:8} --{:8} {}", report.name, p.name, p.meaning);
  }
  return out;
}

/// The first word that is neither an option nor its value. Every option of this verb but --help
/// takes one value, those of the report included, which are not known before it is.
std::string report_of(const Arguments& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (!word.starts_with("-")) return word;
    const bool is_long = word.starts_with("--");
    const bool has_value = is_long ? word.find('=') != std::string::npos : word.size() > 2;
    if (!has_value && word != "-h" && word != "--help") ++i;
  }
  return "";
}

/// `word` as the kind of value that `like` is; as it stands where it does not read as one.
Cell as_kind_of(const Cell& like, const std::string& word) {
  const char* const end = word.data() + word.size();
  if (std::holds_alternative<std::int64_t>(like)) {
    std::int64_t value = 0;
    const auto read = std::from_chars(word.data(), end, value);
    if (read.ec == std::errc() && read.ptr == end) return value;
  } else if (std::holds_alternative<double>(like)) {
    double value = 0;
    const auto read = std::from_chars(word.data(), end, value);
    if (read.ec == std::errc() && read.ptr == end) return value;
  }
  return word;
}

/// A parameter is a number where those that the report knows, or its default, are numbers: a model
/// may be called "7".
std::vector<Parameter> typed(const Report& report, const Store& store,
                             const std::map<std::string, std::string>& given) {
  std::vector<Parameter> known;
  for (const ReportParameter& p : report.parameters) known.push_back({p.name, nullptr});
  std::vector<Parameter> out;
  for (Parameter& parameter : known) {
    const auto word = given.find(parameter.name);
    if (word == given.end() || word->second.empty()) continue;
    const auto p = std::ranges::find(report.parameters, parameter.name, &ReportParameter::name);
    if (p->is_target) {
      out.push_back({parameter.name, target_word(store, word->second)});
      continue;
    }
    const std::string& sql = p->known_sql.empty() ? p->default_sql : p->known_sql;
    const Table table = sql.empty() ? Table{} : store.query(sql, known);
    const Cell like = table.rows.empty() ? Cell(nullptr) : table.rows[0].at(0);
    parameter.value = as_kind_of(like, word->second);
    out.push_back(parameter);
  }
  return out;
}

int run(const Arguments& arguments) {
  std::string name, db, format, out;
  std::map<std::string, std::string> given;
  CLI::App app(fmt::format("Writes a report from the store. Bundled reports: {}.", names()),
               "moebench report");
  app.add_option("name", name, "a bundled report, or a file that ends in .md")->required();
  app.add_option("--format,-f", format,
                 "md, html, csv or json; by the name of --out otherwise, else md");
  app.add_option("--out,-o", out, "the file to write; stdout otherwise");
  app.add_option("--db", db, "the store");
  app.footer(parameters_of_all());
  if (const std::string wanted = report_of(arguments); !wanted.empty()) {
    for (const ReportParameter& p : find_report(wanted).parameters)
      app.add_option("--" + p.name, given[p.name], p.meaning);
  }
  if (const auto code = parse(app, arguments)) return *code;
  if (format.empty())
    format = std::filesystem::path(out).has_extension()
                 ? std::filesystem::path(out).extension().string().substr(1)
                 : "md";
  const Store store(store_file(db), Access::read_only);
  const Report chosen = find_report(name);
  write_article(build_article(chosen, store, typed(chosen, store, given)), find_format(format),
                out);
  return kDone;
}

}  // namespace

extern const Command report = {
    .name = "report",
    .summary = "a report from the store: pair, run, training, or a file of yours",
    .run = run};

}  // namespace moe
