// CPU: packed panels, tasks of some rows times some outputs.
#include <algorithm>
#include <array>

#include "kernels/linear/linear.h"
#include "kernels/packed/aligned.h"
#include "kernels/packed/packing.h"
#include "kernels/packed/tiling.h"

namespace moe {
namespace {

PackedShape matrix(const LinearShape& shape) {
  return {.N = shape.N, .K = shape.K, .format = shape.format};
}

/// Where the bias begins.
std::int64_t bias_at(const LinearShape& shape) {
  return aligned_size(matrix(shape).bytes());
}

std::int64_t packed_bytes(const LinearShape& shape) {
  return shape.bias ? bias_at(shape) + shape.N * std::int64_t{sizeof(float)}
                    : matrix(shape).bytes();
}

void pack(const LinearShape& shape, const LinearWeights& weights, std::byte* packed,
          ThreadPool& pool) {
  const PackJob job = {.shape = matrix(shape), .from = weights.weight_NK, .packed = packed};
  moe::pack({&job, 1}, pool);
  if (shape.bias)
    std::copy_n(weights.bias_N, shape.N, reinterpret_cast<float*>(packed + bias_at(shape)));
}

/// One task: rows [begin, end), panels [first, last).
struct Block {
  std::int64_t begin, end, first, last;
};

void multiply_block(const LinearShape& shape, const std::byte* packed, const LinearArgs& args,
                    const Block& block) {
  const std::int64_t width = panel_width(), stride = (block.last - block.first) * width;
  std::array<const float*, kBlockRows> x{};
  const std::int64_t rows = block.end - block.begin;
  for (std::int64_t r = 0; r < rows; ++r)
    x.at(static_cast<std::size_t>(r)) = args.x_TK + (block.begin + r) * shape.K;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): all that is read is written first
  alignas(64) std::array<float, static_cast<std::size_t>(kBlockRows * kBlockOutputs)> y;
  const PackedShape panels = matrix(shape);
  multiply_panels({panels, packed, block.first, block.last},
                  {x.data(), static_cast<std::size_t>(rows)}, y.data(), stride);
  const std::int64_t from = block.first * width, count = std::min(stride, shape.N - from);
  const float* bias =
      shape.bias ? reinterpret_cast<const float*>(packed + bias_at(shape)) + from : nullptr;
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* in = y.data() + r * stride;
    float* out = args.y_TN + (block.begin + r) * shape.N + from;
    for (std::int64_t n = 0; n < count; ++n) out[n] = bias == nullptr ? in[n] : in[n] + bias[n];
  }
}

void run(const LinearShape& shape, const std::byte* packed, const LinearArgs& args,
         ThreadPool& pool) {
  const PackedShape panels = matrix(shape);
  const std::int64_t blocks = row_blocks(args.T), each = panels_of_block();
  // Those that read the same panels come one after the other.
  pool.run(blocks * panel_blocks(panels), [&](std::int64_t task, std::int64_t) {
    const std::int64_t block = task % blocks, first = task / blocks * each;
    multiply_block(shape, packed, args,
                   {.begin = part(args.T, block, blocks),
                    .end = part(args.T, block + 1, blocks),
                    .first = first,
                    .last = std::min(first + each, panels.panels())});
  });
}

}  // namespace

extern const Linear linear_packed = {
    .name = "packed",
    .by_target = true,
    .supports = [](const LinearShape&) { return panel_width() <= kBlockOutputs; },
    .packed_bytes = packed_bytes,
    .pack = pack,
    .run = run,
};

}  // namespace moe
