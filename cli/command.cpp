#include "cli/command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "harness/error.h"

namespace moe {
namespace {

void print_help(std::FILE* out) {
  fmt::print(out,
             "moebench: what a mixture of experts costs, what it scores, and whether it is better "
             "than a dense model.\n\nmoebench VERB [options]   (moebench VERB --help explains "
             "one)\n\n");
  for (const Command* command : commands()) {
    if (!command->summary.empty()) fmt::print(out, "  {:<9} {}\n", command->name, command->summary);
  }
  fmt::print(out,
             "\nThe store is --db, else $MOEBENCH_DB, else ./moebench.sqlite. Datasets are looked "
             "up under $MOEBENCH_DATA,\nelse in the cache that `moebench fetch` fills.\n");
}

int unknown_verb(const std::string& verb) {
  std::string known;
  for (const Command* command : commands()) {
    if (!command->summary.empty()) known += fmt::format(" {}", command->name);
  }
  fmt::print(stderr, "moebench: unknown verb \"{}\"; known are:{}\n", verb, known);
  return kUsage;
}

}  // namespace

std::optional<int> parse(CLI::App& app, const Arguments& arguments) {
  try {
    app.parse(Arguments(arguments.rbegin(), arguments.rend()));  // CLI11 takes them last first
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kUsage;
  }
}

int run_program(const Arguments& arguments) {
  if (arguments.empty()) {
    print_help(stderr);
    return kUsage;
  }
  if (arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    print_help(stdout);
    return kDone;
  }
  const auto found = std::ranges::find(commands(), arguments[0], &Command::name);
  if (found == commands().end()) return unknown_verb(arguments[0]);
  try {
    return (*found)->run({arguments.begin() + 1, arguments.end()});
  } catch (const Error& error) {
    fmt::print(stderr, "moebench {}: {}\n", arguments[0], error.what());
    return kUsage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "moebench {}: a defect of moebench, please report it: {}\n", arguments[0],
               error.what());
    return kDefect;
  }
}

}  // namespace moe
