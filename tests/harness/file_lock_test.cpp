// One process at a time.
#include "harness/file_lock.h"

#include <sys/wait.h>
#include <unistd.h>
#include <gtest/gtest.h>

#include "harness/error.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

TEST(file_lock, is_held_by_one_and_free_when_its_holder_ends) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "lock";
  {
    const FileLock held(file);
    EXPECT_NE(message_of<Error>([&] { const FileLock second(file); }).find("another process"),
              std::string::npos);
  }
  const FileLock again(file);
}

TEST(file_lock, of_a_killed_process_is_free) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "lock";
  const pid_t child = fork();
  if (child == 0) {
    const FileLock held(file);
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  const FileLock again(file);
}

TEST(file_lock, names_a_place_that_cannot_be) {
  EXPECT_NE(
      message_of<Error>([] { const FileLock lock("/nowhere/at/all"); }).find("/nowhere/at/all"),
      std::string::npos);
}

}  // namespace
}  // namespace moe
