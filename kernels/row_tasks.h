// Rows that are computed one by one, cut into tasks of some rows each.
#pragma once

#include <algorithm>
#include <cstdint>

#include "harness/thread_pool.h"
#include "kernels/packed/tiling.h"

namespace moe {

/// Of a task, about: they take longer than it takes to hand them over.
inline constexpr std::int64_t kTaskElements = 1 << 14;

/// Calls work(begin, end) for ranges that make up [0, rows), as alike as can be; a row has `width`
/// elements, 1 or more.
template <typename Work>
void run_rows(ThreadPool& pool, std::int64_t rows, std::int64_t width, Work&& work) {
  const std::int64_t each = std::max<std::int64_t>(1, kTaskElements / width);
  const std::int64_t tasks = (rows + each - 1) / each;
  pool.run(tasks, [&](std::int64_t task, std::int64_t) {
    work(part(rows, task, tasks), part(rows, task + 1, tasks));
  });
}

}  // namespace moe
