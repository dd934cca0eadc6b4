#include "kernels/rope/frequencies.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "harness/error.h"

namespace moe {
namespace {

/// The pair, as a real number, that turns so many times within the original context.
double pair_of(double turns, const RopeSpec& spec) {
  const auto context = static_cast<double>(spec.original_positions);
  return static_cast<double>(spec.dims) * std::log(context / (turns * 2 * std::numbers::pi)) /
         (2 * std::log(spec.theta));
}

/// From 0 at the last pair that keeps its frequency to 1 at the first that is slowed down by the
/// whole factor. The ends are clamped to [0, dims - 1], not to the pairs, as in transformers.
float ramp_at(std::size_t pair, const RopeSpec& spec) {
  double begin = pair_of(spec.beta_fast, spec), end = pair_of(spec.beta_slow, spec);
  if (spec.truncate) {
    begin = std::floor(begin);
    end = std::ceil(end);
  }
  begin = std::max(begin, 0.0);
  end = std::min(end, static_cast<double>(spec.dims - 1));
  constexpr double kLeast = 0.001;
  if (begin == end) end += kLeast;
  const float along =
      (static_cast<float>(pair) - static_cast<float>(begin)) / static_cast<float>(end - begin);
  return std::clamp(along, 0.0F, 1.0F);
}

float yarn(float power, std::size_t pair, const RopeSpec& spec) {
  const float kept = 1 - ramp_at(pair, spec);
  const float slow = 1 / (static_cast<float>(spec.factor) * power), fast = 1 / power;
  return slow * (1 - kept) + fast * kept;
}

float llama3(float frequency, const RopeSpec& spec) {
  const auto context = static_cast<double>(spec.original_positions);
  const auto factor = static_cast<float>(spec.factor), low = static_cast<float>(spec.low_factor);
  const float wave = static_cast<float>(2 * std::numbers::pi) / frequency;
  if (wave > static_cast<float>(context / spec.low_factor)) return frequency / factor;
  if (wave < static_cast<float>(context / spec.high_factor)) return frequency;
  const float kept = (static_cast<float>(context) / wave - low) /
                     static_cast<float>(spec.high_factor - spec.low_factor);
  return (1 - kept) * frequency / factor + kept * frequency;
}

float frequency(const RopeSpec& spec, float power, std::size_t pair) {
  const auto factor = static_cast<float>(spec.factor);
  switch (spec.scaling) {
    case RopeScaling::linear:
      return 1 / power / factor;
    case RopeScaling::yarn:
      return yarn(power, pair, spec);
    case RopeScaling::longrope: {
      const double own = (spec.is_long ? spec.long_factor_h : spec.short_factor_h).at(pair);
      return 1 / (static_cast<float>(own) * power);
    }
    case RopeScaling::llama3:
      return llama3(1 / power, spec);
    case RopeScaling::proportional:
      return std::cmp_less(pair, spec.turning) ? 1 / power / factor : 0;
    case RopeScaling::none:
    case RopeScaling::dynamic:
      break;
  }
  return 1 / power;
}

}  // namespace

std::string_view name_of(RopeScaling scaling) {
  switch (scaling) {
    case RopeScaling::none:
      return "default";
    case RopeScaling::linear:
      return "linear";
    case RopeScaling::dynamic:
      return "dynamic";
    case RopeScaling::yarn:
      return "yarn";
    case RopeScaling::longrope:
      return "longrope";
    case RopeScaling::llama3:
      return "llama3";
    case RopeScaling::proportional:
      break;
  }
  return "proportional";
}

std::vector<float> rope_powers(const RopeSpec& spec) {
  std::vector<float> power_h;
  for (std::int64_t i = 0; i < spec.dims / 2; ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(spec.dims);
    power_h.push_back(
        static_cast<float>(std::pow(static_cast<float>(spec.theta), double{exponent})));
  }
  return power_h;
}

std::vector<float> rope_frequencies(const RopeSpec& spec, std::span<const float> power_h) {
  require(std::ssize(power_h) == spec.dims / 2, "{} powers for the pairs of {} dims",
          power_h.size(), spec.dims);
  std::vector<float> frequency_h;
  for (std::size_t pair = 0; pair < power_h.size(); ++pair)
    frequency_h.push_back(frequency(spec, power_h[pair], pair));
  return frequency_h;
}

}  // namespace moe
