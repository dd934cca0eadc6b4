#include "models/decoder/view_rows.h"

#include <algorithm>

#include "kernels/packed/aligned.h"
#include "kernels/packed/quantised.h"
#include "models/checkpoint/finite.h"
#include "models/decoder/tensors.h"

namespace moe {
namespace {

at::ScalarType scalar_type(PackedFormat format) {
  return format == PackedFormat::f32   ? at::kFloat
         : format == PackedFormat::f16 ? at::kHalf
                                       : at::kBFloat16;
}

/// Elements in another dtype. A few at a time: LibTorch divides more of them among threads of its
/// own.
void convert(const WeightView& view, at::ScalarType dtype, std::byte* out) {
  constexpr std::int64_t kTogether = 1 << 14;
  const std::int64_t count = view.elements();
  const WeightView flat{.bytes = view.bytes, .format = view.format, .shape = {count}};
  for (std::int64_t begin = 0; begin < count; begin += kTogether) {
    const std::int64_t end = std::min(count, begin + kTogether);
    std::byte* to = out + begin * static_cast<std::int64_t>(at::elementSize(dtype));
    at::from_blob(to, {end - begin}, at::TensorOptions(dtype))
        .copy_(borrowed(flat.rows(begin, end)));
  }
}

bool is_kept_as(StorageFormat stored, PackedFormat format) {
  return (stored == StorageFormat::f32 && format == PackedFormat::f32) ||
         (stored == StorageFormat::f16 && format == PackedFormat::f16) ||
         (stored == StorageFormat::bf16 && format == PackedFormat::bf16);
}

}  // namespace

const std::byte* ViewRows::rows(std::int64_t begin, std::int64_t end, std::byte* room) const {
  const WeightView some = view_.rows(begin, end);
  if (some.unchecked && first_beyond(some)) check_finite(view_);
  if (is_kept_as(view_.format, format_)) return some.bytes.data();
  if (first_beyond(some, largest_element(format_))) check();
  if (is_quantised(format_)) {
    quantise_rows(some, room);
  } else {
    convert(some, scalar_type(format_), room);
  }
  return room;
}

void ViewRows::quantise_rows(const WeightView& some_NK, std::byte* out) const {
  const std::int64_t N = some_NK.shape[0], K = some_NK.shape[1], each = row_bytes(format_, K);
  const AlignedBytes floats = aligned_bytes(N * K * std::int64_t{sizeof(float)});
  convert(some_NK, at::kFloat, floats.get());
  const auto* row = reinterpret_cast<const float*>(floats.get());
  for (std::int64_t n = 0; n < N; ++n)
    quantise(format_, {row + n * K, static_cast<std::size_t>(K)}, out + n * each);
}

void ViewRows::soon(std::int64_t begin, std::int64_t end) const {
  if (view_.mapping != nullptr) view_.rows(begin, end).will_read();
}

void ViewRows::done(std::int64_t begin, std::int64_t end) const {
  if (view_.mapping != nullptr) view_.rows(begin, end).release();
}

void ViewRows::check() const {
  check_finite(view_);
  check_sizes(view_, largest_element(format_), name_of(format_));
}

}  // namespace moe
