// CPU: logits of some rows and some ids at a time, in the cache; of each row and its ids only the
// largest and a sum stay, which are put together in the order of the vocabulary.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "kernels/log_softmax_gather/log_softmax_gather.h"
#include "kernels/log_softmax_gather/partial.h"
#include "kernels/packed/tiling.h"

namespace moe {

extern const Linear linear_packed;  // whose weights are the panels of packed_matrix.h

namespace {

constexpr std::int64_t kRowsAtATime = 1024;  // whose partial sums are kept

PackedShape matrix(const LogSoftmaxGatherShape& shape) {
  return {.N = shape.V, .K = shape.D, .format = shape.format};
}

std::int64_t target_bytes(std::int64_t R) {
  return (R + 1) * std::int64_t{sizeof(std::int64_t)};
}

std::int64_t workspace_bytes(const LogSoftmaxGatherShape& shape, std::int64_t R) {
  return target_bytes(R) + std::min(R, kRowsAtATime) * panel_blocks(matrix(shape)) *
                               std::int64_t{sizeof(PartialSoftmax)};
}

/// What a run is computed in: of each row its first target, and the partial sums of some rows.
struct Gather {
  const LogSoftmaxGatherShape& shape;
  const std::byte* packed;
  const LogSoftmaxGatherArgs& args;
  std::int64_t* first_R;
  PartialSoftmax* partial_RC;
  std::int64_t chunks;
};

void find_targets(const Gather& gather) {
  std::int64_t n = 0;
  for (std::int64_t row = 0; row <= gather.args.R; ++row) {
    while (n < std::ssize(gather.args.row_N) &&
           gather.args.row_N[static_cast<std::size_t>(n)] < row)
      ++n;
    gather.first_R[row] = n;
  }
}

/// One task: rows [begin, end) and the ids of a chunk. Targets among these get their logits.
void chunk_of_rows(const Gather& gather, std::int64_t group, std::int64_t begin, std::int64_t end,
                   std::int64_t chunk) {
  const LogSoftmaxGatherArgs& args = gather.args;
  const PackedShape panels = matrix(gather.shape);
  const std::int64_t each = panels_of_block(), first = chunk * each;
  const std::int64_t last = std::min(first + each, panels.panels());
  const std::int64_t stride = (last - first) * panel_width(), id = first * panel_width();
  const std::int64_t ids = std::min(stride, gather.shape.V - id), rows = end - begin;
  std::array<const float*, kBlockRows> x{};
  for (std::int64_t r = 0; r < rows; ++r)
    x.at(static_cast<std::size_t>(r)) = args.x_RD + (begin + r) * gather.shape.D;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): all that is read is written first
  alignas(64) std::array<float, static_cast<std::size_t>(kBlockRows * kBlockOutputs)> logits;
  multiply_panels({panels, gather.packed, first, last}, {x.data(), static_cast<std::size_t>(rows)},
                  logits.data(), stride);
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* row = logits.data() + r * stride;
    PartialSoftmax& partial = gather.partial_RC[(begin + r - group) * gather.chunks + chunk];
    partial = partial_softmax(row, ids);
    partial.best += static_cast<std::int32_t>(id);
    for (std::int64_t n = gather.first_R[begin + r]; n < gather.first_R[begin + r + 1]; ++n) {
      const std::int64_t local = args.id_N[static_cast<std::size_t>(n)] - id;
      if (local >= 0 && local < ids) args.log_p_N[n] = row[local];
    }
  }
}

/// Puts a row's partial sums together, and makes log-probabilities of its targets' logits.
void finish_row(const Gather& gather, std::int64_t group, std::int64_t row) {
  double largest = -std::numeric_limits<double>::infinity(), sum = 0;
  std::int64_t best = 0;
  for (std::int64_t chunk = 0; chunk < gather.chunks; ++chunk) {
    const PartialSoftmax& part = gather.partial_RC[(row - group) * gather.chunks + chunk];
    if (part.largest > largest) {
      sum = sum * std::exp(largest - part.largest) + part.sum;
      largest = part.largest;
      best = part.best;
    } else {
      sum += part.sum * std::exp(part.largest - largest);
    }
  }
  for (std::int64_t n = gather.first_R[row]; n < gather.first_R[row + 1]; ++n) {
    gather.args.log_p_N[n] = static_cast<float>(gather.args.log_p_N[n] - largest - std::log(sum));
    const bool is_best = gather.args.id_N[static_cast<std::size_t>(n)] == best;
    gather.args.is_best_N[n] = is_best && !std::isnan(sum) ? 1 : 0;
  }
}

void run(const LogSoftmaxGatherShape& shape, const std::byte* packed,
         const LogSoftmaxGatherArgs& args, ThreadPool& pool) {
  const Gather gather = {
      .shape = shape,
      .packed = packed,
      .args = args,
      .first_R = reinterpret_cast<std::int64_t*>(args.workspace),
      .partial_RC = reinterpret_cast<PartialSoftmax*>(args.workspace + target_bytes(args.R)),
      .chunks = panel_blocks(matrix(shape))};
  find_targets(gather);
  for (std::int64_t group = 0; group < args.R; group += kRowsAtATime) {
    const std::int64_t rows = std::min(kRowsAtATime, args.R - group), blocks = row_blocks(rows);
    pool.run(blocks * gather.chunks, [&](std::int64_t task, std::int64_t) {
      const std::int64_t block = task % blocks;
      chunk_of_rows(gather, group, group + part(rows, block, blocks),
                    group + part(rows, block + 1, blocks), task / blocks);
    });
    pool.run(rows, [&](std::int64_t row, std::int64_t) { finish_row(gather, group, group + row); });
  }
}

}  // namespace

extern const LogSoftmaxGather log_softmax_gather_packed = {
    .name = "packed",
    .by_target = true,
    .supports = [](const LogSoftmaxGatherShape&) { return panel_width() <= kBlockOutputs; },
    .linear = &linear_packed,
    .workspace_bytes = workspace_bytes,
    .run = run,
};

}  // namespace moe
