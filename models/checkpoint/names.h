// The names of a family's tensors, which are patterns: `{}` and `{e}` stand for numbers.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "models/checkpoint/recipe.h"
#include "models/config.h"
#include "models/family.h"

namespace moe {

/// Whether `name` is `pattern` with numbers in place of {} and {e}; where it is, the numbers are
/// appended to `numbers` unless that is null.
bool matches(std::string_view pattern, std::string_view name,
             std::vector<std::string>* numbers = nullptr);

/// The tensor that a parameter lies in. Error where the family has none.
std::string tensor_name(const Family&, std::string_view parameter);

/// What each tensor of a model feeds.
std::map<std::string, std::vector<FedParameter>> fed_by_tensor(const Family&, const Config&);

}  // namespace moe
