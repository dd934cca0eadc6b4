// Matrices packed for multiplication by rows of float32: the one micro-kernel of linear layers and
// experts on the CPU.
//
//   y_RN = x_RK weight_NK^T   R rows   N outputs   K inputs
//
// A panel is a few outputs (panel_width) with their weights side by side, input after input, as the
// widest vector instructions of this machine take them (quantised ones: quantised_panel.h). Outputs
// beyond N are zeros.
//
// Every y is one chain of multiply-adds (fused where the machine has that) in float32, in the order
// of its inputs, from zero, of the value that the stored weight stands for. Of quantised weights
// the chain is over the codes of a block, and such sums times their scales are a chain in turn, of
// int4 with the sums of the blocks' inputs (block_sums.h) times their offsets in between: min(K,
// 32) + 2 ceil(K / 32) roundings at most, in place of K; an element of int4 is rounded itself. So
//
//   |y - exact| <= (K + 4) 2^-24 (1 + K 2^-23) (sum of |x w|)
//
// for K below 2^22 and where no sum over- or underflows: n roundings of a term change it by n 2^-24
// / (1 - n 2^-24) of it at most. |w| of int4 is |scale code| + |offset|. The bits of y depend on
// its row and its weights alone: not on other rows, on R, or on what panels it is computed with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace moe {

/// Of weights as they are stored; int8, int4 and mxfp4 are quantised (quantised.h).
enum class PackedFormat : std::uint8_t { f32, f16, bf16, int8, int4, mxfp4 };
inline constexpr PackedFormat kPackedFormats[] = {PackedFormat::f32,  PackedFormat::f16,
                                                  PackedFormat::bf16, PackedFormat::int8,
                                                  PackedFormat::int4, PackedFormat::mxfp4};
std::string_view name_of(PackedFormat);

/// Bytes of a stored row of K elements, and of a row-major matrix of N rows.
std::int64_t row_bytes(PackedFormat, std::int64_t K);
std::int64_t bytes_of(PackedFormat, std::int64_t N, std::int64_t K);

/// Outputs of a panel on this machine.
std::int64_t panel_width();

/// The instructions that were chosen on this machine, "AVX2".
std::string_view packed_target();

struct PackedShape {
  std::int64_t N = 0, K = 0;
  PackedFormat format = PackedFormat::f32;

  std::int64_t panels() const;
  std::int64_t panel_bytes() const;
  std::int64_t bytes() const { return panels() * panel_bytes(); }
};

/// Panels [begin, end) of a packed matrix.
struct PanelRange {
  const PackedShape& shape;
  const std::byte* packed;  // of the whole matrix
  std::int64_t begin, end;
};

/// y of some panels: row r at y + r * stride, (end - begin) * panel_width() long. Each of `x`
/// points to K inputs.
void multiply_panels(const PanelRange&, std::span<const float* const> x, float* y,
                     std::int64_t stride);

}  // namespace moe
