// CPU: tasks of some rows and one key/value head, which go over the keys block by block with
// running soft-maxima. Keys lie in their pages dim by dim, values token by token, so that both
// products are rows times a panel, and neither adds across the lanes of a vector.
#include <algorithm>
#include <cmath>

#include "kernels/attention/attention.h"
#include "kernels/attention/tiles.h"
#include "kernels/packed/aligned.h"
#include "kernels/packed/tiling.h"

namespace moe {
namespace {

constexpr auto kFloat = std::int64_t{sizeof(float)};

/// Where what a thread works in lies in its memory, in bytes.
struct ScratchLayout {
  explicit ScratchLayout(const AttentionShape& shape) {
    const std::int64_t most = rows_of_tile(shape);
    x = aligned_size(most * std::int64_t{sizeof(TileRow)});
    weights = x + aligned_size(most * std::int64_t{sizeof(float*)});
    y = weights + aligned_size(most * kBlockKeys * kFloat);
    bytes = y + aligned_size(most * shape.e * kFloat);
  }
  std::int64_t x, weights, y, bytes;
};

/// What a thread works in.
struct Scratch {
  Scratch(const ScratchLayout& layout, std::byte* at)
      : rows(reinterpret_cast<TileRow*>(at)),
        x(reinterpret_cast<const float**>(at + layout.x)),
        weights(reinterpret_cast<float*>(at + layout.weights)),
        y(reinterpret_cast<float*>(at + layout.y)) {}
  TileRow* rows;
  const float** x;     // of a product
  float *weights, *y;  // [rows, kBlockKeys], [rows, e]
};

/// One task: a block of rows on some key/value heads, that one page after the other is read from
/// its first of them to its last.
// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): all of it is given
struct Tile {
  const AttentionShape& shape;
  const PagedAttentionArgs& args;
  std::int64_t first_group, groups;
  std::int64_t count;  // rows of each group; group by group they are the tile's
  Scratch scratch;

