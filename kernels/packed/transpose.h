// Rows side by side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace moe {

/// Element k of row r goes to place k * rows.size() + r of `out`, for k < count. Elements are of 1,
/// 2 or 4 bytes, and may stand anywhere.
void transpose(std::int64_t element_bytes, std::span<const std::byte* const> rows,
               std::int64_t count, std::byte* out);

}  // namespace moe
