#include "kernels/packed/sixteen_steps.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/packed/half.h"

namespace moe {
namespace {

// Loops are over whole blocks, element by element: compilers make vectors of them.
using Elements = std::array<float, kQuantisedBlock>;

struct Padded {
  explicit Padded(std::span<const float> block) : n(static_cast<float>(block.size())) {
    std::ranges::copy(block, w.begin());
    std::fill_n(one.begin(), block.size(), 1.0F);
  }
  Elements w{}, one{};  // one: 1 where there is an element, else 0
  float n;
};

/// By halves: element k and the one half as far again, and so on.
float sum_of(Elements values) {
  for (std::size_t k = 0; k < 16; ++k) values[k] += values[k + 16];
  for (std::size_t k = 0; k < 8; ++k) values[k] += values[k + 8];
  for (std::size_t k = 0; k < 4; ++k) values[k] += values[k + 4];
  return (values[0] + values[2]) + (values[1] + values[3]);
}

/// The nearest finite one.
float rounded_to_half(float value) {
  return float_of_half(half_of(std::clamp(value, -kLargestHalf, kLargestHalf)));
}

/// Without a branch, which vectors would not have.
std::int32_t not_below_0(std::int32_t x) {
  return x & ~(x >> 31);
}

void take_codes(const Padded& block, float inverse, float offset, Elements& codes) {
  for (std::size_t k = 0; k < codes.size(); ++k) {
    const float at = (block.w[k] - offset) * inverse;
    const auto code = static_cast<std::int32_t>((at + 0x1.8p23F) - 0x1.8p23F);  // the nearest
    codes[k] = static_cast<float>(15 - not_below_0(15 - not_below_0(code))) * block.one[k];
  }
}

void take_codes(const Padded& block, SixteenSteps& steps) {
  take_codes(block, steps.scale > 0 ? 1 / steps.scale : 0, steps.offset, steps.codes);
}

float squared_error(const Padded& block, const SixteenSteps& steps) {
  Elements squares;
  for (std::size_t k = 0; k < squares.size(); ++k) {
    const float off = (steps.scale * steps.codes[k] + steps.offset) - block.w[k];
    squares[k] = off * off * block.one[k];
  }
  return sum_of(squares);
}

/// The scale and the offset of least squared error with these codes, rounded to float16 one after
/// the other; the scale is 0 where the codes are all alike. Sums are of what is above `low`.
SixteenSteps fitted(const Padded& block, float low, const Elements& codes) {
  Elements squares, above, products;
  for (std::size_t k = 0; k < codes.size(); ++k) {
    squares[k] = codes[k] * codes[k];
    above[k] = (block.w[k] - low) * block.one[k];
    products[k] = above[k] * codes[k];
  }
  const float code_sum = sum_of(codes), above_sum = sum_of(above);
  const float spread = block.n * sum_of(squares) - code_sum * code_sum;  // exact: integers
  const float slope = block.n * sum_of(products) - code_sum * above_sum;
  SixteenSteps fit;
  if (spread > 0) fit.scale = rounded_to_half(std::max(slope / spread, 0.0F));
  fit.offset = rounded_to_half(low + (above_sum - fit.scale * code_sum) / block.n);
  take_codes(block, fit);
  return fit;
}

}  // namespace

SixteenSteps nearest_steps(std::span<const float> elements) {
  const Padded block(elements);
  const auto [low, high] = std::ranges::minmax(elements);
  SixteenSteps best;
  best.scale = rounded_to_half((high - low) / 15);
  best.offset = rounded_to_half(low);
  take_codes(block, best);
  if (high - low < 0x1p-30F) return best;  // the smallest scale of float16 tells them not apart
  float error = squared_error(block, best);
  const auto try_fit = [&](const Elements& codes) {
    const SixteenSteps fit = fitted(block, low, codes);
    const float off = squared_error(block, fit);
    if (!(off < error)) return false;
    best = fit;
    error = off;
    return true;
  };
  Elements codes;
  for (const float codes_of_range : {13.0F, 13.5F, 14.0F, 14.5F, 15.0F, 15.5F}) {
    take_codes(block, codes_of_range / (high - low), low, codes);
    try_fit(codes);
  }
  for (int again = 0; again < 4 && try_fit(Elements(best.codes)); ++again) {
  }
  return best;
}

}  // namespace moe
