// Memory that vectors are loaded from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "harness/error.h"
#include "harness/huge_pages.h"

namespace moe {

struct FreeAligned {
  void operator()(std::byte* memory) const { std::free(memory); }
};
using AlignedBytes = std::unique_ptr<std::byte[], FreeAligned>;  // NOLINT(modernize-avoid-c-arrays)

/// The size of a part of aligned memory behind which the next is aligned too.
constexpr std::int64_t aligned_size(std::int64_t bytes) {
  return (bytes + 63) / 64 * 64;
}

/// Bytes aligned to 64, whatever is in them; many of them on huge pages.
inline AlignedBytes aligned_bytes(std::int64_t bytes) {
  const std::size_t whole = (static_cast<std::size_t>(bytes) + 64) / 64 * 64;
  void* memory = nullptr;
  const int error = posix_memalign(&memory, bytes < kHugePage ? 64 : std::size_t{kHugePage}, whole);
  require(error == 0, "out of memory: {} bytes", whole);
  prefer_huge_pages(memory, static_cast<std::int64_t>(whole));
  return AlignedBytes(static_cast<std::byte*>(memory));
}

}  // namespace moe
