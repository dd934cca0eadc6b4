// "post_processor" of a tokenizer.json: the special tokens that stand around every text.
#pragma once

#include <string_view>
#include <vector>
#include <nlohmann/json_fwd.hpp>

#include "models/ids.h"

namespace moe {

struct Template {
  std::vector<TokenId> before, after;
};

/// null: none. Error names an element that is not implemented.
Template read_template(const nlohmann::json&, std::string_view where);

}  // namespace moe
