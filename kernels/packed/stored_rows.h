// Where the rows of a matrix come from that is to be packed: they lie in memory, or are made a few
// at a time, so that no whole matrix of them is ever there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace moe {

/// Makes rows as they are packed. From several threads at once, each row in one of them.
class RowMaker {
 public:
  virtual ~RowMaker() = default;
  /// Rows [begin, end) row-major in the format of the matrix: where they lie, or in `room`, which
  /// has space for as many. They stay until they are packed.
  virtual const std::byte* rows(std::int64_t begin, std::int64_t end, std::byte* room) const = 0;
  /// These rows are asked for soon.
  virtual void soon(std::int64_t /*begin*/, std::int64_t /*end*/) const {}
  /// These rows are packed.
  virtual void done(std::int64_t /*begin*/, std::int64_t /*end*/) const {}
};

/// One of the two; neither where there is no matrix.
struct StoredRows {
  StoredRows() = default;
  // NOLINTBEGIN(google-explicit-constructor): either is what it says
  StoredRows(const std::byte* row_major) : whole(row_major) {}
  StoredRows(const RowMaker* of_rows) : maker(of_rows) {}
  // NOLINTEND(google-explicit-constructor)

  const std::byte* whole = nullptr;  // row-major, in the format of the matrix
  const RowMaker* maker = nullptr;

  /// As RowMaker's, of rows that take `row_bytes` each.
  const std::byte* rows(std::int64_t begin, std::int64_t end, std::int64_t row_bytes,
                        std::byte* room) const {
    return maker == nullptr ? whole + begin * row_bytes : maker->rows(begin, end, room);
  }
};

/// Rows [begin, end) to their places in `out`.
inline void copy_some_rows(const StoredRows& from, std::int64_t begin, std::int64_t end,
                           std::int64_t row_bytes, std::byte* out) {
  out += begin * row_bytes;
  const std::byte* rows = from.rows(begin, end, row_bytes, out);
  if (rows != out) std::memcpy(out, rows, static_cast<std::size_t>((end - begin) * row_bytes));
  if (from.maker != nullptr) from.maker->done(begin, end);
}

}  // namespace moe
