#include "cli/command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <new>
#include <sstream>
#include <system_error>

#include "cli/tell.h"
#include "harness/build_info.h"
#include "harness/error.h"
#include "kernels/packed/target.h"

namespace moe {
namespace {

std::string help() {
  std::string out =
      "moebench: what a mixture of experts costs, what it scores, and whether it is better than a "
      "dense model.\n\nmoebench VERB [options]   (moebench VERB --help explains one)\n\n";
  for (const Command* command : commands()) {
    if (!command->summary.empty())
      out += fmt::format("  {:<9} {}\n", command->name, command->summary);
  }
  return out +
         "\nThe store is --db, else $MOEBENCH_DB, else ./moebench.sqlite (of demo ./demo.sqlite). "
         "Datasets are\nlooked up under $MOEBENCH_DATA, else in the cache that `moebench fetch` "
         "fills.\n--verbose adds to "
         "an error where in the program it was noticed; --version names the build.\n";
}

int unknown_verb(const std::string& verb) {
  std::string known;
  for (const Command* command : commands()) {
    if (!command->summary.empty()) known += fmt::format(" {}", command->name);
  }
  tell("moebench: unknown verb \"{}\"; known are:{}\n", verb, known);
  return kUsage;
}

void print_error(const std::string& verb, const Error& error, bool verbose) {
  tell("moebench {}: {}\n", verb, error.what());
  if (!verbose) return;
  const std::source_location& where = error.where();
  tell("  noticed at {}:{}, in {}\n", where.file_name(), where.line(), where.function_name());
}

int run_verb(const Arguments& arguments) {
  const std::string& verb = arguments[0];
  if (verb == "--help" || verb == "-h" || verb == "help") {
    fmt::print("{}", help());
    return kDone;
  }
  if (verb == "--version") {
    fmt::print("{}\n", build_line());
    return kDone;
  }
  const auto found = std::ranges::find(commands(), verb, &Command::name);
  return found == commands().end() ? unknown_verb(verb)
                                   : (*found)->run({arguments.begin() + 1, arguments.end()});
}

int run_verb_or_explain(const Arguments& arguments, bool verbose) {
  if (arguments.empty()) {
    tell("{}", help());
    return kUsage;
  }
  try {
    limit_packed_targets();
    return run_verb(arguments);
  } catch (const Error& error) {
    print_error(arguments[0], error, verbose);
    return kUsage;
  } catch (const std::filesystem::filesystem_error& error) {
    tell("moebench {}: {}: {}\n", arguments[0], error.path1().string(), error.code().message());
    return kUsage;
  } catch (const std::bad_alloc&) {
    tell("moebench {}: out of memory\n", arguments[0]);
    return kNotOk;
  } catch (const std::exception& error) {
    if (std::ferror(stdout) != 0)
      return kNotOk;  // no defect: what was printed could not be written
    tell("moebench {}: a defect of moebench, please report it: {}\n", arguments[0], error.what());
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
    std::ostringstream help, explanation;
    const int code = app.exit(error, help, explanation);
    fmt::print("{}", help.str());
    if (code == 0) return kDone;
    tell("{}: {}", app.get_name(), explanation.str());
    return kUsage;
  }
}

int run_program(Arguments arguments) {
  const bool verbose = std::erase(arguments, "--verbose") > 0;
  int code = run_verb_or_explain(arguments, verbose);
  if (const std::string why = lost_output(); !why.empty()) {
    tell("moebench: standard output could not be written: {}\n", why);
    if (code == kDone) code = kNotOk;
  }
  return code;
}

}  // namespace moe
