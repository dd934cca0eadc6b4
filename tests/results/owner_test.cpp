// Who lives, who is dead, and who cannot be seen from here.
#include "results/owner.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <gtest/gtest.h>

#include <sstream>
#include <vector>

#include "harness/error.h"
#include "results/recorder.h"
#include "tests/results/plans.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

using testing::cell;
using testing::in_child;
using testing::plan_of;
using testing::wait_for;

enum Field : std::uint8_t { boot, space, process, start };

/// This process's name with one word replaced.
std::string owner_with(Field field, const std::string& word) {
  std::istringstream in(this_owner());
  std::string out, next;
  for (int i = 0; in >> next; ++i) out += (i == field ? word : next) + " ";
  return out;
}

TEST(owner, lives_while_its_process_does) {
  EXPECT_EQ(state_of(this_owner()), OwnerState::alive);
}

TEST(owner, is_dead_when_a_later_process_has_its_number) {
  EXPECT_EQ(state_of(owner_with(start, "1")), OwnerState::dead);
}

TEST(owner, is_dead_when_there_is_none) {
  EXPECT_EQ(state_of(""), OwnerState::dead);
  EXPECT_EQ(state_of("nonsense"), OwnerState::dead);
}

TEST(owner, cannot_be_seen_in_another_container_or_boot) {
  EXPECT_EQ(state_of(owner_with(boot, "another")), OwnerState::unseen);
  EXPECT_EQ(state_of(owner_with(space, "pid:[1]")), OwnerState::unseen);
}

TEST(owner, is_dead_once_killed_though_nobody_has_asked_for_its_exit_code) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t child = in_child([&] {
    const std::string name = this_owner();
    if (write(pipe_ends[1], name.data(), name.size()) < 0) _exit(2);
    pause();
  });
  std::array<char, 256> text{};
  ASSERT_GT(read(pipe_ends[0], text.data(), text.size() - 1), 0);
  EXPECT_EQ(state_of(text.data()), OwnerState::alive);
  kill(child, SIGKILL);
  siginfo_t ended;
  waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT);  // it stays a zombie
  EXPECT_EQ(state_of(text.data()), OwnerState::dead);
  EXPECT_EQ(wait_for(child), 128 + SIGKILL);
  close(pipe_ends[0]);
  close(pipe_ends[1]);
}

class Ownership : public ::testing::Test {
 protected:
  /// An unfinished run whose owner is `owner` and wrote last `seconds` ago; which run goes on then.
  std::int64_t next_run_after(const std::string& owner, int seconds) {
    Store store(folder_.path() / "a.sqlite");
    std::int64_t first = 0;
    {
      Recorder recorder(store, plan_of());
      first = recorder.run();
    }
    store.query(
        "UPDATE run SET owner = :owner, alive_at = strftime('%Y-%m-%dT%H:%M:%fZ', "
        "julianday('now') - :seconds / 86400.0) WHERE id = :id",
        {{"owner", owner}, {"seconds", std::int64_t{seconds}}, {"id", first}});
    const Recorder next(store, plan_of());
    EXPECT_EQ(next.carries_on(), next.run() == first);
    return next.run() - first;
  }

  const TemporaryFolder folder_;
};

TEST_F(Ownership, of_a_dead_process_passes_on) {
  EXPECT_EQ(next_run_after(owner_with(start, "1"), 0), 0);
}

TEST_F(Ownership, of_a_living_process_does_not) {
  EXPECT_EQ(next_run_after(this_owner(), 100000), 1);
}

TEST_F(Ownership, of_another_container_does_not_while_it_writes) {
  EXPECT_EQ(next_run_after(owner_with(space, "pid:[1]"), 5), 1);
}

TEST_F(Ownership, of_another_container_passes_on_after_a_minute_of_silence) {
  EXPECT_EQ(next_run_after(owner_with(space, "pid:[1]"), 61), 0);
}

TEST_F(Ownership, of_before_the_last_boot_passes_on_after_a_minute) {
  EXPECT_EQ(next_run_after(owner_with(boot, "another"), 61), 0);
}

TEST_F(Ownership, that_was_lost_ends_the_writing) {
  Store store(folder_.path() / "a.sqlite");
  Recorder recorder(store, plan_of());
  store.query("UPDATE run SET owner = 'another'");
  const std::string message = message_of<Error>([&] { recorder.begin_launch("t0", 0); });
  EXPECT_NE(message.find("run 1 was taken over by another process"), std::string::npos) << message;
  EXPECT_EQ(cell(store, "SELECT count(*) FROM launch"), "0");
}

}  // namespace
}  // namespace moe
