// Threads that wait for work: a number of tasks, each done once, by whichever thread is free.
//
// What a task computes must not depend on which thread does it, or when. Threads wait awake for a
// moment after their last task, since the next comes soon where there is one, and then sleep.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

namespace moe {

class ThreadPool {
 public:
  /// The caller of run() is one of the `threads`. Others are bound to processors that this process
  /// may use, one each, where there are as many. Error below 1.
  explicit ThreadPool(std::int64_t threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  std::int64_t threads() const { return std::ssize(others_) + 1; }

  /// Calls work(task, thread) for every task in [0, tasks), thread in [0, threads()), and returns
  /// when all are done; allocates nothing. After an exception no further task is begun, and the
  /// first one is rethrown here. For one caller at a time, and not from within a task.
  template <typename Work>
  void run(std::int64_t tasks, Work&& work) {
    using Function = std::remove_reference_t<Work>;
    run_all({.tasks = tasks, .context = &work, .call = [](void* context, auto task, auto thread) {
               (*static_cast<Function*>(context))(task, thread);
             }});
  }

 private:
  struct Job {
    std::int64_t tasks = 0;
    void* context = nullptr;
    void (*call)(void* context, std::int64_t task, std::int64_t thread) = nullptr;
  };

  void run_all(const Job&);
  void wait_for_jobs(std::int64_t thread);
  void work_on(const Job&, std::int64_t thread);

  // What all threads write at has a line of the cache to itself.
  alignas(64) std::atomic<std::int64_t> next_ = 0;  // task to be begun
  std::exception_ptr error_;
  Job job_;
  std::vector<std::thread> others_;
  alignas(64) std::atomic<std::int64_t> busy_ = 0;  // threads that have not ended this job
  std::atomic<bool> failed_ = false, over_ = false;
  alignas(64) std::atomic<std::uint64_t> number_ = 0;  // of the job
};

}  // namespace moe
