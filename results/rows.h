// Rows of a run, written and read inside the recorder's transaction.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "results/connection.h"
#include "results/recorder.h"

namespace moe {

/// Runs a statement that returns nothing.
void execute(const Store&, const std::string& sql, const std::vector<Parameter>& parameters);

/// The newest unfinished run of a plan whose owner is gone.
std::optional<std::int64_t> find_unfinished(const Store&, const std::string& plan);
std::int64_t take_over(const Store&, std::int64_t run);
std::int64_t insert_run(const Store&, const RunRow&);

/// The case_run of every case key, made where it is not there yet.
std::map<std::string, std::int64_t> insert_cases(const Store&, std::int64_t run, const RunRow&);

/// Removes the samples and routing of timed cases that had not ended.
void clear_unfinished_timed(const Store&, std::int64_t run, const RunRow&,
                            const std::map<std::string, std::int64_t>& case_runs);

std::int64_t insert_launch(const Store&, std::int64_t run, const std::string& target_identity,
                           std::int64_t number);
void insert_value(const Store&, std::int64_t case_run, const Value&);
StoredCase read_case(const Store&, std::int64_t case_run, const std::string& case_key);

}  // namespace moe
