#include "reports/audits.h"

#include <fmt/format.h>

#include "reports/escape.h"

namespace moe {

std::string audits_text(const Store& store, const Side& a, const Side& b) {
  const auto targets = [](const Side& side, const char* name) {
    return side.is_run ? fmt::format(
                             "SELECT c.target FROM case_run r JOIN \"case\" c ON c.id = "
                             "r.\"case\" WHERE r.run = :{}",
                             name)
                       : fmt::format("SELECT :{}", name);
  };
  const Table found = store.query(
      fmt::format("SELECT t.id, t.name, l.text FROM target t LEFT JOIN audit_line l ON l.target = "
                  "t.id WHERE t.id IN ({} UNION {}) ORDER BY t.id, l.run, l.ordinal",
                  targets(a, "a"), targets(b, "b")),
      {{"a", a.id}, {"b", b.id}});
  std::string text;
  bool all = true;
  Cell before;  // the target of the row before
  for (const auto& row : found.rows) {
    const bool audited = !std::holds_alternative<std::nullptr_t>(row.at(2));
    all = all && audited;
    if (row.at(0) == before) {
      text += "; ";
    } else {
      text += text.empty() ? "" : ".\n\n";
      text += fmt::format("{}, {}{}", audited ? "Audited" : "Not audited",
                          escape_markdown(to_text(row.at(1))), audited ? ": " : "");
    }
    text += escape_markdown(to_text(row.at(2)));
    before = row.at(0);
  }
  text += ".\n\n";
  if (!all)
    text += "`moebench run audit_sharing audit_batch audit_numerics --target …` audits.\n\n";
  return text;
}

}  // namespace moe
