// CPython's random.Random, draw for draw: the examples and resamples of lm-evaluation-harness are
// drawn by it. Mersenne Twister MT19937, seeded by an array as CPython seeds it by a whole number.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace moe {

class PythonRandom {
 public:
  explicit PythonRandom(std::uint32_t seed);

  /// getrandbits(count), count from 1 to 32.
  std::uint32_t bits(int count);
  /// random(): 53 bits, in [0, 1).
  double random();
  /// _randbelow(n), n from 1 to 2^32 - 1.
  std::int64_t below(std::int64_t n);
  /// sample(range(n), k); Error where k is more than n.
  std::vector<std::int64_t> sample(std::int64_t n, std::int64_t k);
  /// choices(range(n), k=n), one by one: calls `take` with each.
  template <typename Take>
  void choices(std::int64_t n, Take&& take) {
    for (std::int64_t i = 0; i < n; ++i)
      take(static_cast<std::int64_t>(random() * static_cast<double>(n)));
  }

 private:
  static constexpr std::size_t kWords = 624;
  std::uint32_t next();
  void turn();

  std::array<std::uint32_t, kWords> state_{};
  std::size_t at_ = kWords;
};

/// The standard error of exp(-mean) over `xs` as lm-evaluation-harness bootstraps it: 100 lots of
/// 1,000 resamples, lot i drawn by Random(i); the sample standard deviation of the 100,000.
double bootstrapped_perplexity_error(const std::vector<double>& xs);

}  // namespace moe
