#include "models/checkpoint/finite.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "harness/error.h"
#include "kernels/packed/half.h"
#include "models/checkpoint/rounding.h"

namespace moe {
namespace {

/// The first of the elements, of type Bits, whose size has greater bits than those of the limit:
/// sizes and their bits are in the same order, and behind all of them is what is no number.
template <typename Bits>
std::optional<std::int64_t> first_above(const WeightView& view, Bits limit) {
  constexpr std::int64_t kTogether = 4096;
  constexpr auto kSize = static_cast<Bits>(static_cast<Bits>(~Bits{0}) >> 1U);  // without the sign
  std::array<Bits, kTogether> some{};  // elements may stand anywhere
  const std::int64_t count = view.elements();
  for (std::int64_t begin = 0; begin < count; begin += kTogether) {
    const std::int64_t size = std::min(kTogether, count - begin);
    std::memcpy(some.data(), view.bytes.data() + begin * std::int64_t{sizeof(Bits)},
                static_cast<std::size_t>(size) * sizeof(Bits));
    const auto all = std::span(some).first(static_cast<std::size_t>(size));
    unsigned found = 0;  // without a way out, so that vectors of elements are looked at
    for (const Bits bits : all) found |= static_cast<unsigned>((bits & kSize) > limit);
    if (found == 0) continue;
    const auto is_above = [&](Bits bits) { return (bits & kSize) > limit; };
    return begin + (std::ranges::find_if(all, is_above) - all.begin());
  }
  return std::nullopt;
}

/// The bits of the largest float16 up to the limit.
std::uint16_t half_up_to(float limit) {
  const std::uint16_t nearest = to_f16(std::min(limit, largest(DType::f16)));
  return float_of_half(nearest) > limit ? nearest - 1 : nearest;
}

float value_at(const WeightView& view, std::int64_t element) {
  const std::byte* at = view.bytes.data() + element * size_of(view.format);
  if (view.format == StorageFormat::f32) {
    float value = 0;
    std::memcpy(&value, at, sizeof(value));
    return value;
  }
  std::uint16_t bits = 0;
  std::memcpy(&bits, at, sizeof(bits));
  return view.format == StorageFormat::f16 ? float_of_half(bits)
                                           : std::bit_cast<float>(std::uint32_t{bits} << 16U);
}

}  // namespace

std::optional<std::int64_t> first_beyond(const WeightView& view, float limit) {
  const auto bits = std::bit_cast<std::uint32_t>(limit);
  switch (view.format) {
    case StorageFormat::f32:
      return first_above<std::uint32_t>(view, bits);
    case StorageFormat::f16:
      return first_above<std::uint16_t>(view, half_up_to(limit));
    case StorageFormat::bf16:
      break;
  }
  return first_above<std::uint16_t>(view, static_cast<std::uint16_t>(bits >> 16U));
}

void check_finite(const WeightView& view) {
  if (!view.unchecked) return;
  if (const auto element = first_beyond(view)) {
    throw Error(fmt::format("{}: element {} of {} is infinite or no number, expected finite "
                            "weights",
                            view.place, *element, view.parameter),
                std::source_location::current());
  }
}

void check_sizes(const WeightView& view, float limit, std::string_view kept_as) {
  if (const auto element = first_beyond(view, limit)) {
    throw Error(
        fmt::format("{}: element {} of {} is {}, expected a size up to {}: {} holds no more",
                    view.place, *element, view.parameter, value_at(view, *element), limit, kept_as),
        std::source_location::current());
  }
}

}  // namespace moe
