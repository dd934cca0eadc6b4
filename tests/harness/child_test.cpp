// How a child ended is found out, or said to be unknown; never taken for well.
#include "harness/child.h"

#include <signal.h>
#include <sys/wait.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

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

/// Sets a variable, or takes it away (no value), as long as it lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    set(value);
  }
  ~Variable() { set(before_ ? before_->c_str() : nullptr); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void set(const char* value) const {
    if (value == nullptr) {
      unsetenv(name_);
    } else {
      setenv(name_, value, 1);
    }
  }

  const char* name_;
  std::optional<std::string> before_;
};

TEST(child, does_not_spin_for_long_unless_the_user_wants_it) {
  const Variable no_policy("OMP_WAIT_POLICY", nullptr), no_count("GOMP_SPINCOUNT", nullptr);
  std::string heard;
  const auto spins = [&] {
    end_of("spins", [&](const Event& event) {
      if (const auto* log = std::get_if<LogLine>(&event)) heard = log->text;
    });
    return heard;
  };
  EXPECT_EQ(spins(), "10000");
  EXPECT_EQ(openmp_waiting(), "GOMP_SPINCOUNT=10000");
  {
    const Variable count("GOMP_SPINCOUNT", "7");
    EXPECT_EQ(spins(), "7");
    EXPECT_EQ(openmp_waiting(), "GOMP_SPINCOUNT=7");
  }
  const Variable policy("OMP_WAIT_POLICY", "active");
  EXPECT_EQ(spins(), "");
  EXPECT_EQ(openmp_waiting(), "OMP_WAIT_POLICY=active");
}

TEST(child, keeps_fewer_prepared_products_unless_the_user_says_how_many) {
  const Variable none("LRU_CACHE_CAPACITY", nullptr), set("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "9");
  const std::vector<std::string> environment = environment_of_worker();
  EXPECT_EQ(std::ranges::count(environment, "LRU_CACHE_CAPACITY=256"), 1);
  EXPECT_EQ(std::ranges::count(environment, "ONEDNN_PRIMITIVE_CACHE_CAPACITY=9"), 1);
  EXPECT_EQ(std::ranges::count(environment, "ONEDNN_PRIMITIVE_CACHE_CAPACITY=256"), 0);
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
