// Rows side by side, a few rows times 16 bytes at a time in registers; for each set of vector
// instructions that this build has.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/packed/transpose.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
// It includes this file again for each target.
#include <algorithm>
#include <cstring>

#include <hwy/highway.h>
#include "kernels/packed/element.h"
#include "kernels/packed/transpose.h"

HWY_BEFORE_NAMESPACE();
namespace moe {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Rows = std::span<const std::byte* const>;

/// Of rows [first, ...) the elements [begin, end), one by one.
template <typename T>
void transpose_plainly(Rows rows, std::size_t first, std::int64_t begin, std::int64_t end,
                       std::byte* out) {
  for (std::size_t r = first; r < rows.size(); ++r) {
    for (std::int64_t k = begin; k < end; ++k) {
      const T value = element_at<T>(rows[r], k);
      std::memcpy(out + (k * std::ssize(rows) + static_cast<std::int64_t>(r)) * sizeof(T), &value,
                  sizeof(T));
    }
  }
}

#if HWY_TARGET != HWY_SCALAR

using Bytes = hn::Full128<std::uint8_t>;
using Halves = hn::Full128<std::uint16_t>;
using Words = hn::Full128<std::uint32_t>;
using Doubles = hn::Full128<std::uint64_t>;
using Vec = hn::Vec<Bytes>;

/// Lanes of two vectors in turn: the lower half of them, the upper half.
template <class D>
HWY_INLINE Vec lower(D d, Vec a, Vec b) {
  return hn::BitCast(Bytes(), hn::InterleaveLower(d, hn::BitCast(d, a), hn::BitCast(d, b)));
}
template <class D>
HWY_INLINE Vec upper(D d, Vec a, Vec b) {
  return hn::BitCast(Bytes(), hn::InterleaveUpper(d, hn::BitCast(d, a), hn::BitCast(d, b)));
}

HWY_INLINE Vec load(const std::byte* at) {
  return hn::LoadU(Bytes(), reinterpret_cast<const std::uint8_t*>(at));
}
HWY_INLINE void store(Vec v, std::byte* at) {
  hn::StoreU(v, Bytes(), reinterpret_cast<std::uint8_t*>(at));
}

/// 16 bytes of each of kRows rows; `stride` bytes from column to column of `out`.
template <typename T>
struct Tile;

template <>
struct Tile<std::uint32_t> {
  static constexpr std::size_t kRows = 4;
  static HWY_INLINE void move(const std::byte* const* rows, std::int64_t at, std::byte* out,
                              std::int64_t stride) {
    const Vec a = load(rows[0] + at), b = load(rows[1] + at), c = load(rows[2] + at),
              d = load(rows[3] + at);
    const Vec ab = lower(Words(), a, b), cd = lower(Words(), c, d);
    const Vec ab_high = upper(Words(), a, b), cd_high = upper(Words(), c, d);
    store(lower(Doubles(), ab, cd), out);
    store(upper(Doubles(), ab, cd), out + stride);
    store(lower(Doubles(), ab_high, cd_high), out + 2 * stride);
    store(upper(Doubles(), ab_high, cd_high), out + 3 * stride);
  }
};

/// Lanes of two rows each in turns: the first halves of the rows in `low`, the others in `high`.
template <class Lanes>
HWY_INLINE void pair_rows(Lanes lanes, const std::byte* const* rows, std::int64_t at, Vec* low,
                          Vec* high) {
  for (std::size_t i = 0; i < 4; ++i) {
    const Vec a = load(rows[2 * i] + at), b = load(rows[2 * i + 1] + at);
    low[i] = lower(lanes, a, b);
    high[i] = upper(lanes, a, b);
  }
}

/// Four columns of eight rows, those of four rows each side by side.
HWY_INLINE void store_columns(Vec first, Vec second, std::byte* out, std::int64_t stride) {
  store(lower(Doubles(), first, second), out);
  store(upper(Doubles(), first, second), out + stride);
}

template <>
struct Tile<std::uint16_t> {
  static constexpr std::size_t kRows = 8;
  static HWY_INLINE void move(const std::byte* const* rows, std::int64_t at, std::byte* out,
                              std::int64_t stride) {
    Vec low[4], high[4];  // columns 0 to 3 and 4 to 7 of two rows
    pair_rows(Halves(), rows, at, low, high);
    for (const Vec* of : {low, high}) {
      store_columns(lower(Words(), of[0], of[1]), lower(Words(), of[2], of[3]), out, stride);
      store_columns(upper(Words(), of[0], of[1]), upper(Words(), of[2], of[3]), out + 2 * stride,
                    stride);
      out += 4 * stride;
    }
  }
};

/// Two columns of eight bytes each.
HWY_INLINE void store_two(Vec columns, std::byte* out, std::int64_t stride) {
  alignas(16) std::byte both[16];
  store(columns, both);
  std::memcpy(out, both, 8);
  std::memcpy(out + stride, both + 8, 8);
}

template <>
struct Tile<std::uint8_t> {
  static constexpr std::size_t kRows = 8;
  static HWY_INLINE void move(const std::byte* const* rows, std::int64_t at, std::byte* out,
                              std::int64_t stride) {
    Vec low[4], high[4];  // columns 0 to 7 and 8 to 15 of two rows
    pair_rows(Bytes(), rows, at, low, high);
    for (const Vec* of : {low, high}) {
      const Vec a = lower(Halves(), of[0], of[1]), b = lower(Halves(), of[2], of[3]);
      const Vec c = upper(Halves(), of[0], of[1]), d = upper(Halves(), of[2], of[3]);
      store_two(lower(Words(), a, b), out, stride);
      store_two(upper(Words(), a, b), out + 2 * stride, stride);
      store_two(lower(Words(), c, d), out + 4 * stride, stride);
      store_two(upper(Words(), c, d), out + 6 * stride, stride);
      out += 8 * stride;
    }
  }
};

/// A line of the cache of a few rows after the other, so that rows a power of two apart, which
/// share places of the cache, do not drive each other out; what is written stays near.
template <typename T>
void transpose_as(Rows rows, std::int64_t count, std::byte* out) {
  constexpr auto kSize = std::int64_t{sizeof(T)};
  constexpr std::int64_t kColumns = 16 / kSize, kLine = 64 / kSize;
  constexpr std::size_t kRows = Tile<T>::kRows;
  const std::int64_t stride = std::ssize(rows) * kSize, whole = count / kColumns * kColumns;
  const std::size_t some = rows.size() / kRows * kRows;
  for (std::int64_t line = 0; line < whole; line += kLine) {
    const std::int64_t end = std::min(whole, line + kLine);
    for (std::size_t r = 0; r < some; r += kRows) {
      std::byte* to = out + static_cast<std::int64_t>(r) * kSize;
      for (std::int64_t k = line; k < end; k += kColumns)
        Tile<T>::move(rows.data() + r, k * kSize, to + k * stride, stride);
    }
  }
  transpose_plainly<T>(rows, some, 0, whole, out);
  transpose_plainly<T>(rows, 0, whole, count, out);
}

#else

template <typename T>
void transpose_as(Rows rows, std::int64_t count, std::byte* out) {
  transpose_plainly<T>(rows, 0, 0, count, out);
}

#endif

void transpose_elements(std::int64_t element_bytes, Rows rows, std::int64_t count, std::byte* out) {
  if (element_bytes == 4) return transpose_as<std::uint32_t>(rows, count, out);
  if (element_bytes == 2) return transpose_as<std::uint16_t>(rows, count, out);
  transpose_as<std::uint8_t>(rows, count, out);
}

}  // namespace HWY_NAMESPACE
}  // namespace moe
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace moe {

HWY_EXPORT(transpose_elements);

void transpose(std::int64_t element_bytes, std::span<const std::byte* const> rows,
               std::int64_t count, std::byte* out) {
  HWY_DYNAMIC_DISPATCH(transpose_elements)(element_bytes, rows, count, out);
}

}  // namespace moe
#endif
