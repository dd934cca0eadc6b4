// CPU: rows sorted by expert; gate, up and activation in one task, down in another, both over
// packed panels; then each row adds up what its experts said, in their order.
#include <algorithm>
#include <array>
#include <vector>

#include "kernels/expert_gemm/by_expert.h"
#include "kernels/expert_gemm/expert_gemm.h"
#include "kernels/packed/aligned.h"
#include "kernels/packed/packing.h"
#include "kernels/packed/tiling.h"

namespace moe {
namespace {

constexpr auto kFloat = std::int64_t{sizeof(float)};
using Scratch = std::array<float, static_cast<std::size_t>(kBlockRows* kBlockOutputs)>;
using Rows = std::array<const float*, static_cast<std::size_t>(kBlockRows)>;

PackedShape inner(const ExpertGemmShape& shape) {  // gate and up
  return {.N = shape.F, .K = shape.D, .format = shape.format};
}

PackedShape outer(const ExpertGemmShape& shape) {  // down
  return {.N = shape.D, .K = shape.F, .format = shape.format};
}

/// An expert's parts in its bytes: gate (where there is one), up, down, and their biases.
struct Layout {
  explicit Layout(const ExpertGemmShape& shape) {
    const std::int64_t gate = shape.mlp.gated ? 1 : 0, bias = shape.bias ? 1 : 0;
    up = gate * aligned_size(inner(shape).bytes());
    down = up + aligned_size(inner(shape).bytes());
    gate_bias = down + aligned_size(outer(shape).bytes());
    up_bias = gate_bias + gate * bias * aligned_size(shape.F * kFloat);
    down_bias = up_bias + bias * aligned_size(shape.F * kFloat);
    bytes = down_bias + bias * aligned_size(shape.D * kFloat);
  }
  std::int64_t up = 0, down = 0, gate_bias = 0, up_bias = 0, down_bias = 0, bytes = 0;
};

std::int64_t packed_bytes(const ExpertGemmShape& shape) {
  return shape.E * Layout(shape).bytes;
}

void copy_biases(const ExpertGemmShape& shape, const ExpertWeights& from, std::byte* to) {
  const Layout layout(shape);
  const auto copy = [&](const float* bias, std::int64_t n, std::int64_t at) {
    std::copy_n(bias, n, reinterpret_cast<float*>(to + at));
  };
  if (shape.mlp.gated) copy(from.gate_bias_F, shape.F, layout.gate_bias);
  copy(from.up_bias_F, shape.F, layout.up_bias);
  copy(from.down_bias_D, shape.D, layout.down_bias);
}

void pack(const ExpertGemmShape& shape, std::span<const ExpertWeights> experts, std::byte* packed,
          ThreadPool& pool) {
  const Layout layout(shape);
  std::vector<PackJob> jobs;
  for (const ExpertWeights& from : experts) {
    if (shape.mlp.gated) jobs.push_back({inner(shape), from.gate_FD, packed});
    jobs.push_back({inner(shape), from.up_FD, packed + layout.up});
    jobs.push_back({outer(shape), from.down_DF, packed + layout.down});
    if (shape.bias) copy_biases(shape, from, packed);
    packed += layout.bytes;
  }
  moe::pack(jobs, pool);
}

/// What a step is computed in. Rows of h and y are whole panels, so that tiles need no edges.
struct Workspace {
  Workspace(const ExpertGemmShape& shape, std::int64_t T, std::byte* at)
      : h_stride(inner(shape).panels() * panel_width()),
        y_stride(outer(shape).panels() * panel_width()) {
    const std::int64_t pairs = T * shape.K;
    const auto take = [&](std::int64_t size) {
      std::byte* here = at == nullptr ? nullptr : at + bytes;  // null: only the size is asked for
      bytes += aligned_size(size);
      return here;
    };
    sorting = take(by_expert_bytes(shape.E, pairs));
    h = reinterpret_cast<float*>(take(pairs * h_stride * kFloat));
    y = reinterpret_cast<float*>(take(pairs * y_stride * kFloat));
    scaled_x = reinterpret_cast<float*>(take(shape.scale_input ? pairs * shape.D * kFloat : 0));
  }
  std::int64_t h_stride, y_stride;  // floats
  std::byte* sorting;
  float *h, *y;     // by place in the order of experts
  float* scaled_x;  // by pair
  std::int64_t bytes = 0;
};

/// A step under way.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): all of it is given
struct Step {
  const ExpertGemmShape& shape;
  const std::byte* packed;
  const ExpertGemmArgs& args;
  ThreadPool& pool;
  Workspace workspace;
  Layout layout;
  ByExpert sorted;

  const std::byte* expert(std::int64_t e) const { return packed + e * layout.bytes; }
  const float* bias(std::int64_t e, std::int64_t at) const {
    return reinterpret_cast<const float*>(expert(e) + at);
  }
  const float* input(std::int64_t pair) const {
    return shape.scale_input ? workspace.scaled_x + pair * shape.D
                             : args.x_TD + pair / shape.K * shape.D;
  }
};

/// One task: places [begin, end) of the order, which are of one expert; panels [first, last).
struct Block {
  std::int64_t expert, begin, end, first, last;
};

/// Calls work(block) for all blocks of a projection, those of the same panels one after the other.
template <typename Work>
void for_each_block(const Step& step, const PackedShape& matrix, Work&& work) {
  const std::int64_t wide = panel_blocks(matrix), each = panels_of_block();
  step.pool.run(step.sorted.blocks * wide, [&](std::int64_t task, std::int64_t) {
    const ActiveExpert& active = expert_of_block(step.sorted, task / wide);
    const std::int64_t local = task - active.first_block * wide;
    const std::int64_t block = local % active.blocks, first = local / active.blocks * each;
    work(Block{.expert = active.expert,
               .begin = active.first + part(active.rows, block, active.blocks),
               .end = active.first + part(active.rows, block + 1, active.blocks),
               .first = first,
               .last = std::min(first + each, matrix.panels())});
  });
}

void add_bias(float* y, std::int64_t rows, std::int64_t stride, const float* bias, std::int64_t n) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t i = 0; i < n; ++i) y[r * stride + i] += bias[i];
  }
}

