// The tokenizer of models that have none of their own: one token a byte.
#pragma once

#include <string>

namespace moe {

/// A tokenizer.json of 256 bytes (ids 0 to 255), <s> (256), which stands before every text, and
/// </s> (257).
std::string byte_tokenizer_json();

}  // namespace moe
