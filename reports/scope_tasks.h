// Which leaf tasks a scope is about: the members of a group, or the task of that name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "results/store.h"

namespace moe {

/// "mmlu_stem" has the tasks that [groups] of the case's suite lists under stem, "mmlu_anatomy"
/// itself; the whole ("") has none named, which means all.
std::vector<std::string> tasks_of_scope(const Store&, std::int64_t case_run,
                                        std::string_view scope);

}  // namespace moe
