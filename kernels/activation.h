// What an MLP does between its projections.
#pragma once

#include <cstdint>

namespace moe {

/// Of a gate g and an up projection u: silu(g) u, with silu(g) = g / (1 + exp(-g)); gelu(g) u, of
/// the error function or of its tanh approximation (Hendrycks and Gimpel 2016, arXiv:1606.08415,
/// eq. 2); clamped_swiglu (gpt-oss): c sigmoid(alpha c) (v + 1) of c = min(g, limit) and of u
/// within its limits, v. Without a gate: the same of u, times 1.
enum class MlpActivation : std::uint8_t { silu, gelu, gelu_tanh, clamped_swiglu };

struct MlpKind {
  MlpActivation activation = MlpActivation::silu;
  bool gated = true;
  double alpha = 1.702, limit = 7;  // of clamped_swiglu, which is gated
};

/// In float64: the definition. `gate` is not read where the kind has none.
double activated(const MlpKind&, double gate, double up);

/// h[i] = activated(gate[i], up[i]) in float32, within activation_error of it. What is no number
/// stays so. An element's bits do not depend on where it stands.
void activate(const MlpKind&, const float* gate, const float* up, std::int64_t n, float* h);

/// How far activate(gate, up) may be from activated(gate, up): the argument of its exponential is
/// rounded a few times, and so is the rest.
double activation_error(const MlpKind&, double gate, double up);

/// How far activated() moves at most where gate and up are off by these.
double activation_change(const MlpKind&, double gate, double up, double gate_error,
                         double up_error);

}  // namespace moe
