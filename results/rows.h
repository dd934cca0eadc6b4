// Rows of a run, written inside a transaction of the recorder's.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "results/connection.h"
#include "results/recorder.h"

namespace moe {

/// Runs a statement that returns nothing.
void execute(const Store&, const std::string& sql, const std::vector<Parameter>& parameters);

/// Makes this process the owner of a run; launches that had not ended are abandoned.
void take_over(const Store&, std::int64_t run);
std::int64_t insert_run(const Store&, const RunRow&);

/// The case_run of every case key, made where it is not there yet.
std::map<std::string, std::int64_t> insert_cases(const Store&, std::int64_t run, const RunRow&);

/// Removes the samples of launches that had not ended, of timed cases that had not.
void clear_unfinished_timed(const Store&, const RunRow&,
                            const std::map<std::string, std::int64_t>& case_runs);

/// The same of one case; its answers stay.
void clear_unfinished_launches(const Store&, std::int64_t case_run);

std::int64_t insert_launch(const Store&, std::int64_t run, const std::string& target_identity,
                           std::int64_t number);

}  // namespace moe
