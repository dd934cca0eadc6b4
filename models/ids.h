// Numbers that name things, in every folder of models/.
#pragma once

#include <cstdint>

namespace moe {

using TokenId = std::int32_t;  // of a vocabulary
using PageId = std::int32_t;   // of a KV cache

}  // namespace moe
