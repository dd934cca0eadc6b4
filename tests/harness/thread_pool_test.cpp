#include "harness/thread_pool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <vector>

#include "harness/error.h"

namespace moe {
namespace {

class EveryThreadPool : public testing::TestWithParam<int> {
 protected:
  ThreadPool pool{GetParam()};
};

TEST_P(EveryThreadPool, does_every_task_once_job_after_job) {
  for (std::int64_t tasks = 0; tasks < 300; ++tasks) {
    std::vector<std::atomic<int>> done(static_cast<std::size_t>(tasks));
    pool.run(tasks, [&](std::int64_t task, std::int64_t thread) {
      EXPECT_LT(thread, pool.threads());
      ++done[static_cast<std::size_t>(task)];
    });
    for (const std::atomic<int>& count : done) ASSERT_EQ(count, 1);
  }
}

TEST_P(EveryThreadPool, sees_what_was_written_before_and_shows_what_it_wrote) {
  std::vector<std::int64_t> values(1000);  // plain memory: the thread sanitizer watches
  for (int round = 0; round < 50; ++round) {
    for (std::int64_t& value : values) ++value;
    pool.run(std::ssize(values),
             [&](std::int64_t task, std::int64_t) { ++values[static_cast<std::size_t>(task)]; });
  }
  for (const std::int64_t value : values) EXPECT_EQ(value, 100);
}

TEST_P(EveryThreadPool, rethrows_and_goes_on) {
  for (int round = 0; round < 20; ++round) {
    EXPECT_THROW(pool.run(100, [](std::int64_t task,
                                  std::int64_t) { require(task != 37, "task {}", task); }),
                 Error);
    std::atomic<int> done = 0;
    pool.run(10, [&](std::int64_t, std::int64_t) { ++done; });
    EXPECT_EQ(done, 10);
  }
}

TEST_P(EveryThreadPool, wakes_after_a_sleep) {
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::atomic<int> done = 0;
    pool.run(64, [&](std::int64_t, std::int64_t) { ++done; });
    EXPECT_EQ(done, 64);
  }
}

INSTANTIATE_TEST_SUITE_P(, EveryThreadPool, testing::Values(1, 2, 3, 8));

TEST(thread_pool, shares_tasks_that_take_long_among_threads) {
  ThreadPool pool(2);
  std::atomic<int> here = 0;
  std::vector<std::int64_t> threads(2, -1);
  pool.run(2, [&](std::int64_t task, std::int64_t thread) {
    threads[static_cast<std::size_t>(task)] = thread;
    for (++here; here < 2;) std::this_thread::yield();  // until both are under way
  });
  EXPECT_EQ(std::set(threads.begin(), threads.end()), (std::set<std::int64_t>{0, 1}));
}

TEST(thread_pool, wants_a_thread) {
  EXPECT_THROW(ThreadPool(0), Error);
}

}  // namespace
}  // namespace moe
