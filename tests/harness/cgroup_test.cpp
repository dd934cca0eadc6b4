// Control groups as files in a folder of the test's own.
#include "harness/cgroup.h"

#include <gtest/gtest.h>

#include "tests/temporary_folder.h"

namespace moe {
namespace {

constexpr std::int64_t kMiB = 1 << 20U;

TEST(cgroup, none_says_nothing) {
  const TemporaryFolder root;
  EXPECT_FALSE(cgroup_memory_limit(root.path()));
  EXPECT_FALSE(cgroup_memory_headroom(root.path()));
  EXPECT_FALSE(cgroup_memory_kills(root.path()));
  EXPECT_FALSE(cgroup_cores(root.path()));
}

TEST(cgroup, the_tightest_of_the_groups_around_the_process_holds) {
  const TemporaryFolder root;
  root.write("proc/self/cgroup", "0::/outer/inner\n");
  root.write("sys/fs/cgroup/outer/memory.max", std::to_string(100 * kMiB) + "\n");
  root.write("sys/fs/cgroup/outer/memory.current", std::to_string(90 * kMiB) + "\n");
  root.write("sys/fs/cgroup/outer/memory.stat",
             "anon 1\nfile " + std::to_string(50 * kMiB) + "\ninactive_file " +
                 std::to_string(30 * kMiB) + "\nactive_file " + std::to_string(20 * kMiB) + "\n");
  root.write("sys/fs/cgroup/outer/inner/memory.max", "max\n");
  root.write("sys/fs/cgroup/outer/inner/memory.current", "1\n");
  root.write("sys/fs/cgroup/outer/inner/memory.events", "low 0\noom 2\noom_kill 1\n");
  root.write("sys/fs/cgroup/outer/cpu.max", "150000 100000\n");
  root.write("sys/fs/cgroup/outer/inner/cpu.max", "max 100000\n");
  EXPECT_EQ(cgroup_memory_limit(root.path()), 100 * kMiB);
  const auto headroom = cgroup_memory_headroom(root.path());
  ASSERT_TRUE(headroom);
  EXPECT_GT(*headroom, 10 * kMiB) << "cached files can be dropped";
  EXPECT_LE(*headroom, 60 * kMiB);
  EXPECT_EQ(cgroup_memory_kills(root.path()), 1);
  EXPECT_EQ(cgroup_cores(root.path()), 1.5);
}

TEST(cgroup, a_group_that_is_over_its_limit_has_nothing_left) {
  const TemporaryFolder root;
  root.write("proc/self/cgroup", "0::/a\n");
  root.write("sys/fs/cgroup/a/memory.max", "1000\n");
  root.write("sys/fs/cgroup/a/memory.current", "2000\n");
  EXPECT_EQ(cgroup_memory_headroom(root.path()), 0);
}

TEST(cgroup, version_1_is_read_too) {
  const TemporaryFolder root;
  root.write("proc/self/cgroup", "5:memory:/job\n4:cpu,cpuacct:/job\n");
  root.write("sys/fs/cgroup/memory/job/memory.limit_in_bytes", std::to_string(64 * kMiB) + "\n");
  root.write("sys/fs/cgroup/memory/job/memory.usage_in_bytes", std::to_string(4 * kMiB) + "\n");
  root.write("sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "50000\n");
  root.write("sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cgroup_memory_limit(root.path()), 64 * kMiB);
  EXPECT_EQ(cgroup_memory_headroom(root.path()), 60 * kMiB);
  EXPECT_EQ(cgroup_cores(root.path()), 0.5);
}

TEST(cgroup, kills_are_told_by_the_innermost_group_that_can_be_seen) {
  const TemporaryFolder root;
  root.write("proc/self/cgroup", "0::/host/slice/container\n");
  root.write("sys/fs/cgroup/memory.events", "low 0\noom 4\noom_kill 3\n");
  EXPECT_EQ(cgroup_memory_kills(root.path()), 3);
  root.write("sys/fs/cgroup/host/slice/memory.events", "oom 1\noom_kill 0\n");
  EXPECT_EQ(cgroup_memory_kills(root.path()), 0);
}

TEST(cgroup, nonsense_in_its_files_is_no_limit) {
  const TemporaryFolder root;
  root.write("proc/self/cgroup", "0::/a\n");
  root.write("sys/fs/cgroup/a/memory.max", "many\n");
  root.write("sys/fs/cgroup/a/cpu.max", "max\n");
  EXPECT_FALSE(cgroup_memory_limit(root.path()));
  EXPECT_FALSE(cgroup_cores(root.path()));
}

}  // namespace
}  // namespace moe
