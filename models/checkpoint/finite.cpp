#include "models/checkpoint/finite.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "harness/error.h"

namespace moe {
namespace {

/// Elements are of type Bits and finite unless all the bits of their exponent are set.
template <typename Bits>
std::optional<std::int64_t> first_with_exponent(const WeightView& view, Bits exponent) {
  constexpr std::int64_t kTogether = 4096;
  std::array<Bits, kTogether> some{};  // elements may stand anywhere
  const std::int64_t count = view.elements();
  for (std::int64_t begin = 0; begin < count; begin += kTogether) {
    const std::int64_t size = std::min(kTogether, count - begin);
    std::memcpy(some.data(), view.bytes.data() + begin * std::int64_t{sizeof(Bits)},
                static_cast<std::size_t>(size) * sizeof(Bits));
    const auto all = std::span(some).first(static_cast<std::size_t>(size));
    unsigned found = 0;  // without a way out, so that vectors of elements are looked at
    for (const Bits bits : all) found |= static_cast<unsigned>((bits & exponent) == exponent);
    if (found == 0) continue;
    const auto is_none = [&](Bits bits) { return (bits & exponent) == exponent; };
    return begin + (std::ranges::find_if(all, is_none) - all.begin());
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> first_not_finite(const WeightView& view) {
  switch (view.format) {
    case StorageFormat::f32:
      return first_with_exponent<std::uint32_t>(view, 0x7F800000U);
    case StorageFormat::f16:
      return first_with_exponent<std::uint16_t>(view, 0x7C00U);
    case StorageFormat::bf16:
      break;
  }
  return first_with_exponent<std::uint16_t>(view, 0x7F80U);
}

void check_finite(const WeightView& view) {
  if (!view.unchecked) return;
  if (const auto element = first_not_finite(view)) {
    throw Error(fmt::format("{}: element {} of {} is infinite or no number, expected finite "
                            "weights",
                            view.place, *element, view.parameter),
                std::source_location::current());
  }
}

}  // namespace moe
