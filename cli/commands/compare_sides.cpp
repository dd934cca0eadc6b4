// compare A B: two runs, or two targets, value by value.
#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/show_report.h"
#include "cli/store_word.h"
#include "reports/compare.h"

namespace moe {
namespace {

int run(const Arguments& arguments) {
  std::string a, b, db, format = "md", out;
  CLI::App app("Compares two runs or two targets: difference or ratio, 95 % interval, verdict.",
               "moebench compare");
  app.add_option("a", a, "a run's number; or a target's name, spec or number after #")->required();
  app.add_option("b", b, "the other")->required();
  app.add_option("--format,-f", format, "md, html, csv or json");
  app.add_option("--out,-o", out, "the file to write; stdout otherwise");
  app.add_option("--db", db, "the store");
  if (const auto code = parse(app, arguments)) return *code;
  const Store store(store_file(db), Access::read_only);
  write_article(comparison(store, target_word(store, a), target_word(store, b)),
                find_format(format), out);
  return kDone;
}

}  // namespace

extern const Command compare_sides = {
    .name = "compare",
    .summary = "two runs or two targets: difference, interval, verdict",
    .run = run};

}  // namespace moe
