#include "lab/losses.h"

#include "models/decoder/tensors.h"

namespace moe {

Tensor balance_loss(const Tensor& logits_TE, const Tensor& expert_TK) {
  const std::int64_t experts = logits_TE.size(1);
  const at::ScalarType dtype = wide(logits_TE.scalar_type());
  const Tensor share_E = at::bincount(expert_TK.reshape(-1), {}, experts).to(dtype) /
                         static_cast<double>(expert_TK.numel());
  const Tensor probability_E = at::softmax(logits_TE, -1, dtype).mean(0);
  return static_cast<double>(experts) * (share_E * probability_E).sum();
}

Tensor router_z_loss(const Tensor& logits_TE) {
  const Tensor logits = logits_TE.to(wide(logits_TE.scalar_type()));
  return at::logsumexp(logits, -1).square().mean();
}

Tensor loads_of(const Tensor& expert_TK, std::int64_t experts) {
  return at::bincount(expert_TK.reshape(-1), {}, experts).to(at::kCPU);
}

}  // namespace moe
