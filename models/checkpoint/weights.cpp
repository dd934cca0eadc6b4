#include "models/checkpoint/weights.h"

#include "harness/error.h"
#include "models/checkpoint/checkpoint.h"
#include "models/checkpoint/synthetic.h"
#include "models/target.h"

namespace moe {

std::int64_t size_of(StorageFormat format) {
  return format == StorageFormat::f32 ? 4 : 2;
}

StorageFormat format_of(DType dtype) {
  return dtype == DType::f32   ? StorageFormat::f32
         : dtype == DType::f16 ? StorageFormat::f16
                               : StorageFormat::bf16;
}

std::int64_t WeightView::elements() const {
  std::int64_t n = 1;
  for (const std::int64_t extent : shape) n *= extent;
  return n;
}

WeightView WeightView::rows(std::int64_t begin, std::int64_t end) const {
  require(!shape.empty() && begin >= 0 && begin <= end && end <= shape[0],
          "rows {} to {} of a weight with {}", begin, end, shape.empty() ? 0 : shape[0]);
  const std::size_t row = shape[0] == 0 ? 0 : bytes.size() / static_cast<std::size_t>(shape[0]);
  WeightView out = *this;
  out.bytes = bytes.subspan(static_cast<std::size_t>(begin) * row,
                            static_cast<std::size_t>(end - begin) * row);
  out.shape[0] = end - begin;
  out.parameter.clear();
  return out;
}

void WeightView::will_read() const {
  if (mapping != nullptr) mapping->will_read(bytes);
}

void WeightView::release() const {
  if (mapping != nullptr) mapping->release(bytes);
}

std::unique_ptr<WeightSource> open_weights(const Target& target, const Config& config) {
  if (target.kind == TargetKind::synthetic) {
    return std::make_unique<Synthetic>(config, integer_of(target, "seed", 0),
                                       dtype_of(target, config));
  }
  return std::make_unique<Checkpoint>(target.directory, config);
}

}  // namespace moe
