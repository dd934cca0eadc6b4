// compare A B: two runs, or two targets, value by value, or question by question.
#include <CLI/CLI.hpp>
#include <optional>

#include "cli/command.h"
#include "cli/show_report.h"
#include "cli/store_word.h"
#include "reports/compare.h"
#include "reports/differing_questions.h"

namespace moe {
namespace {

int run(const Arguments& arguments) {
  std::string a, b, db, suite, format = "md", out;
  bool questions = false;
  std::int64_t first = -1;
  CLI::App app("Compares two runs or two targets: difference or ratio, 95 % interval, verdict.",
               "moebench compare");
  app.add_option("a", a, "a run's number; or a target's name, spec or number after #")->required();
  app.add_option("b", b, "the other")->required();
  CLI::Option* differing =
      app.add_flag("--questions", questions, "the questions that one alone got right");
  app.add_option("--suite", suite, "those of one suite")->needs(differing);
  app.add_option("--first", first, "that many, of which the two are surest; all otherwise")
      ->needs(differing)
      ->check(CLI::NonNegativeNumber);
  app.add_option("--format,-f", format, "md, html, csv or json");
  app.add_option("--out,-o", out, "the file to write; stdout otherwise");
  app.add_option("--db", db, "the store");
  if (const auto code = parse(app, arguments)) return *code;
  const Store store(store_file(db), Access::read_only);
  a = target_word(store, a);
  b = target_word(store, b);
  const auto most = first < 0 ? std::optional<std::size_t>() : static_cast<std::size_t>(first);
  write_article(questions ? differing_questions(store, a, b, {.suite = suite, .first = most})
                          : comparison(store, a, b),
                find_format(format), out);
  return kDone;
}

}  // namespace

extern const Command compare_sides = {
    .name = "compare",
    .summary = "two runs or two targets: difference, interval, verdict",
    .run = run};

}  // namespace moe
