// Large memory on large pages: what is read once a step misses the translation cache less.
#pragma once

#include <cstddef>
#include <cstdint>

namespace moe {

inline constexpr std::int64_t kHugePage = std::int64_t{1} << 21;  // bytes

/// Asks for huge pages under the whole ones of this memory, before it is first written. Nothing
/// happens where the system has none to give.
void prefer_huge_pages(void* memory, std::int64_t bytes);

}  // namespace moe
