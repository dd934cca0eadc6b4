// A verb of the program: a name, a line for the help, and a function. One file per verb in
// commands/.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's name
class App;
}

namespace moe {

using Arguments = std::vector<std::string>;  // what stands behind the verb

/// What the program exits with.
inline constexpr int kDone = 0;           // skipped cases included
inline constexpr int kNotOk = 1;          // a case was not ok, a check failed, output was lost
inline constexpr int kUsage = 2;          // wrong usage, or wrong input found before a start
inline constexpr int kDefect = 70;        // of ours
inline constexpr int kInterrupted = 130;  // what is done is stored

struct Command {
  std::string_view name;
  std::string_view summary;  // empty: not in the help
  int (*run)(const Arguments&);
};

/// All verbs, in the order of the help.
std::span<const Command* const> commands();

/// Parses `arguments` with `app`. Returns the exit code when the verb is not to run: help was asked
/// for and printed (0), or the usage was wrong and was explained on stderr (2).
std::optional<int> parse(CLI::App& app, const Arguments& arguments);

/// The program's main, apart from argv: finds the verb, runs it, turns an Error, or standard output
/// that could not be written, into an exit code. `--verbose`, anywhere, is no verb's own.
int run_program(Arguments arguments);

}  // namespace moe
