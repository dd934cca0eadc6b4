// Seeded random numbers that are the same on every machine and with every standard library.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace moe {

/// SplitMix64 (Steele et al. 2014) as a counter-based generator: a value of its own for every x.
constexpr std::uint64_t splitmix64(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

/// The same as a sequence.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    const std::uint64_t x = splitmix64(state_);
    state_ += 0x9E3779B97F4A7C15ULL;
    return x;
  }

  /// Uniform in [0, n): the high half of a 64 x 64-bit product, without rejection; its bias is
  /// below n / 2^64.
  std::int64_t below(std::int64_t n) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::int64_t>((static_cast<Wide>(next()) * static_cast<std::uint64_t>(n)) >>
                                     64U);
  }

  template <typename T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i)
      std::swap(items[i - 1], items[static_cast<std::size_t>(below(static_cast<std::int64_t>(i)))]);
  }

 private:
  std::uint64_t state_;
};

}  // namespace moe
