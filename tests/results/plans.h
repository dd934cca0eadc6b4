// Small plans, trainings, events and child processes for the tests of the store.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "results/recorder.h"
#include "results/training_recorder.h"

namespace moe::testing {

/// A run of `cases` cases of one suite of questions on one target; the cases' keys are "c0", "c1",
/// ...
RunRow plan_of(int cases = 1, bool timed = false);

Document document_of(const std::string& case_key, std::int64_t document, std::int64_t choices = 2);
Answer answer_of(const std::string& case_key, std::int64_t document, std::int64_t choice);

/// A training of a tiny model, the same one every time.
TrainingRow training_of();

/// The first cell of what a query gives, as text.
std::string cell(const Store&, const std::string& sql);

/// Runs `work` in a child process, which ends with 0, or 1 where it throws (and says so on stderr).
pid_t in_child(const std::function<void()>& work);

/// The exit code of a child, 128 + the signal where one ended it.
int wait_for(pid_t child);

}  // namespace moe::testing
