#include "suites/python_random.h"

#include <bit>
#include <cmath>
#include <unordered_set>

#include "harness/error.h"
#include "harness/statistics.h"

namespace moe {

/// init_genrand(19650218), then init_by_array({seed}).
PythonRandom::PythonRandom(std::uint32_t seed) {
  state_[0] = 19650218U;
  for (std::uint32_t i = 1; i < kWords; ++i)
    state_[i] = 1812433253U * (state_[i - 1] ^ (state_[i - 1] >> 30U)) + i;
  std::size_t i = 1;
  const auto step = [&] {
    if (++i < kWords) return;
    state_[0] = state_[kWords - 1];
    i = 1;
  };
  for (std::size_t k = 0; k < kWords; ++k) {
    state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30U)) * 1664525U)) + seed;
    step();
  }
  for (std::size_t k = 0; k + 1 < kWords; ++k) {
    state_[i] = (state_[i] ^ ((state_[i - 1] ^ (state_[i - 1] >> 30U)) * 1566083941U)) -
                static_cast<std::uint32_t>(i);
    step();
  }
  state_[0] = 0x80000000U;
}

void PythonRandom::turn() {
  constexpr std::size_t kAhead = 397;
  for (std::size_t i = 0; i < kWords; ++i) {
    const std::uint32_t y = (state_[i] & 0x80000000U) | (state_[(i + 1) % kWords] & 0x7fffffffU);
    state_[i] = state_[(i + kAhead) % kWords] ^ (y >> 1U) ^ ((y & 1U) != 0 ? 0x9908b0dfU : 0U);
  }
  at_ = 0;
}

std::uint32_t PythonRandom::next() {
  if (at_ == kWords) turn();
  std::uint32_t y = state_[at_++];
  y ^= y >> 11U;
  y ^= (y << 7U) & 0x9d2c5680U;
  y ^= (y << 15U) & 0xefc60000U;
  return y ^ (y >> 18U);
}

std::uint32_t PythonRandom::bits(int count) {
  require(count >= 1 && count <= 32, "{} random bits: expected 1 to 32", count);
  return next() >> static_cast<unsigned>(32 - count);
}

double PythonRandom::random() {
  const std::uint32_t high = next() >> 5U, low = next() >> 6U;
  return (high * 67108864.0 + low) * (1.0 / 9007199254740992.0);
}

std::int64_t PythonRandom::below(std::int64_t n) {
  const auto count = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(n)));
  std::int64_t drawn = bits(count);
  while (drawn >= n) drawn = bits(count);
  return drawn;
}

std::vector<std::int64_t> PythonRandom::sample(std::int64_t n, std::int64_t k) {
  require(k <= n, "a sample of {} from {}", k, n);
  std::vector<std::int64_t> out;
  double pool_size = 21;
  if (k > 5)
    pool_size += std::pow(4, std::ceil(std::log(static_cast<double>(3 * k)) / std::log(4)));
  if (static_cast<double>(n) <= pool_size) {
    std::vector<std::int64_t> pool(static_cast<std::size_t>(n));
    for (std::int64_t i = 0; i < n; ++i) pool[static_cast<std::size_t>(i)] = i;
    for (std::int64_t i = 0; i < k; ++i) {
      const auto j = static_cast<std::size_t>(below(n - i));
      out.push_back(pool[j]);
      pool[j] = pool[static_cast<std::size_t>(n - i - 1)];
    }
    return out;
  }
  std::unordered_set<std::int64_t> taken;
  while (std::ssize(out) < k) {
    const std::int64_t j = below(n);
    if (taken.insert(j).second) out.push_back(j);
  }
  return out;
}

double bootstrapped_perplexity_error(const std::vector<double>& xs) {
  constexpr std::uint32_t kLots = 100;
  constexpr int kEach = 1000;
  const std::int64_t n = std::ssize(xs);
  std::vector<double> resampled;
  resampled.reserve(std::size_t{kLots} * kEach);
  for (std::uint32_t lot = 0; lot < kLots; ++lot) {
    PythonRandom random(lot);
    for (int i = 0; i < kEach; ++i) {
      double sum = 0;
      random.choices(n, [&](std::int64_t x) { sum += xs[static_cast<std::size_t>(x)]; });
      resampled.push_back(std::exp(-sum / static_cast<double>(n)));
    }
  }
  return sample_stddev(resampled);
}

}  // namespace moe