/// h of a block: both projections into the cache, activated from there.
void inner_block(const Step& step, const Block& block) {
  const ExpertGemmShape& shape = step.shape;
  const PackedShape matrix = inner(shape);
  const std::int64_t rows = block.end - block.begin, from = block.first * panel_width();
  const std::int64_t stride = (block.last - block.first) * panel_width();
  const std::int64_t count = std::min(stride, shape.F - from);
  Rows x{};
  for (std::int64_t r = 0; r < rows; ++r)
    x[static_cast<std::size_t>(r)] =
        step.input(step.sorted.pair_N[static_cast<std::size_t>(block.begin + r)]);
  const std::span inputs(x.data(), static_cast<std::size_t>(rows));
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): all that is read is written first
  alignas(64) Scratch gate, up;
  const auto project = [&](std::int64_t at, std::int64_t bias, Scratch& out) {
    multiply_panels({matrix, step.expert(block.expert) + at, block.first, block.last}, inputs,
                    out.data(), stride);
    if (shape.bias) add_bias(out.data(), rows, stride, step.bias(block.expert, bias) + from, count);
  };
  if (shape.mlp.gated) project(0, step.layout.gate_bias, gate);
  project(step.layout.up, step.layout.up_bias, up);
  for (std::int64_t r = 0; r < rows; ++r) {
    activate(shape.mlp, gate.data() + r * stride, up.data() + r * stride, count,
             step.workspace.h + (block.begin + r) * step.workspace.h_stride + from);
  }
}

void outer_block(const Step& step, const Block& block) {
  const std::int64_t rows = block.end - block.begin;
  Rows h{};
  for (std::int64_t r = 0; r < rows; ++r)
    h[static_cast<std::size_t>(r)] = step.workspace.h + (block.begin + r) * step.workspace.h_stride;
  float* y = step.workspace.y + block.begin * step.workspace.y_stride + block.first * panel_width();
  const PackedShape matrix = outer(step.shape);
  multiply_panels({matrix, step.expert(block.expert) + step.layout.down, block.first, block.last},
                  {h.data(), static_cast<std::size_t>(rows)}, y, step.workspace.y_stride);
}

/// y of one row: its experts' outputs in the order of its choices.
void add_up(const Step& step, std::int64_t t) {
  const ExpertGemmShape& shape = step.shape;
  float* out = step.args.y_TD + t * shape.D;
  std::fill_n(out, shape.D, 0.0F);
  for (std::int64_t n = t * shape.K; n < (t + 1) * shape.K; ++n) {
    const std::int64_t place = step.sorted.place_N[static_cast<std::size_t>(n)];
    const float* y = step.workspace.y + place * step.workspace.y_stride;
    const float weight = shape.scale_input ? 1.0F : step.args.weight_TK[n];
    if (shape.bias) {
      const float* bias = step.bias(step.args.expert_TK[n], step.layout.down_bias);
      for (std::int64_t d = 0; d < shape.D; ++d) out[d] += weight * (y[d] + bias[d]);
    } else {
      for (std::int64_t d = 0; d < shape.D; ++d) out[d] += weight * y[d];
    }
  }
}

void scale_inputs(const Step& step) {
  const std::int64_t D = step.shape.D, K = step.shape.K;
  step.pool.run(step.args.T * K, [&](std::int64_t n, std::int64_t) {
    for (std::int64_t d = 0; d < D; ++d)
      step.workspace.scaled_x[n * D + d] = step.args.weight_TK[n] * step.args.x_TD[n / K * D + d];
  });
}

void run(const ExpertGemmShape& shape, const std::byte* packed, const ExpertGemmArgs& args,
         ThreadPool& pool) {
  if (args.T == 0) return;
  const Workspace workspace(shape, args.T, args.workspace);
  const std::span experts(args.expert_TK, static_cast<std::size_t>(args.T * shape.K));
  const Step step{.shape = shape,
                  .packed = packed,
                  .args = args,
                  .pool = pool,
                  .workspace = workspace,
                  .layout = Layout(shape),
                  .sorted = sort_by_expert(experts, shape.E, workspace.sorting)};
  if (shape.scale_input) scale_inputs(step);
  for_each_block(step, inner(shape), [&](const Block& block) { inner_block(step, block); });
  for_each_block(step, outer(shape), [&](const Block& block) { outer_block(step, block); });
  constexpr std::int64_t kTogether = 8;
  pool.run((args.T + kTogether - 1) / kTogether, [&](std::int64_t task, std::int64_t) {
    const std::int64_t end = std::min(args.T, (task + 1) * kTogether);
    for (std::int64_t t = task * kTogether; t < end; ++t) add_up(step, t);
  });
}

bool supports(const ExpertGemmShape& shape) {
  return panel_width() <= kBlockOutputs &&
         (shape.mlp.gated || shape.mlp.activation != MlpActivation::clamped_swiglu);
}

}  // namespace

extern const ExpertGemm expert_gemm_packed = {
    .name = "packed",
    .by_target = true,
    .supports = supports,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .workspace_bytes = [](const ExpertGemmShape& shape,
                          std::int64_t T) { return Workspace(shape, T, nullptr).bytes; },
    .run = run,
};

}  // namespace moe
