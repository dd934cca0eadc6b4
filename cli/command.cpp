#include "cli/command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iostream>
#include <system_error>

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
             "up under $MOEBENCH_DATA,\nelse in the cache that `moebench fetch` fills.\n--verbose "
             "adds to an error where in the program it was noticed.\n");
}

int unknown_verb(const std::string& verb) {
  std::string known;
  for (const Command* command : commands()) {
    if (!command->summary.empty()) known += fmt::format(" {}", command->name);
  }
  fmt::print(stderr, "moebench: unknown verb \"{}\"; known are:{}\n", verb, known);
  return kUsage;
}

void print_error(const std::string& verb, const Error& error, bool verbose) {
  fmt::print(stderr, "moebench {}: {}\n", verb, error.what());
  if (!verbose) return;
  const std::source_location& where = error.where();
  fmt::print(stderr, "  noticed at {}:{}, in {}\n", where.file_name(), where.line(),
             where.function_name());
}

int run_verb(const Arguments& arguments, bool verbose) {
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
    print_error(arguments[0], error, verbose);
    return kUsage;
  } catch (const std::exception& error) {
    if (std::ferror(stdout) != 0)
      return kNotOk;  // no defect: what was printed could not be written
    fmt::print(stderr, "moebench {}: a defect of moebench, please report it: {}\n", arguments[0],
               error.what());
    return kDefect;
  }
}

/// Why not all that was printed has arrived; "" where it has. A full disk is often noticed here
/// only, when the last of it is written.
std::string lost_output() {
  errno = 0;
  std::cout.flush();
  const bool arrived = std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout.good();
  if (arrived) return "";
  return errno != 0 ? std::generic_category().message(errno) : "a write before this failed";
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

int run_program(Arguments arguments) {
  const bool verbose = std::erase(arguments, "--verbose") > 0;
  int code = run_verb(arguments, verbose);
  if (const std::string why = lost_output(); !why.empty()) {
    fmt::print(stderr, "moebench: standard output could not be written: {}\n", why);
    if (code == kDone) code = kNotOk;
  }
  return code;
}

}  // namespace moe
