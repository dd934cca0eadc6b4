#include "kernels/ceilings/ceilings.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "harness/clock.h"
#include "harness/memory.h"
#include "kernels/ceilings/loops.h"
#include "kernels/packed/aligned.h"

namespace moe {
namespace {

constexpr std::int64_t kGigabyte = std::int64_t{1} << 30;
constexpr double kPassSeconds = 0.03;  // of multiply-adds: longer than a thread takes to wake

/// Passes of work(thread), which returns what it did: the sum of it over the time all took.
template <typename Work>
Estimate measure(ThreadPool& pool, std::int64_t passes, Work&& work) {
  require(passes > 0, "{} passes; expected 1 or more", passes);
  std::vector<double> rates, done(static_cast<std::size_t>(pool.threads()));
  for (std::int64_t pass = -1; pass < passes; ++pass) {  // the first one warms up
    const double begin = steady_seconds();
    pool.run(pool.threads(), [&](std::int64_t task, std::int64_t) {
      done[static_cast<std::size_t>(task)] = work(task);
    });
    const double seconds = steady_seconds() - begin;
    if (pass >= 0) rates.push_back(std::reduce(done.begin(), done.end()) / seconds);
  }
  const Interval interval = median_interval(rates);
  return {median(rates), interval.low, interval.high};
}

/// Rounds that take about as long as a pass is to.
template <typename Loop>
std::int64_t rounds_of_pass(Loop&& loop) {
  std::int64_t rounds = 1 << 16;
  for (;; rounds *= 2) {
    float sink = 0.5F;
    const double begin = steady_seconds();
    loop(rounds, &sink);
    const double seconds = steady_seconds() - begin;
    if (seconds < kPassSeconds / 4) continue;
    return static_cast<std::int64_t>(static_cast<double>(rounds) * kPassSeconds / seconds);
  }
}

}  // namespace

Ceiling measure_read(ThreadPool& pool, std::int64_t buffer_bytes, std::int64_t passes) {
  const std::int64_t each = buffer_bytes / pool.threads() / kHugePage * kHugePage;
  require(each > 0, "{} bytes to be read by {} threads; expected a large page ({} bytes) for each",
          buffer_bytes, pool.threads(), kHugePage);
  const std::int64_t whole = each * pool.threads();
  const AlignedBytes buffer = aligned_bytes(whole);
  pool.run(pool.threads(), [&](std::int64_t task, std::int64_t) {  // a page of zeros has no memory
    std::fill_n(buffer.get() + task * each, each, std::byte{1});
  });
  std::vector<std::uint64_t> read(static_cast<std::size_t>(pool.threads()));
  const Estimate rate = measure(pool, passes, [&](std::int64_t task) {
    read[static_cast<std::size_t>(task)] =
        read_all(std::span(buffer.get() + task * each, static_cast<std::size_t>(each)));
    return static_cast<double>(each);
  });
  // An even number of the same bytes: the reading cannot be left out, since this is looked at.
  require(std::ranges::count(read, 0U) == std::ssize(read), "memory was read wrongly");
  return {.what = kReadCeiling, .dtype = "", .how = "", .threads = pool.threads(), .rate = rate};
}

Ceiling measure_multiply_add(ThreadPool& pool, std::string_view dtype, std::int64_t passes) {
  require(dtype == "f32" || dtype == "bf16", "multiply-add of \"{}\"; expected f32 or bf16", dtype);
  const auto loop = dtype == "f32" ? multiply_add_f32 : multiply_add_bf16;
  const std::int64_t rounds = rounds_of_pass(loop);
  const Estimate rate = measure(pool, passes, [&](std::int64_t) {
    float sink = 0.5F;
    const double operations = loop(rounds, &sink);
    require(std::isfinite(sink), "a sum of multiply-adds is not finite");
    return operations;
  });
  const bool is_native = dtype == "f32" || multiplies_bf16();
  return {.what = kMultiplyAddCeiling,
          .dtype = dtype,
          .how = is_native ? "native" : "converted",
          .threads = pool.threads(),
          .rate = rate};
}

std::int64_t read_buffer_bytes() {
  const std::int64_t cache = std::max<std::int64_t>(sysconf(_SC_LEVEL3_CACHE_SIZE), 0);
  return std::min(std::max(kGigabyte, 16 * cache), available_bytes() / 4);
}

std::vector<std::int64_t> ceiling_threads(std::int64_t cores) {
  std::vector<std::int64_t> threads;
  for (std::int64_t n = 1; n < cores; n = n < 8 ? n + 1 : 2 * n) threads.push_back(n);
  threads.push_back(cores);
  return threads;
}

}  // namespace moe
