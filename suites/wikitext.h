// WikiText pages as lm-evaluation-harness scores them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace moe {

/// The page with its tokenisation undone (tasks/wikitext/preprocess_wikitext.py,
/// wikitext_detokenizer).
std::string wikitext_detokenized(std::string page);

/// len(re.split(r"\s+", page)): empty pieces at the ends count.
std::int64_t words_of(std::string_view page);

}  // namespace moe
