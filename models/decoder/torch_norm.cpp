#include "models/decoder/torch_norm.h"

#include "models/decoder/tensors.h"

namespace moe {
namespace {

Tensor rms_norm(const NormSpec& spec, const Tensor& wide_x) {
  return wide_x * at::rsqrt(wide_x.pow(2).mean(-1, /*keepdim=*/true) + spec.eps);
}

}  // namespace

Tensor torch_norm(const NormSpec& spec, const Tensor& weight, const Tensor& x) {
  const Tensor wide_x = x.to(wide(x.scalar_type()));
  const Tensor y =
      (spec.kind == NormKind::rms ? rms_norm(spec, wide_x)
                                  : at::layer_norm(wide_x, {spec.width}, {}, {}, spec.eps))
          .to(x.dtype());
  return weight.defined() ? weight * y : y;
}

}  // namespace moe
