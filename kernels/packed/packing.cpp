#include "kernels/packed/packing.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "kernels/packed/aligned.h"
#include "kernels/packed/element.h"
#include "kernels/packed/quantised.h"
#include "kernels/packed/quantised_panel.h"
#include "kernels/packed/tiling.h"
#include "kernels/packed/transpose.h"

namespace moe {
namespace {

/// Tasks that makers are told of before they begin.
constexpr std::int64_t kAhead = 32;

/// Stored rows of a panel's outputs, by their place among the weights of one input; null beyond N.
using PanelRows = std::vector<const std::byte*>;

/// Which output of a panel has a place: of bf16 the two halves of a panel take turns (tile-inl.h).
std::int64_t output_at(std::int64_t place, std::int64_t width, PackedFormat format) {
  if (format != PackedFormat::bf16) return place;
  return place / 2 + (place % 2 == 0 ? 0 : width / 2);
}

/// Inputs of 8 that lie as panel_nibble has them, of inputs in their order.
std::uint32_t in_panel_order(PackedFormat format, std::uint32_t codes) {
  std::uint32_t out = 0;
  for (int input = 0; input < 8; ++input)
    out |= (codes >> 4 * input & 15U) << 4 * panel_nibble(format, input);
  return out;
}

/// Codes of 4 bits of n inputs, eight in 32 bits.
void pack_nibbles(PackedFormat format, PanelRows& codes, std::int64_t n, std::byte* out) {
  transpose(4, codes, n / 8, out);
  const std::int64_t width = std::ssize(codes), whole = n / 8 * 8;
  for (std::int64_t place = 0; n > whole && place < width; ++place) {
    std::uint32_t last = 0;
    std::memcpy(&last, codes[static_cast<std::size_t>(place)] + whole / 2,
                static_cast<std::size_t>((n - whole + 1) / 2));
    std::memcpy(out + (whole / 8 * width + place) * 4, &last, sizeof(last));
  }
  if (format == PackedFormat::int4) return;  // in order
  for (std::int64_t i = 0; i < (n + 7) / 8 * width; ++i) {
    const std::uint32_t moved = in_panel_order(format, element_at<std::uint32_t>(out, i));
    std::memcpy(out + 4 * i, &moved, sizeof(moved));
  }
}

/// The scale of a stored block as it lies in a panel, and what else is before its codes.
void pack_scales(PackedFormat format, const std::byte* block, std::int64_t place,
                 std::int64_t width, std::byte* out) {
  if (format == PackedFormat::mxfp4) {  // 2^(e - 127) as bf16; of e = 0 it is subnormal
    const auto e = std::to_integer<std::uint16_t>(*block);
    const auto scale = static_cast<std::uint16_t>(e == 0 ? 0x40 : e << 7U);
    std::memcpy(out + 2 * place, &scale, sizeof(scale));
    return;
  }
  for (std::int64_t part = 0; part < scale_bytes(format); part += 2)
    std::memcpy(out + part * width + 2 * place, block + part, 2);
}

void pack_quantised_panel(const PackedShape& shape, const PanelRows& rows, std::byte* out) {
  const std::int64_t width = std::ssize(rows);
  const std::array<std::byte, kQuantisedBlock> zeros{};  // codes of an output that is not
  PanelRows codes(rows.size());
  std::int64_t at = 0;
  for (std::int64_t k = 0; k < shape.K; k += kQuantisedBlock) {
    const std::int64_t n = std::min(kQuantisedBlock, shape.K - k);
    const std::int64_t scales = width * panel_scale_bytes(shape.format);
    std::memset(out, 0, static_cast<std::size_t>(scales));
    for (std::size_t place = 0; place < rows.size(); ++place) {
      codes[place] = zeros.data();
      if (rows[place] == nullptr) continue;
      codes[place] = rows[place] + at + scale_bytes(shape.format);
      pack_scales(shape.format, rows[place] + at, static_cast<std::int64_t>(place), width, out);
    }
    if (shape.format == PackedFormat::int8) {
      transpose(1, codes, n, out + scales);
    } else {
      pack_nibbles(shape.format, codes, n, out + scales);
    }
    at += block_bytes(shape.format, n);
    out += panel_block_bytes(shape.format, n) * width;
  }
}

void pack_panel(const PackedShape& shape, PanelRows& rows, const std::byte* zeros, std::byte* out) {
  if (is_quantised(shape.format)) return pack_quantised_panel(shape, rows, out);
  std::ranges::replace(rows, nullptr, zeros);
  transpose(row_bytes(shape.format, 1), rows, shape.K, out);
}

std::int64_t panels_of_task(const PackedShape& shape) {
  return std::max<std::int64_t>(1, kPackTaskWeights / (panel_width() * shape.K));
}

std::int64_t tasks_of(const PackedShape& shape) {
  return (shape.panels() + panels_of_task(shape) - 1) / panels_of_task(shape);
}

/// Some panels of a job.
struct Task {
  const PackJob& job;
  std::int64_t first, last;  // panels

