// CPU: tasks of some rows and one key/value head, which go over the keys block by block with
// running soft-maxima. Keys lie in their pages dim by dim, values token by token, so that both
// products are rows times a panel, and neither adds across the lanes of a vector.
#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/attention/attention.h"
#include "kernels/attention/tiles.h"

namespace moe {
namespace {

constexpr auto kFloat = std::int64_t{sizeof(float)};

std::int64_t aligned(std::int64_t bytes) {
  return (bytes + 63) / 64 * 64;
}

/// What a thread works in.
struct Scratch {
  Scratch(const AttentionShape& shape, std::byte* at) {
    const std::int64_t most = rows_of_block(shape) * (shape.H / shape.G);
    std::byte* begin = at;
    const auto take = [&](std::int64_t size) {
      std::byte* here = at;
      at += aligned(size);
      return here;
    };
    rows = reinterpret_cast<TileRow*>(take(most * std::int64_t{sizeof(TileRow)}));
    x = reinterpret_cast<const float**>(take(most * std::int64_t{sizeof(float*)}));
    weights = reinterpret_cast<float*>(take(most * kBlockKeys * kFloat));
    y = reinterpret_cast<float*>(take(most * shape.e * kFloat));
    bytes = at - begin;
  }
  TileRow* rows;
  const float** x;     // of a product
  float *weights, *y;  // [rows, kBlockKeys], [rows, e]
  std::int64_t bytes;
};

/// One task: a block of rows on one key/value head.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): all of it is given
struct Tile {
  const AttentionShape& shape;
  const PagedAttentionArgs& args;
  std::int64_t group;
  std::span<TileRow> rows;
  Scratch scratch;

