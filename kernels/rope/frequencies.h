// How fast the pairs of a head turn: powers of a base, and what models that were trained further
// for longer contexts make of them. Numbers and roundings are those of transformers
// (modeling_rope_utils.py): all in float32, one operation after the other.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace moe {

/// What is done to the frequency f of a pair, once for the model:
///   linear        f / factor
///   dynamic       nothing: its base grows with a sequence that is longer than the model's context,
///                 so a row would depend on the rows after it. Longer ones are refused.
///   yarn          f for pairs that turn beta_fast times and more within the original context,
///                 f / factor for those that turn beta_slow times and fewer, a ramp between
///                 (Peng et al. 2023, arXiv:2309.00071)
///   longrope      f / a factor of its own, from a list for contexts up to the original one and
///                 another for longer ones (Ding et al. 2024, arXiv:2402.13753). Which one holds is
///                 the model's context's, never a sequence's, for the same reason.
///   llama3        f where the wave is shorter than the original context / high_factor, f / factor
///                 where it is longer than that / low_factor, between them a mean of both
///   proportional  f / factor for the first pairs, 0 for the others
enum class RopeScaling : std::uint8_t {
  none,
  linear,
  dynamic,
  yarn,
  longrope,
  llama3,
  proportional
};
std::string_view name_of(RopeScaling);  // as config.json has it; "default" for none

/// Half-split rotary positions (rotate_half), as Hugging Face stores the weights for it.
struct RopeSpec {
  double theta = 10000;
  std::int64_t dims = 0;  // of each head, from its start

  RopeScaling scaling = RopeScaling::none;
  double factor = 1;
  double attention_factor = 1;             // of cosines and sines
  std::int64_t original_positions = 0;     // the context before it was made longer
  double beta_fast = 32, beta_slow = 1;    // yarn
  bool truncate = true;                    // yarn: the ramp begins and ends at whole pairs
  double low_factor = 1, high_factor = 4;  // llama3
  std::int64_t turning = 0;                // proportional: pairs that turn at all
  bool is_long = false;                    // longrope: which of the two lists holds
  // NOLINTNEXTLINE(readability-redundant-member-init): else g++ wants them named
  std::vector<double> short_factor_h = {}, long_factor_h = {};

  bool operator==(const RopeSpec&) const = default;
};

/// theta^(2 i / dims), i < h = dims / 2. The power in float64 first, which is float32's to the last
/// bit or two on every machine.
std::vector<float> rope_powers(const RopeSpec&);

/// Of each pair its angle from one position to the next: 1 / power, scaled.
std::vector<float> rope_frequencies(const RopeSpec&, std::span<const float> power_h);

}  // namespace moe