  std::int64_t begin() const { return first * panel_width(); }
  std::int64_t end() const { return std::min(job.shape.N, last * panel_width()); }
};

void pack_task(const Task& task) {
  const PackedShape& shape = task.job.shape;
  const StoredRows& from = task.job.from;
  const std::int64_t width = panel_width(), row = row_bytes(shape.format, shape.K);
  const AlignedBytes room = aligned_bytes(from.maker == nullptr ? 0 : width * row);
  const std::vector<std::byte> zeros(static_cast<std::size_t>(row));
  PanelRows rows(static_cast<std::size_t>(width));
  for (std::int64_t panel = task.first; panel < task.last; ++panel) {
    const std::int64_t begin = panel * width, end = std::min(shape.N, begin + width);
    const std::byte* stored = from.rows(begin, end, row, room.get());
    for (std::int64_t place = 0; place < width; ++place) {
      const std::int64_t n = output_at(place, width, shape.format);
      rows[static_cast<std::size_t>(place)] = begin + n < end ? stored + n * row : nullptr;
    }
    pack_panel(shape, rows, zeros.data(), task.job.packed + panel * shape.panel_bytes());
  }
  if (from.maker != nullptr) from.maker->done(task.begin(), task.end());
}

/// Tasks of all jobs.
class Tasks {
 public:
  explicit Tasks(std::span<const PackJob> jobs) : jobs_(jobs) {
    for (const PackJob& job : jobs) ends_.push_back(count() + tasks_of(job.shape));
  }
  std::int64_t count() const { return ends_.empty() ? 0 : ends_.back(); }
  Task at(std::int64_t task) const {
    const auto job = std::ranges::upper_bound(ends_, task) - ends_.begin();
    const PackJob& found = jobs_[static_cast<std::size_t>(job)];
    const std::int64_t before = job == 0 ? 0 : ends_[static_cast<std::size_t>(job - 1)],
                       each = panels_of_task(found.shape), first = (task - before) * each;
    return {found, first, std::min(found.shape.panels(), first + each)};
  }
  void announce(std::int64_t task) const {
    if (task >= count()) return;
    const Task soon = at(task);
    if (soon.job.from.maker != nullptr) soon.job.from.maker->soon(soon.begin(), soon.end());
  }

 private:
  std::span<const PackJob> jobs_;
  std::vector<std::int64_t> ends_;
};

}  // namespace

void pack(std::span<const PackJob> jobs, ThreadPool& pool) {
  const Tasks tasks(jobs);
  for (std::int64_t task = 0; task < kAhead; ++task) tasks.announce(task);
  pool.run(tasks.count(), [&](std::int64_t task, std::int64_t) {
    tasks.announce(task + kAhead);
    pack_task(tasks.at(task));
  });
}

void copy_rows(const StoredRows& from, std::int64_t N, std::int64_t K, PackedFormat format,
               std::byte* out, ThreadPool& pool) {
  const std::int64_t row = row_bytes(format, K),
                     each = std::max<std::int64_t>(1, kPackTaskWeights / K);
  const std::int64_t tasks = (N + each - 1) / each;
  const auto announce = [&](std::int64_t task) {
    if (from.maker != nullptr && task < tasks)
      from.maker->soon(task * each, std::min(N, (task + 1) * each));
  };
  for (std::int64_t task = 0; task < kAhead; ++task) announce(task);
  pool.run(tasks, [&](std::int64_t task, std::int64_t) {
    announce(task + kAhead);
    copy_some_rows(from, task * each, std::min(N, (task + 1) * each), row, out);
  });
}

}  // namespace moe
