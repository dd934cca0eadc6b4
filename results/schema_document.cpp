#include "results/schema_document.h"

#include <fmt/format.h>

#include <regex>
#include <sstream>

#include "harness/embedded.h"

namespace moe {

extern const std::span<const EmbeddedFile> kMigrations;

namespace {

constexpr std::string_view kHead = R"(# The store

One SQLite file holds everything: raw samples, answers, routing counts, the values computed from them, and the curves of trainings.
It is `--db FILE`, else `$MOEBENCH_DB`, else `./moebench.sqlite` (of `moebench demo` `./demo.sqlite`). It is written in WAL mode by `moebench run` and `moebench train`;
any number of processes may read it, and several may write. On a network file system it is refused: keep one on a local disk of each node.

```sh
moebench sql "SELECT id, started_at, command FROM run"
moebench sql "SELECT target_name, point, estimate, low, high FROM result WHERE suite = 'decode' AND metric = 'tokens_per_s'"
moebench sql "SELECT task, document, choice, log_likelihood FROM answer LIMIT 5" --json
moebench sql "SELECT step, value FROM training_value WHERE training = 1 AND layer = -1 AND metric = 'held_out_loss' ORDER BY step"
```

This page is generated from the comments in `results/migrations/`; tests/results/schema_document_test.cpp holds it equal to them
(run that test with `MOEBENCH_APPROVE=1` to write it).

)";

/// A comment's text without its dashes.
std::string comment_of(const std::string& line) {
  const std::size_t at = line.find("--");
  if (at == std::string::npos) return "";
  const std::size_t begin = line.find_first_not_of(" -", at);
  return begin == std::string::npos ? "" : line.substr(begin);
}

std::string escaped(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2))
    text.insert(at, 1, '\\');
  return text;
}

/// One column of a CREATE TABLE: `name TYPE constraints, -- comment`.
std::string column_row(const std::string& line) {
  static const std::regex kColumn(R"re(^  "?(\w+)"?\s+(INTEGER|TEXT|REAL)([^-]*?),?\s*(--.*)?$)re");
  std::smatch match;
  if (!std::regex_match(line, match, kColumn)) return "";
  const std::string constraints = match[3].str();
  std::string type = match[2].str();
  if (constraints.find("NOT NULL") == std::string::npos &&
      constraints.find("PRIMARY KEY") == std::string::npos)
    type += ", may be null";
  static const std::regex kReference(R"re(REFERENCES "?(\w+)"?)re");
  std::smatch reference;
  std::string meaning = escaped(comment_of(line));
  if (std::regex_search(constraints, reference, kReference))
    meaning = fmt::format("→ `{}`{}{}", reference[1].str(), meaning.empty() ? "" : "; ", meaning);
  return fmt::format("| `{}` | {} | {} |\n", match[1].str(), type, meaning);
}

}  // namespace

std::string schema_document() {
  std::string out(kHead);
  static const std::regex kCreate(R"re(^CREATE (TABLE|VIEW) "?(\w+)"?.*)re");
  for (const EmbeddedFile& migration : kMigrations) {
    std::istringstream in{std::string(migration.text)};
    std::string line, comment;
    bool in_table = false;
    while (std::getline(in, line)) {
      std::smatch match;
      if (line.starts_with("--")) {
        comment += (comment.empty() ? "" : " ") + comment_of(line);
      } else if (std::regex_match(line, match, kCreate)) {
        in_table = match[1] == "TABLE";
        out += fmt::format("## {}{}\n\n{}\n\n{}", match[2].str(), in_table ? "" : " (view)",
                           comment, in_table ? "| column | type | meaning |\n|---|---|---|\n" : "");
        comment.clear();
      } else if (line.starts_with(")")) {
        out += "\n";
        in_table = false;
      } else if (in_table) {
        out += column_row(line);
      } else {
        comment.clear();
      }
    }
  }
  return out;
}

}  // namespace moe
