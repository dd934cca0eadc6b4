#include "models/decoder/kept_tensors.h"

#include <algorithm>

namespace moe {
namespace {

/// Is the handle the only one to the tensor, and the tensor the only one on its memory?
bool is_free(const Tensor& tensor) {
  return tensor.use_count() == 1 && tensor.unsafeGetTensorImpl()->unsafe_storage().use_count() == 1;
}

/// An ordinary tensor, whoever takes it first: one of inference mode could be changed in no other.
Tensor ordinary(at::IntArrayRef sizes, at::ScalarType type) {
  const c10::InferenceMode no(false);
  return at::empty(sizes, type);
}

}  // namespace

Tensor KeptTensors::take(at::IntArrayRef sizes, at::ScalarType type) {
  const std::int64_t rows = sizes.front();
  std::int64_t width = 1;
  for (const std::int64_t size : sizes.slice(1)) width *= size;
  Kept* found = nullptr;
  for (Kept& kept : all_) {
    if (kept.width != width || kept.tensor.scalar_type() != type || !is_free(kept.tensor)) continue;
    found = &kept;
    if (kept.rows >= rows) break;
  }
  if (found == nullptr) found = &all_.emplace_back();
  if (!found->tensor.defined() || found->rows < rows) {
    found->tensor.reset();  // before its successor is made: both are never there
    *found = {.tensor = ordinary(sizes, type), .width = width, .rows = rows, .used = rows};
  }
  found->used = std::max(found->used, rows);
  found->tensor.unsafeGetTensorImpl()->set_sizes_contiguous(sizes);
  return found->tensor;
}

void KeptTensors::begin_step() {
  std::erase_if(all_, [](const Kept& kept) { return is_too_much(kept.rows, kept.used); });
  for (Kept& kept : all_) kept.used = 0;
}

std::int64_t KeptTensors::bytes() const {
  std::int64_t sum = 0;
  for (const Kept& kept : all_)
    sum += kept.width * kept.rows * static_cast<std::int64_t>(kept.tensor.itemsize());
  return sum;
}

}  // namespace moe
