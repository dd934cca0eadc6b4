#include "models/decoder/tensors.h"

#include "models/checkpoint/finite.h"

namespace moe {
namespace {

at::ScalarType scalar_type(StorageFormat format) {
  return format == StorageFormat::f32   ? at::kFloat
         : format == StorageFormat::f16 ? at::kHalf
                                        : at::kBFloat16;
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
