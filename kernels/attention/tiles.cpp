#include "kernels/attention/tiles.h"

#include <algorithm>

namespace moe {
namespace {

constexpr std::int64_t kTileRows = 64;  // unless one row has more heads

bool same_pages(const AttentionShape& shape, const AttendedRows& a, const AttendedRows& b,
                std::int64_t first_key, std::int64_t last_key) {
  if (&a == &b) return true;
  const std::int64_t end = (last_key + shape.B - 1) / shape.B;
  if (std::min(std::ssize(a.pages), std::ssize(b.pages)) < end) return false;
  for (std::int64_t page = first_key / shape.B; page < end; ++page) {
    if (page_of(a, page) != page_of(b, page)) return false;
  }
  return true;
}

bool sees(const TileRow& row, std::int64_t first, std::int64_t last) {
  return row.seen.first < last && row.seen.last > first;
}

/// Of a sequence's pages the first one that its rows look at.
std::int64_t first_page_seen(const AttentionShape& shape, const AttendedRows& sequence) {
  const std::int64_t end = sequence.position + sequence.rows;
  return page_of(sequence, seen_keys(shape, sequence.position, end).first / shape.B);
}

/// Of a block at most, each with the heads that share a key/value head.
std::int64_t rows_of_block(const AttentionShape& shape) {
  return std::max<std::int64_t>(1, kTileRows / (shape.H / shape.G));
}

}  // namespace

std::int64_t rows_of_tile(const AttentionShape& shape) {
  return std::max(kTileRows, shape.H / shape.G);
}

std::int64_t most_blocks(const AttentionShape& shape, std::int64_t T, std::int64_t sequences) {
  return T / rows_of_block(shape) + sequences;
}

std::int64_t cut_rows(const AttentionShape& shape, std::span<const AttendedRows> sequences,
                      RowBlock* blocks) {
  const std::int64_t most = rows_of_block(shape);
  std::int64_t count = 0;
  const AttendedRows* before = nullptr;
  for (std::int64_t s = 0; s < std::ssize(sequences); ++s) {
    const AttendedRows& sequence = sequences[static_cast<std::size_t>(s)];
    if (sequence.rows == 0) continue;
    bool joins = before != nullptr && blocks[count - 1].rows + sequence.rows <= most &&
                 first_page_seen(shape, *before) == first_page_seen(shape, sequence);
    for (std::int64_t row = 0; row < sequence.rows; joins = false) {
      if (!joins) blocks[count++] = {.sequence = s, .row = row, .rows = 0};
      const std::int64_t some = std::min(most - blocks[count - 1].rows, sequence.rows - row);
      blocks[count - 1].rows += some;
      row += some;
    }
    before = &sequence;
  }
  return count;
}

std::int64_t fill_tile(const AttentionShape& shape, std::span<const AttendedRows> sequences,
                       const RowBlock& block, std::int64_t group, TileRow* rows) {
  const std::int64_t shared = shape.H / shape.G;
  std::int64_t count = 0;
  for_each_row(sequences, block, [&](const AttendedRows& sequence, std::int64_t row) {
    const std::int64_t end = sequence.position + sequence.rows;
    for (std::int64_t h = 0; h < shared; ++h) {
      rows[count++] = {.sequence = &sequence,
                       .row = sequence.begin + row,
                       .head = group * shared + h,
                       .seen = seen_keys(shape, sequence.position + row, end),
                       .softmax = {}};
    }
  });
  return count;
}

Segment next_segment(const AttentionShape& shape, std::span<const TileRow> rows, std::int64_t begin,
                     std::int64_t block) {
  const std::int64_t first = block, last = block + kBlockKeys, count = std::ssize(rows);
  const auto row = [&](std::int64_t r) -> const TileRow& {
    return rows[static_cast<std::size_t>(r)];
  };
  while (begin < count && !sees(row(begin), first, last)) ++begin;
  Segment segment = {.begin = begin, .end = begin, .first_key = last, .last_key = first};
  for (; segment.end < count && sees(row(segment.end), first, last); ++segment.end) {
    const SeenKeys& seen = row(segment.end).seen;
    const std::int64_t from = std::min(segment.first_key, std::max(first, seen.first));
    const std::int64_t to = std::max(segment.last_key, std::min(last, seen.last));
    if (!same_pages(shape, *row(begin).sequence, *row(segment.end).sequence, from, to)) break;
    segment.first_key = from;
    segment.last_key = to;
  }
  return segment;
}

}  // namespace moe
