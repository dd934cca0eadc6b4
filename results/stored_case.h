// What the store kept of a case: the raw data that its values are computed from.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/case_record.h"
#include "results/store.h"

namespace moe {

/// Everything of one case in one run. Error where the file is broken.
CaseRecord read_case(const Store&, std::int64_t case_run, const std::string& case_key);

/// How the case ended, and its values for the whole of it.
CaseRecord::Member read_member(const Store&, std::int64_t case_run);

/// How the case went in each of its launches that ended, by number.
std::map<std::int64_t, Verdict> read_ended_launches(const Store&, std::int64_t case_run);

/// Documents whose every choice is answered, and how many more are questions.
std::vector<CaseJob::Done> read_done(const Store&, std::int64_t case_run);
std::int64_t count_unanswered(const Store&, std::int64_t case_run);

}  // namespace moe