  /// Row r of group g; all groups' rows see the same.
  TileRow& row(std::int64_t g, std::int64_t r) const { return scratch.rows[g * count + r]; }
  float* weights(std::int64_t g, std::int64_t r) const {
    return scratch.weights + (g * count + r) * kBlockKeys;
  }
  float* y(std::int64_t g, std::int64_t r) const { return scratch.y + (g * count + r) * shape.e; }
  const float* keys(std::int64_t g, std::int64_t page) const {
    return args.keys + (page * shape.G + first_group + g) * shape.d * shape.B;
  }
  const float* values(std::int64_t g, std::int64_t page) const {
    return args.values + (page * shape.G + first_group + g) * shape.e * shape.B;
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

/// Keys [first, last) of a page, of a block that begins at `block`.
struct PageKeys {
  std::int64_t page, first, last, block;
  std::int64_t next;   // the sequence's page behind it; this one where it lists no more
  std::int64_t start;  // where the segment's keys of the block begin
  bool ends;           // do they end here?
};

/// Calls work(keys) for the pages of a segment's keys.
template <typename Work>
void for_each_page(const Tile& tile, const Segment& segment, std::int64_t block, Work&& work) {
  const std::int64_t B = tile.shape.B;
  const AttendedRows& sequence = *tile.row(0, segment.begin).sequence;
  for (std::int64_t first = segment.first_key; first < segment.last_key;) {
    const std::int64_t last = std::min(segment.last_key, (first / B + 1) * B), at = first / B;
    work(PageKeys{.page = page_of(sequence, at),
                  .first = first,
                  .last = last,
                  .block = block,
                  .next = page_of(sequence, std::min(at + 1, std::ssize(sequence.pages) - 1)),
                  .start = page_of(sequence, segment.first_key / B),
                  .ends = last == segment.last_key});
    first = last;
  }
}

/// What is read behind a group's keys of a page: the same of the next group or page, then values.
const float* behind_keys(const Tile& tile, std::int64_t g, const PageKeys& keys) {
  if (g + 1 < tile.groups) return tile.keys(g + 1, keys.page);
  return keys.ends ? tile.values(0, keys.start) : tile.keys(0, keys.next);
}

/// And behind its values: the keys of the next block come last.
const float* behind_values(const Tile& tile, std::int64_t g, const PageKeys& keys) {
  if (g + 1 < tile.groups) return tile.values(g + 1, keys.page);
  return keys.ends ? tile.keys(0, keys.next) : tile.values(0, keys.next);
}

/// Products of a segment's queries with its keys.
void multiply_keys(const Tile& tile, const Segment& segment, std::int64_t block) {
  const AttentionShape& shape = tile.shape;
  const std::int64_t rows = segment.end - segment.begin;
  for_each_page(tile, segment, block, [&](const PageKeys& keys) {
    for (std::int64_t g = 0; g < tile.groups; ++g) {
      for (std::int64_t r = 0; r < rows; ++r) {
        const TileRow& row = tile.row(g, segment.begin + r);
        tile.scratch.x[r] = tile.args.q_THd + (row.row * shape.H + row.head) * shape.d;
      }
      multiply_strided({.panel = tile.keys(g, keys.page) + keys.first % shape.B,
                        .next = behind_keys(tile, g, keys),
                        .panel_stride = shape.B,
                        .inputs = shape.d,
                        .columns = keys.last - keys.first,
                        .x = {tile.scratch.x, static_cast<std::size_t>(rows)},
                        .y = tile.weights(g, segment.begin) + keys.first - block,
                        .y_stride = kBlockKeys});
    }
  });
}

/// Makes weights of a row's products, and what was added up so far comparable to them.
void soften_row(const Tile& tile, std::int64_t g, std::int64_t r, std::int64_t block) {
  const AttentionShape& shape = tile.shape;
  const ScoreKind kind = {.scale = static_cast<float>(shape.scale),
                          .softcap = static_cast<float>(shape.softcap)};
  TileRow& row = tile.row(g, r);
  const std::int64_t first = std::max(row.seen.first - block, std::int64_t{0});
  const std::int64_t last = std::min(row.seen.last - block, kBlockKeys);
  const float factor = soften_block(kind, first, last, tile.weights(g, r), row.softmax);
  if (factor == 1) return;
  float* y = tile.y(g, r);
  for (std::int64_t i = 0; i < shape.e; ++i) y[i] *= factor;
}

/// Adds the values that rows [begin, end) of the tile's groups see, which are these keys.
void add_values(const Tile& tile, std::int64_t begin, std::int64_t end, const PageKeys& keys) {
  const AttentionShape& shape = tile.shape;
  for (std::int64_t g = 0; g < tile.groups; ++g) {
    for (std::int64_t r = begin; r < end; ++r)
      tile.scratch.x[r - begin] = tile.weights(g, r) + keys.first - keys.block;
    multiply_strided({.panel = tile.values(g, keys.page) + keys.first % shape.B * shape.e,
                      .next = behind_values(tile, g, keys),
                      .panel_stride = shape.e,
                      .inputs = keys.last - keys.first,
                      .columns = shape.e,
                      .x = {tile.scratch.x, static_cast<std::size_t>(end - begin)},
                      .y = tile.y(g, begin),
                      .y_stride = shape.e,
                      .add = true});
  }
}

/// Page by page, rows that see the same of it together. None reads a value that it does not see.
void multiply_values(const Tile& tile, const Segment& segment, std::int64_t block) {
  for_each_page(tile, segment, block, [&](const PageKeys& keys) {
    const auto seen_of = [&](std::int64_t r) {
      const SeenKeys& seen = tile.row(0, r).seen;
      PageKeys seen_keys = keys;
      seen_keys.first = std::max(keys.first, seen.first);
      seen_keys.last = std::min(keys.last, seen.last);
      return seen_keys;
    };
    for (std::int64_t begin = segment.begin; begin < segment.end;) {
      const PageKeys seen = seen_of(begin);
      std::int64_t end = begin + 1;
      for (; end < segment.end; ++end) {
        const PageKeys other = seen_of(end);
        if (other.first != seen.first || other.last != seen.last) break;
      }
      if (seen.first < seen.last) add_values(tile, begin, end, seen);
      begin = end;
    }
  });
}

/// y of a row: what was added up over the sum of weights, and of its head's sink.
void finish(const Tile& tile, std::int64_t g, std::int64_t r) {
  const AttentionShape& shape = tile.shape;
  const TileRow& row = tile.row(g, r);
  float factor = 1, sum = row.softmax.sum;
  if (shape.sinks) {
    const float sink = tile.args.sink_H[row.head];
    const float largest = std::max(row.softmax.largest, sink);
    factor = std::exp(row.softmax.largest - largest);
    sum = sum * factor + std::exp(sink - largest);
  }
  const float* from = tile.y(g, r);
  float* to = tile.args.y_THe + (row.row * shape.H + row.head) * shape.e;
  for (std::int64_t i = 0; i < shape.e; ++i) to[i] = from[i] * factor / sum;
}

void attend(const Tile& tile) {
  const std::span<const TileRow> rows(tile.scratch.rows, static_cast<std::size_t>(tile.count));
  std::int64_t first = rows[0].seen.first, last = 0;
  for (const TileRow& row : rows) {
    first = std::min(first, row.seen.first);
    last = std::max(last, row.seen.last);
  }
  std::fill_n(tile.scratch.y, tile.groups * tile.count * tile.shape.e, 0.0F);
  for (std::int64_t block = first / kBlockKeys * kBlockKeys; block < last; block += kBlockKeys) {
    for (std::int64_t row = 0; row < tile.count;) {
      const Segment segment = next_segment(tile.shape, rows, row, block);
      row = segment.end;
      if (segment.begin == segment.end) continue;
      multiply_keys(tile, segment, block);
      for (std::int64_t g = 0; g < tile.groups; ++g) {
        for (std::int64_t r = segment.begin; r < segment.end; ++r) soften_row(tile, g, r, block);
      }
      multiply_values(tile, segment, block);
    }
  }
  for (std::int64_t g = 0; g < tile.groups; ++g) {
    for (std::int64_t r = 0; r < tile.count; ++r) finish(tile, g, r);
  }
}

std::int64_t block_bytes(const AttentionShape& shape, std::int64_t T, std::int64_t sequences) {
  return aligned_size(most_blocks(shape, T, sequences) * std::int64_t{sizeof(RowBlock)});
}

std::int64_t workspace_bytes(const AttentionShape& shape, std::int64_t T, std::int64_t sequences,
                             std::int64_t threads) {
  return block_bytes(shape, T, sequences) + threads * ScratchLayout(shape).bytes;
}

/// Into how many parts the key/value heads are cut: into as few as fit a tile and give each thread
/// several tasks, since a page is best read in one go.
std::int64_t group_parts(const AttentionShape& shape, std::span<const RowBlock> blocks,
                         const ThreadPool& pool) {
  constexpr std::int64_t kTasks = 2;  // of each thread at least
  std::int64_t most = 1;
  for (const RowBlock& block : blocks) most = std::max(most, block.rows);
  const std::int64_t rows = most * (shape.H / shape.G);
  const std::int64_t fit = std::max<std::int64_t>(1, rows_of_tile(shape) / rows);
  const std::int64_t wanted =
      std::ssize(blocks) == 0 ? 1 : (kTasks * pool.threads() - 1) / std::ssize(blocks) + 1;
  return std::min(shape.G, std::max((shape.G + fit - 1) / fit, wanted));
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
  const ScratchLayout layout(shape);
  const std::int64_t parts = group_parts(shape, {blocks, static_cast<std::size_t>(count)}, pool);
  // The last rows of a sequence see the most keys: begun first, they leave small tasks to the end.
  pool.run(count * parts, [&](std::int64_t task, std::int64_t thread) {
    const RowBlock& block = blocks[count - 1 - task / parts];
    const std::int64_t first = part(shape.G, task % parts, parts);
    Tile tile{.shape = shape,
              .args = args,
              .first_group = first,
              .groups = part(shape.G, task % parts + 1, parts) - first,
              .count = 0,
              .scratch = Scratch(layout, scratch + thread * layout.bytes)};
    for (std::int64_t g = 0; g < tile.groups; ++g) {
      tile.count =
          fill_tile(shape, args.sequences, block, first + g, tile.scratch.rows + g * tile.count);
    }
    attend(tile);
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
