// How the rows of a step are cut into tiles, and which rows of a tile see the same keys.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/attention/attention.h"
#include "kernels/attention/block.h"

namespace moe {

/// Some rows of a step: of consecutive sequences, from a row of the first.
struct RowBlock {
  std::int64_t sequence, row, rows;
};

/// Rows of a tile at most: rows of a block times heads.
std::int64_t rows_of_tile(const AttentionShape&);

/// Blocks of T rows of some sequences at most.
std::int64_t most_blocks(const AttentionShape&, std::int64_t T, std::int64_t sequences);

/// Cuts the step's rows into `blocks` and returns how many: long sequences into several, and short
/// ones that follow each other and see the same page first together into one.
std::int64_t cut_rows(const AttentionShape&, std::span<const AttendedRows>, RowBlock* blocks);

/// Calls work(sequence, row of it) for the rows of a block.
template <typename Work>
void for_each_row(std::span<const AttendedRows> sequences, const RowBlock& block, Work&& work) {
  auto sequence = sequences.begin() + block.sequence;
  std::int64_t row = block.row;
  for (std::int64_t left = block.rows; left > 0;) {
    if (row == sequence->rows) {
      ++sequence;
      row = 0;
      continue;
    }
    work(*sequence, row++);
    --left;
  }
}

/// A row and query head of a tile.
struct TileRow {
  const AttendedRows* sequence = nullptr;
  std::int64_t row = 0, head = 0;  // of the step
  SeenKeys seen;
  RunningSoftmax softmax;
};

/// The rows of a block times the query heads that read one key/value head; returns how many.
std::int64_t fill_tile(const AttentionShape&, std::span<const AttendedRows>, const RowBlock&,
                       std::int64_t group, TileRow* rows);

/// Consecutive rows [begin, end) of a tile that see keys of a block, all on the same pages.
struct Segment {
  std::int64_t begin, end;
  std::int64_t first_key, last_key;  // of the block, that any of them sees
};

/// The first one from row `begin` on of the keys [block, block + kBlockKeys); empty: none.
Segment next_segment(const AttentionShape&, std::span<const TileRow>, std::int64_t begin,
                     std::int64_t block);

inline std::int64_t page_of(const AttendedRows& sequence, std::int64_t page) {
  return sequence.pages[static_cast<std::size_t>(page)];
}

}  // namespace moe
