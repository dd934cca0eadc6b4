// Several processes write to one file at once, from its first moment on.
#include <unistd.h>
#include <gtest/gtest.h>

#include <vector>

#include "harness/clock.h"
#include "results/recorder.h"
#include "tests/results/plans.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

using testing::answer_of;
using testing::cell;
using testing::document_of;
using testing::in_child;
using testing::plan_of;
using testing::wait_for;

constexpr int kWriters = 3;
constexpr std::int64_t kDocuments = 4000;

void write_a_run(const std::filesystem::path& file, int writer) {
  Store store(file);
  RunRow plan = plan_of();
  plan.question_limit = writer;
  Recorder run(store, plan);
  const std::int64_t launch = run.begin_launch("t0", 0);
  for (std::int64_t i = 0; i < kDocuments; ++i) {
    run.record(launch, document_of("c0", i, 1));
    run.record(launch, answer_of("c0", i, 0));
    if (i % 500 == 0) run.stored("c0");
  }
  run.end_case("c0", {});
  run.end_launch(launch, "done");
  run.end_run();
}

TEST(writers, share_a_file) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "a.sqlite";
  std::vector<pid_t> children;
  for (int writer = 0; writer < kWriters; ++writer)
    children.push_back(in_child([&, writer] { write_a_run(file, writer); }));
  for (const pid_t child : children) EXPECT_EQ(wait_for(child), 0);
  const Store store(file);
  EXPECT_EQ(cell(store, "SELECT count(*) FROM run WHERE ended_at IS NOT NULL"),
            std::to_string(kWriters));
  EXPECT_EQ(cell(store, "SELECT count(*) FROM answer"), std::to_string(kWriters * kDocuments));
  EXPECT_EQ(cell(store, "PRAGMA integrity_check"), "ok");
}

TEST(writers, make_one_file_at_the_same_moment) {
  for (int round = 0; round < 20; ++round) {
    const TemporaryFolder folder;
    const auto file = folder.path() / "a.sqlite";
    std::vector<pid_t> children;
    for (int writer = 0; writer < 8; ++writer)
      children.push_back(in_child([&] { const Store store(file); }));
    for (const pid_t child : children) EXPECT_EQ(wait_for(child), 0) << "round " << round;
    EXPECT_GT(Store(file).schema_version(), 0);
  }
}

/// A slow writer, whose events come one by one, does not keep a second one waiting.
TEST(writers, do_not_starve_each_other) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "a.sqlite";
  {
    const Store store(file);
  }
  const double until_s = steady_seconds() + 1.5;
  const pid_t slow = in_child([&] {
    Store store(file);
    Recorder run(store, plan_of());
    const std::int64_t launch = run.begin_launch("t0", 0);
    for (std::int64_t i = 0; steady_seconds() < until_s; ++i) {
      run.record(launch, document_of("c0", i));
      usleep(1000);
    }
  });
  Store store(file);
  RunRow plan = plan_of();
  plan.question_limit = 99;
  Recorder run(store, plan);
  double longest_s = 0;
  while (steady_seconds() < until_s) {
    const double began_s = steady_seconds();
    run.end_launch(run.begin_launch("t0", 0), "done");
    longest_s = std::max(longest_s, steady_seconds() - began_s);
    usleep(2000);
  }
  EXPECT_EQ(wait_for(slow), 0);
  EXPECT_LT(longest_s, 2) << "one batch of the other's is a matter of milliseconds";
}

}  // namespace
}  // namespace moe
