// The activations of MLPs, for each set of vector instructions that this build has.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/activation.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
// It includes this file again for each target.
#include <cmath>

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
#include "kernels/activation.h"

HWY_BEFORE_NAMESPACE();
namespace moe {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;

constexpr float kRootTwoOverPi = 0.7978845608028654F, kCube = 0.044715F;

/// x / (1 + exp(-argument)). Beyond 104 Exp() is infinite, and not defined.
HWY_INLINE Vector weighted(Vector x, Vector argument) {
  const Floats d;
  const Vector power = hn::Exp(d, hn::Min(hn::Neg(argument), hn::Set(d, 104.0F)));
  return hn::Div(x, hn::Add(hn::Set(d, 1.0F), power));
}

HWY_INLINE Vector gelu_tanh(Vector x) {
  const Floats d;
  const Vector cubed = hn::Mul(hn::Mul(hn::Mul(x, x), x), hn::Set(d, kCube));
  // 1/2 (1 + tanh z) is 1 / (1 + exp(-2 z)), which does not cancel.
  return weighted(x, hn::Mul(hn::Add(x, cubed), hn::Set(d, 2 * kRootTwoOverPi)));
}

/// Keeps what is no number, as Min and Max do not everywhere.
HWY_INLINE Vector clamped(Vector x, float low, float high) {
  const Floats d;
  const Vector within = hn::Max(hn::Min(x, hn::Set(d, high)), hn::Set(d, low));
  return hn::IfThenElse(hn::IsNaN(x), x, within);
}

HWY_INLINE Vector apply(const MlpKind& kind, Vector gate, Vector up) {
  const Floats d;
  switch (kind.activation) {
    case MlpActivation::silu:
      return hn::Mul(weighted(gate, gate), up);
    case MlpActivation::gelu_tanh:
      return hn::Mul(gelu_tanh(gate), up);
    case MlpActivation::clamped_swiglu: {
      const auto limit = static_cast<float>(kind.limit);
      const Vector c = clamped(gate, hwy::LowestValue<float>(), limit);
      const Vector v = clamped(up, -limit, limit);
      const Vector argument = hn::Mul(c, hn::Set(d, static_cast<float>(kind.alpha)));
      return hn::Mul(weighted(c, argument), hn::Add(v, hn::Set(d, 1.0F)));
    }
    case MlpActivation::gelu:
      break;  // not in vectors
  }
  return up;
}

void activate_all(const MlpKind& kind, const float* gate, const float* up, std::int64_t n,
                  float* h) {
  const Floats d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const Vector one = hn::Set(d, 1.0F);
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const Vector u = hn::LoadU(d, up + i);
    hn::StoreU(kind.gated ? apply(kind, hn::LoadU(d, gate + i), u) : apply(kind, u, one), d, h + i);
  }
  if (i == n) return;
  // The rest as a whole vector, so that an element is computed alike wherever it stands.
  HWY_ALIGN float gates[hn::MaxLanes(d)] = {}, ups[hn::MaxLanes(d)] = {}, out[hn::MaxLanes(d)];
  for (std::int64_t j = i; j < n; ++j) {
    gates[j - i] = kind.gated ? gate[j] : up[j];
    ups[j - i] = kind.gated ? up[j] : 1.0F;
  }
  hn::Store(apply(kind, hn::Load(d, gates), hn::Load(d, ups)), d, out);
  for (std::int64_t j = i; j < n; ++j) h[j] = out[j - i];
}

}  // namespace HWY_NAMESPACE
}  // namespace moe
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>

namespace moe {

HWY_EXPORT(activate_all);

namespace {

constexpr double kUnit = 0x1p-24;  // of rounding in float32
constexpr double kTiny = 0x1p-125;

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

double tanh_argument(double g) {
  return 2 * std::sqrt(2 / M_PI) * (g + 0.044715 * g * g * g);
}

/// std::min and std::max that keep what is no number.
double clamp(double x, double low, double high) {
  return std::isnan(x) ? x : std::clamp(x, low, high);
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The factor that depends on the gate.
double of_gate(const MlpKind& kind, double g) {
  switch (kind.activation) {
    case MlpActivation::silu:
      return g * sigmoid(g);
    case MlpActivation::gelu:
      return 0.5 * g * std::erfc(-g / std::sqrt(2.0));
    case MlpActivation::gelu_tanh:
      return g * sigmoid(tanh_argument(g));
    case MlpActivation::clamped_swiglu: {
      const double c = clamp(g, -kInfinity, kind.limit);
      return c * sigmoid(kind.alpha * c);
    }
  }
  return 0;
}

/// The other one.
double of_up(const MlpKind& kind, double u) {
  if (kind.activation != MlpActivation::clamped_swiglu) return u;
  return clamp(u, -kind.limit, kind.limit) + 1;
}

double argument_of(const MlpKind& kind, double g) {
  switch (kind.activation) {
    case MlpActivation::silu:
      return g;
    case MlpActivation::gelu:
      return 0;  // computed in float64
    case MlpActivation::gelu_tanh:
      return tanh_argument(g);
    case MlpActivation::clamped_swiglu:
      return kind.alpha * std::min(g, kind.limit);
  }
  return 0;
}

}  // namespace

double activated(const MlpKind& kind, double gate, double up) {
  return kind.gated ? of_gate(kind, gate) * of_up(kind, up) : of_gate(kind, up);
}

double activation_error(const MlpKind& kind, double gate, double up) {
  const double g = kind.gated ? gate : up;
  const double factor = kind.gated ? std::abs(of_up(kind, up)) + kUnit : 1;
  const double size = std::abs(of_gate(kind, g));
  // exp(-a) is off by |a| roundings of a, and infinite where g / exp(-a) is less than |g| 2^-127;
  // what is smaller than any float is lost.
  return ((16 + 8 * std::abs(argument_of(kind, g))) * kUnit * size + 0x1p-127 * std::abs(g)) *
             factor +
         kTiny * (1 + factor);
}

double activation_change(const MlpKind& kind, double gate, double up, double gate_error,
                         double up_error) {
  constexpr double kSteepest = 1.13;  // of all factors of the gate
  if (!kind.gated) return kSteepest * up_error;
  return kSteepest * gate_error * (std::abs(of_up(kind, up)) + up_error) +
         std::abs(of_gate(kind, gate)) * up_error;
}

void activate(const MlpKind& kind, const float* gate, const float* up, std::int64_t n, float* h) {
  if (kind.activation != MlpActivation::gelu) {
    HWY_DYNAMIC_DISPATCH(activate_all)(kind, gate, up, n, h);
    return;
  }
  for (std::int64_t i = 0; i < n; ++i)
    h[i] = static_cast<float>(activated(kind, kind.gated ? double{gate[i]} : 0, double{up[i]}));
}

}  // namespace moe
#endif
