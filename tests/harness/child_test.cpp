// How a child ended is found out, or said to be unknown; never taken for well.
#include "harness/child.h"

#include <signal.h>
#include <sys/wait.h>
#include <gtest/gtest.h>

#include "harness/worker_process.h"

namespace moe {
namespace {

WorkerEnd end_of(const std::string& mode, const std::function<void(const Event&)>& heard = {}) {
  return run_worker(
      {MOE_FAKE_WORKER, mode}, {}, {.silence_s = 20},
      {.check = {}, .is_progress = {}, .event = heard, .stderr_line = {}, .tick = {}});
}

TEST(child, that_is_killed_is_not_done_where_children_were_ignored) {
  std::signal(SIGCHLD, SIG_IGN);  // as a parent of ours may leave it
  const WorkerEnd end = end_of("killed");
  EXPECT_EQ(end.how, WorkerHow::died);
  EXPECT_NE(end.exit.find("signal 9"), std::string::npos) << end.exit;
}

TEST(child, whose_end_somebody_else_took_is_not_done) {
  const WorkerEnd end = end_of("killed", [](const Event&) { waitpid(-1, nullptr, 0); });
  EXPECT_EQ(end.how, WorkerHow::died);
  EXPECT_EQ(end.verdict.outcome, Outcome::failed);
  EXPECT_NE(end.exit.find("unknown"), std::string::npos) << end.exit;
}

TEST(child, does_not_spin_for_long_unless_the_user_wants_it) {
  std::string heard;
  const auto listen = [&](const Event& event) {
    if (const auto* log = std::get_if<LogLine>(&event)) heard = log->text;
  };
  end_of("spins", listen);
  EXPECT_EQ(heard, "10000");
  setenv("GOMP_SPINCOUNT", "7", 1);
  end_of("spins", listen);
  EXPECT_EQ(heard, "7");
  unsetenv("GOMP_SPINCOUNT");
  setenv("OMP_WAIT_POLICY", "active", 1);
  end_of("spins", listen);
  EXPECT_EQ(heard, "");
  unsetenv("OMP_WAIT_POLICY");
}

TEST(child, that_says_nothing_of_use_is_silent) {
  const WorkerEnd end = run_worker({MOE_FAKE_WORKER, "hang"}, {},
                                   {.silence_s = 0.3, .silence = "nothing was loaded for"},
                                   {.check = {},
                                    .is_progress = [](const Event&) { return false; },
                                    .event = {},
                                    .stderr_line = {},
                                    .tick = {}});
  EXPECT_EQ(end.how, WorkerHow::silent);
  EXPECT_EQ(end.verdict.reason, "nothing was loaded for 0.3 s");
}

}  // namespace
}  // namespace moe
