// Rows that runs share: machines, suites, targets, metrics. Each is stored once and found again.
#pragma once

#include <string>
#include <vector>

#include "results/connection.h"
#include "results/recorder.h"

namespace moe {

/// Inserts unless a row with the same unique key is there; the id of that row either way.
std::int64_t insert_or_find(const Store&, const std::string& insert, const std::string& find,
                            const std::vector<Parameter>&);

std::int64_t environment_id(const Store&, const Environment&);
std::int64_t suite_id(const Store&, const SuiteRow&);

/// A target is known by its identity alone; what else is said of it (its name, where it lies) is
/// what was said last.
std::int64_t target_id(const Store&, const TargetRow&);

/// Error, which shows both, where the store knows a metric of this name with another unit,
/// direction or determinism: values of the two must not stand in one column.
std::int64_t metric_id(const Store&, const Metric&);

void insert_value(const Store&, std::int64_t case_run, const Value&);

}  // namespace moe
