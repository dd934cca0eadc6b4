#include "harness/thread_pool.h"

#include <pthread.h>
#include <sched.h>

#include <utility>

#include "harness/error.h"

namespace moe {
namespace {

/// About 50 microseconds: as long as a sleeping thread takes to wake.
constexpr int kAwake = 2000;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Until the value is another one: awake at first, then asleep.
template <typename T>
void wait_while(const std::atomic<T>& value, T is) {
  for (int i = 0; i < kAwake; ++i) {
    if (value.load(std::memory_order_acquire) != is) return;
    pause();
  }
  value.wait(is, std::memory_order_acquire);
}

/// Processors that this process may use.
std::vector<int> processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> ids;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return ids;
  for (int id = 0; id < CPU_SETSIZE; ++id) {
    if (CPU_ISSET(id, &set)) ids.push_back(id);
  }
  return ids;
}

/// Best effort: a thread that may not be bound runs all the same.
void bind(std::thread& thread, int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  pthread_setaffinity_np(thread.native_handle(), sizeof(set), &set);
}

}  // namespace

ThreadPool::ThreadPool(std::int64_t threads) {
  require(threads >= 1, "a pool of {} threads: expected 1 or more", threads);
  const std::vector<int> ids = processors();
  for (std::int64_t thread = 1; thread < threads; ++thread) {
    others_.emplace_back([this, thread] { wait_for_jobs(thread); });
    if (threads <= std::ssize(ids)) bind(others_.back(), ids[static_cast<std::size_t>(thread)]);
  }
}

ThreadPool::~ThreadPool() {
  over_ = true;
  number_.fetch_add(1, std::memory_order_release);
  number_.notify_all();
  for (std::thread& thread : others_) thread.join();
}

void ThreadPool::run_all(const Job& job) {
  if (job.tasks <= 0) return;
  if (others_.empty() || job.tasks == 1) {
    for (std::int64_t task = 0; task < job.tasks; ++task) job.call(job.context, task, 0);
    return;
  }
  job_ = job;
  next_.store(0, std::memory_order_relaxed);
  failed_.store(false, std::memory_order_relaxed);
  busy_.store(std::ssize(others_), std::memory_order_relaxed);
  number_.fetch_add(1, std::memory_order_release);
  number_.notify_all();
  work_on(job, 0);
  for (std::int64_t busy = busy_.load(std::memory_order_acquire); busy != 0;
       busy = busy_.load(std::memory_order_acquire)) {
    wait_while(busy_, busy);
  }
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void ThreadPool::work_on(const Job& job, std::int64_t thread) {
  try {
    while (!failed_.load(std::memory_order_relaxed)) {
      const std::int64_t task = next_.fetch_add(1, std::memory_order_relaxed);
      if (task >= job.tasks) return;
      job.call(job.context, task, thread);
    }
  } catch (...) {
    if (!failed_.exchange(true)) error_ = std::current_exception();
  }
}

void ThreadPool::wait_for_jobs(std::int64_t thread) {
  for (std::uint64_t seen = 0;;) {
    wait_while(number_, seen);
    seen = number_.load(std::memory_order_acquire);
    if (over_) return;
    work_on(job_, thread);
    if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) busy_.notify_one();
  }
}

}  // namespace moe
