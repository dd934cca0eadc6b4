#include "kernels/packed/packed_matrix.h"

#include "kernels/packed/quantised.h"
#include "kernels/packed/quantised_panel.h"

namespace moe {
namespace {

/// Bytes of K elements where no outputs, or one output of a panel, are side by side: whole blocks
/// and what is left.
template <typename BlockBytes>
std::int64_t blocks_of(std::int64_t K, BlockBytes&& bytes) {
  const std::int64_t rest = K % kQuantisedBlock;
  return K / kQuantisedBlock * bytes(kQuantisedBlock) + (rest > 0 ? bytes(rest) : 0);
}

}  // namespace

std::string_view name_of(PackedFormat format) {
  switch (format) {
    case PackedFormat::f32:
      return "f32";
    case PackedFormat::f16:
      return "f16";
    case PackedFormat::bf16:
      return "bf16";
    case PackedFormat::int8:
      return "int8";
    case PackedFormat::int4:
      return "int4";
    case PackedFormat::mxfp4:
      return "mxfp4";
  }
  return "";
}

std::int64_t row_bytes(PackedFormat format, std::int64_t K) {
  if (!is_quantised(format)) return K * (format == PackedFormat::f32 ? 4 : 2);
  return blocks_of(K, [&](std::int64_t n) { return block_bytes(format, n); });
}

std::int64_t bytes_of(PackedFormat format, std::int64_t N, std::int64_t K) {
  return N * row_bytes(format, K);
}

std::int64_t PackedShape::panels() const {
  return (N + panel_width() - 1) / panel_width();
}

std::int64_t PackedShape::panel_bytes() const {
  if (!is_quantised(format)) return bytes_of(format, panel_width(), K);
  return panel_width() * blocks_of(K, [&](std::int64_t n) { return panel_block_bytes(format, n); });
}

}  // namespace moe
