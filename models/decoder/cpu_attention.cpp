#include "models/decoder/cpu_attention.h"

#include "harness/error.h"
#include "kernels/choice.h"
#include "models/decoder/cpu_weights.h"
#include "models/decoder/prepared.h"

namespace moe {

AttentionShape attention_shape(const AttentionSpec& spec, std::int64_t tokens_per_page) {
  return {.H = spec.heads,
          .G = spec.kv_heads,
          .d = spec.qk_dim,
          .e = spec.v_dim,
          .B = tokens_per_page,
          .scale = spec.scale,
          .softcap = spec.softcap,
          .window = spec.window.value_or(0),
          .chunk = spec.chunk.value_or(0),
          .causal = spec.causal,
          .sinks = spec.sinks};
}

Tensor cpu_attention(const CpuStep& step, const AttentionArgs& args, CpuWork& work) {
  const AttentionSpec& spec = *args.spec;
  require((args.sinks != nullptr) == spec.sinks, "attention {} sinks, of a spec {} them",
          args.sinks != nullptr ? "with" : "without", spec.sinks ? "with" : "without");
  require(!args.additive_bias.defined(), "the cpu table has no attention with an additive bias");
  require(args.q_THd.size(0) == step.rows(), "attention over {} rows of a step of {}",
          args.q_THd.size(0), step.rows());
  const Tensor q = args.q_THd.contiguous(), k = args.k_TGd.contiguous(),
               v = args.v_TGe.contiguous();
  Tensor y = work.tensors.take({step.rows(), spec.heads * spec.v_dim}, at::kFloat);
  for (const AttendedPages& pages : {step.cached(args.layer), step.uncached(spec)}) {
    if (pages.sequences.empty()) continue;
    const AttentionShape shape = attention_shape(spec, pages.tokens_per_page);
    const PagedAttention& kernel = first_that_takes("attention", paged_attentions(), shape);
    const std::int64_t bytes = kernel.workspace_bytes(
        shape, step.rows(), std::ssize(pages.sequences), work.pool.threads());
    kernel.run(shape,
               {.sequences = pages.sequences,
                .q_THd = q.const_data_ptr<float>(),
                .k_TGd = k.const_data_ptr<float>(),
                .v_TGe = v.const_data_ptr<float>(),
                .sink_H = args.sinks != nullptr ? prepared_as<CpuFloats>(*args.sinks).values.data()
                                                : nullptr,
                .keys = pages.keys,
                .values = pages.values,
                .y_THe = y.mutable_data_ptr<float>(),
                .workspace = work.workspace.bytes(bytes)},
               work.pool);
  }
  return y;
}

}  // namespace moe