  TileRow& row(std::int64_t r) const { return rows[static_cast<std::size_t>(r)]; }
  const float* keys(std::int64_t page) const {
    return args.keys + (page * shape.G + group) * shape.d * shape.B;
  }
  const float* values(std::int64_t page) const {
    return args.values + (page * shape.G + group) * shape.e * shape.B;
  }
};

void write_row(const AttentionShape& shape, const PagedAttentionArgs& args,
               const AttendedRows& sequence, std::int64_t row) {
  const std::int64_t position = sequence.position + row, t = sequence.begin + row;
  const std::int64_t page = page_of(sequence, position / shape.B), place = position % shape.B;
  for (std::int64_t group = 0; group < shape.G; ++group) {
    const float* k = args.k_TGd + (t * shape.G + group) * shape.d;
    float* keys = args.keys + (page * shape.G + group) * shape.d * shape.B + place;
    for (std::int64_t i = 0; i < shape.d; ++i) keys[i * shape.B] = k[i];
    const float* v = args.v_TGe + (t * shape.G + group) * shape.e;
    std::copy_n(v, shape.e, args.values + ((page * shape.G + group) * shape.B + place) * shape.e);
  }
}

/// Calls work(page, first, last) for the pages of keys [first, last).
template <typename Work>
void for_each_page(const Tile& tile, const AttendedRows& sequence, std::int64_t first,
                   std::int64_t last, Work&& work) {
  const std::int64_t B = tile.shape.B;
  while (first < last) {
    const std::int64_t end = std::min(last, (first / B + 1) * B);
    work(page_of(sequence, first / B), first, end);
    first = end;
  }
}

/// Products of a segment's queries with its keys.
void multiply_keys(const Tile& tile, const Segment& segment, std::int64_t block) {
  const AttentionShape& shape = tile.shape;
  const std::int64_t rows = segment.end - segment.begin;
  for (std::int64_t r = 0; r < rows; ++r) {
    const TileRow& row = tile.row(segment.begin + r);
    tile.scratch.x[r] = tile.args.q_THd + (row.row * shape.H + row.head) * shape.d;
  }
  const AttendedRows& sequence = *tile.row(segment.begin).sequence;
  for_each_page(tile, sequence, segment.first_key, segment.last_key,
                [&](std::int64_t page, std::int64_t first, std::int64_t last) {
                  multiply_strided({.panel = tile.keys(page) + first % shape.B,
                                    .panel_stride = shape.B,
                                    .inputs = shape.d,
                                    .columns = last - first,
                                    .x = {tile.scratch.x, static_cast<std::size_t>(rows)},
                                    .y = tile.scratch.weights + first - block,
                                    .y_stride = kBlockKeys});
                });
}

/// Makes weights of a segment's products, and what was added up so far comparable to them.
void soften_rows(const Tile& tile, const Segment& segment, std::int64_t block) {
  const AttentionShape& shape = tile.shape;
  const ScoreKind kind = {.scale = static_cast<float>(shape.scale),
                          .softcap = static_cast<float>(shape.softcap)};
  for (std::int64_t r = segment.begin; r < segment.end; ++r) {
    TileRow& row = tile.row(r);
    const std::int64_t first = std::max(row.seen.first - block, std::int64_t{0});
    const std::int64_t last = std::min(row.seen.last - block, kBlockKeys);
    float* weights = tile.scratch.weights + (r - segment.begin) * kBlockKeys;
    const float factor = soften_block(kind, first, last, weights, row.softmax);
    if (factor == 1) continue;
    float* y = tile.scratch.y + r * shape.e;
    for (std::int64_t i = 0; i < shape.e; ++i) y[i] *= factor;
  }
}

/// Adds the values that rows [begin, end) of the tile see, which are keys [first, last) of a page.
void add_values(const Tile& tile, const Segment& segment, std::int64_t begin, std::int64_t end,
                std::int64_t block, std::int64_t page, std::int64_t first, std::int64_t last) {
  const AttentionShape& shape = tile.shape;
  for (std::int64_t r = begin; r < end; ++r) {
    tile.scratch.x[r - begin] =
        tile.scratch.weights + (r - segment.begin) * kBlockKeys + first - block;
  }
  multiply_strided({.panel = tile.values(page) + first % shape.B * shape.e,
                    .panel_stride = shape.e,
                    .inputs = last - first,
                    .columns = shape.e,
                    .x = {tile.scratch.x, static_cast<std::size_t>(end - begin)},
                    .y = tile.scratch.y + begin * shape.e,
                    .y_stride = shape.e,
                    .add = true});
}

/// Page by page, rows that see the same of it together. None reads a value that it does not see.
void multiply_values(const Tile& tile, const Segment& segment, std::int64_t block) {
  const AttendedRows& sequence = *tile.row(segment.begin).sequence;
  const auto part = [&](std::int64_t r, std::int64_t first, std::int64_t last) {
    const SeenKeys& seen = tile.row(r).seen;
    return SeenKeys{.first = std::max(first, seen.first), .last = std::min(last, seen.last)};
  };
  for_each_page(tile, sequence, segment.first_key, segment.last_key,
                [&](std::int64_t page, std::int64_t first, std::int64_t last) {
                  for (std::int64_t begin = segment.begin; begin < segment.end;) {
                    const SeenKeys seen = part(begin, first, last);
                    std::int64_t end = begin + 1;
                    for (; end < segment.end; ++end) {
                      const SeenKeys next = part(end, first, last);
                      if (next.first != seen.first || next.last != seen.last) break;
                    }
                    if (seen.first < seen.last)
                      add_values(tile, segment, begin, end, block, page, seen.first, seen.last);
                    begin = end;
                  }
                });
}

/// y of a row: what was added up over the sum of weights, and of its head's sink.
void finish(const Tile& tile, std::int64_t r) {
  const AttentionShape& shape = tile.shape;
  const TileRow& row = tile.row(r);
  float factor = 1, sum = row.softmax.sum;
  if (shape.sinks) {
    const float sink = tile.args.sink_H[row.head];
    const float largest = std::max(row.softmax.largest, sink);
    factor = std::exp(row.softmax.largest - largest);
    sum = sum * factor + std::exp(sink - largest);
  }
  const float* from = tile.scratch.y + r * shape.e;
  float* to = tile.args.y_THe + (row.row * shape.H + row.head) * shape.e;
  for (std::int64_t i = 0; i < shape.e; ++i) to[i] = from[i] * factor / sum;
}

void attend(const AttentionShape& shape, const PagedAttentionArgs& args, const RowBlock& block,
            std::int64_t group, const Scratch& scratch) {
  const std::int64_t count = fill_tile(shape, args.sequences, block, group, scratch.rows);
  const Tile tile{.shape = shape,
                  .args = args,
                  .group = group,
                  .rows = {scratch.rows, static_cast<std::size_t>(count)},
                  .scratch = scratch};
  std::fill_n(scratch.y, count * shape.e, 0.0F);
  std::int64_t first = tile.row(0).seen.first, last = 0;
  for (const TileRow& row : tile.rows) {
    first = std::min(first, row.seen.first);
    last = std::max(last, row.seen.last);
  }
  for (std::int64_t keys = first / kBlockKeys * kBlockKeys; keys < last; keys += kBlockKeys) {
    for (std::int64_t row = 0; row < count;) {
      const Segment segment = next_segment(shape, tile.rows, row, keys);
      row = segment.end;
      if (segment.begin == segment.end) continue;
      multiply_keys(tile, segment, keys);
      soften_rows(tile, segment, keys);
      multiply_values(tile, segment, keys);
    }
  }
  for (std::int64_t r = 0; r < count; ++r) finish(tile, r);
}

std::int64_t block_bytes(const AttentionShape& shape, std::int64_t T, std::int64_t sequences) {
  return aligned(most_blocks(shape, T, sequences) * std::int64_t{sizeof(RowBlock)});
}

std::int64_t workspace_bytes(const AttentionShape& shape, std::int64_t T, std::int64_t sequences,
                             std::int64_t threads) {
  return block_bytes(shape, T, sequences) + threads * Scratch(shape, nullptr).bytes;
}

void run(const AttentionShape& shape, const PagedAttentionArgs& args, ThreadPool& pool) {
  std::int64_t rows = 0;
  for (const AttendedRows& sequence : args.sequences) rows += sequence.rows;
  auto* blocks = reinterpret_cast<RowBlock*>(args.workspace);
  const std::int64_t count = cut_rows(shape, args.sequences, blocks);
  pool.run(count, [&](std::int64_t block, std::int64_t) {
    for_each_row(args.sequences, blocks[block], [&](const AttendedRows& sequence, auto row) {
      write_row(shape, args, sequence, row);
    });
  });
  std::byte* scratch = args.workspace + block_bytes(shape, rows, std::ssize(args.sequences));
  const std::int64_t each = Scratch(shape, nullptr).bytes;
  // The last rows of a sequence see the most keys: begun first, they leave small tasks to the end.
  pool.run(count * shape.G, [&](std::int64_t task, std::int64_t thread) {
    const std::int64_t block = count - 1 - task / shape.G;
    attend(shape, args, blocks[block], task % shape.G, Scratch(shape, scratch + thread * each));
  });
}

}  // namespace

extern const PagedAttention attention_paged = {
    .name = "paged",
    .by_target = true,
    .supports = [](const AttentionShape& shape) { return shape.H % shape.G == 0; },
    .workspace_bytes = workspace_bytes,
    .run = run,
};

}  // namespace moe
