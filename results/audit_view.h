// What audits of a target found, as a view that reports read beside accuracies.
//
//   audit_line(target, suite, run, ordinal, build, text)
//       of the newest run of each case of kind audit: "sharing changes 0 of 2,850 log-likelihoods
//       (audit_sharing on mmlu, run 12)"; or how the case ended, where it has no values
//
// It is a view of the connection, not of the file: its words may change without a migration.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

namespace moe {

void add_audit_view(SQLite::Database&);

}  // namespace moe
