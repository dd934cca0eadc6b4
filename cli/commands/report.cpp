// report NAME --PARAMETER VALUE...: a report from the store.
#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/show_report.h"
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

/// A number where it reads as one, so that `--run 3` compares with an integer.
Cell cell_of(const std::string& word) {
  const bool digits = !word.empty() && word.size() < 18 &&
                      word.find_first_not_of("0123456789") == std::string::npos;
  if (digits) return std::int64_t{std::stoll(word)};
  return word;
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
  std::vector<Parameter> parameters;
  if (!arguments.empty() && !arguments[0].starts_with("-")) {
    for (const ReportParameter& p : find_report(arguments[0]).parameters)
      app.add_option("--" + p.name, given[p.name], p.meaning);
  }
  if (const auto code = parse(app, arguments)) return *code;
  for (const auto& [parameter, value] : given) {
    if (!value.empty()) parameters.push_back({parameter, cell_of(value)});
  }
  if (format.empty())
    format = std::filesystem::path(out).has_extension()
                 ? std::filesystem::path(out).extension().string().substr(1)
                 : "md";
  const Store store(db.empty() ? default_store() : std::filesystem::path(db), Access::read_only);
  write_article(build_article(find_report(name), store, parameters), find_format(format), out);
  return kDone;
}

}  // namespace

extern const Command report = {.name = "report",
                               .summary = "a report from the store: pair, run, or a file of yours",
                               .run = run};

}  // namespace moe
