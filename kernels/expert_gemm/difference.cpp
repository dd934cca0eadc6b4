#include "kernels/expert_gemm/difference.h"

#include <algorithm>

#include "kernels/packed/difference.h"

namespace moe {
namespace {

/// Mixtral, OLMoE and Qwen3, gpt-oss, Llama 4, quantised ones, a dense MLP: narrower, with fewer
/// experts.
constexpr ExpertGemmShape kShapes[] = {
    {.E = 8, .K = 2, .D = 96, .F = 80, .mlp = {}, .format = PackedFormat::bf16},
    {.E = 64, .K = 8, .D = 64, .F = 40, .mlp = {}, .format = PackedFormat::f16},
    {.E = 16,
     .K = 4,
     .D = 72,
     .F = 72,
     .mlp = {.activation = MlpActivation::clamped_swiglu},
     .format = PackedFormat::bf16,
     .bias = true},
    {.E = 16, .K = 1, .D = 64, .F = 96, .mlp = {}, .scale_input = true},
    {.E = 16, .K = 4, .D = 96, .F = 40, .mlp = {}, .format = PackedFormat::int8},
    {.E = 16, .K = 4, .D = 64, .F = 72, .mlp = {}, .format = PackedFormat::int4},
    {.E = 16,
     .K = 4,
     .D = 72,
     .F = 72,
     .mlp = {.activation = MlpActivation::clamped_swiglu},
     .format = PackedFormat::mxfp4,
     .bias = true},
    {.E = 1,
     .K = 1,
     .D = 96,
     .F = 200,
     .mlp = {.activation = MlpActivation::gelu_tanh, .gated = false},
     .bias = true},
};

}  // namespace

double expert_gemm_difference(const ExpertGemm& implementation) {
  ThreadPool pool(2);
  double worst = 0;
  for (const ExpertGemmShape& shape : kShapes) {
    if (!implementation.supports(shape)) continue;
    const ExpertGemmCase some(shape, 30, 7);
    worst = std::max(worst, difference_of(some.run(implementation, pool),
                                          some.run(*expert_gemms()[0], pool), some.bounds()));
  }
  return worst;
}

}  // namespace moe
