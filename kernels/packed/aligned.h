// Memory that vectors are loaded from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "harness/error.h"

namespace moe {

struct FreeAligned {
  void operator()(std::byte* memory) const { std::free(memory); }
};
using AlignedBytes = std::unique_ptr<std::byte[], FreeAligned>;  // NOLINT(modernize-avoid-c-arrays)

/// Bytes aligned to 64, whatever is in them.
inline AlignedBytes aligned_bytes(std::int64_t bytes) {
  const std::size_t whole = (static_cast<std::size_t>(bytes) + 64) / 64 * 64;
  AlignedBytes memory(static_cast<std::byte*>(std::aligned_alloc(64, whole)));
  require(memory != nullptr, "out of memory: {} bytes", whole);
  return memory;
}

}  // namespace moe
