#include "models/decoder/tensors.h"

#include <optional>

#include "models/checkpoint/finite.h"
#include "models/checkpoint/rounding.h"

namespace moe {
namespace {

at::ScalarType scalar_type(StorageFormat format) {
  return format == StorageFormat::f32   ? at::kFloat
         : format == StorageFormat::f16 ? at::kHalf
                                        : at::kBFloat16;
}

/// The dtype of 16 bits that elements are kept in, if they are.
std::optional<DType> narrow(at::ScalarType kept) {
  if (kept == at::kHalf) return DType::f16;
  if (kept == at::kBFloat16) return DType::bf16;
  return std::nullopt;
}

}  // namespace

Tensor borrowed(const WeightView& view) {
  // LibTorch has no tensor over const memory; nothing writes through this one.
  void* data = const_cast<std::byte*>(view.bytes.data());
  return at::from_blob(data, view.shape, at::TensorOptions(scalar_type(view.format)));
}

Tensor copied(const WeightView& view, const at::TensorOptions& options) {
  Tensor copy = at::empty(view.shape, options);
  copy_to(copy, view);
  return copy;
}

void copy_to(const Tensor& to, const WeightView& view) {
  check_finite(view);
  if (const auto kept = narrow(to.scalar_type())) check_sizes(view, largest(*kept), name_of(*kept));
  to.copy_(borrowed(view));
  view.release();
}

std::int64_t bytes_of(const Tensor& t) {
  return t.defined() ? static_cast<std::int64_t>(t.nbytes()) : 0;
}

at::ScalarType wide(at::ScalarType narrow) {
  return narrow == at::kDouble ? at::kDouble : at::kFloat;
}

}  // namespace moe
