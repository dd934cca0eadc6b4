// Several processes record trainings in one file at once, and one of them is killed.
#include <signal.h>
#include <unistd.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "results/training_recorder.h"
#include "tests/results/plans.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

using testing::cell;
using testing::in_child;
using testing::training_of;
using testing::wait_for;

constexpr std::int64_t kSteps = 3000;

void train(const std::filesystem::path& file, const std::string& identity, std::int64_t from,
           std::int64_t to) {
  Store store(file);
  TrainingRow row = training_of();
  row.identity = identity;
  TrainingRecorder training(store, row, from);
  for (std::int64_t step = from + 1; step <= to; ++step) {
    training.value(step, kWholeModel, "loss", 1);
    training.load(step, 0, std::array<std::int64_t, 4>{1, 2, 3, 4});
    if (step % 200 == 0) training.flush();  // as a trainer that saves its state
  }
  training.end();
}

TEST(trainings, share_a_file) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "a.sqlite";
  std::vector<pid_t> children;
  for (const std::string identity : {"one", "two", "three"})
    children.push_back(in_child([&, identity] { train(file, identity, 0, kSteps); }));
  for (const pid_t child : children) EXPECT_EQ(wait_for(child), 0);
  const Store store(file);
  EXPECT_EQ(cell(store, "SELECT count(*) FROM training WHERE ended_at IS NOT NULL"), "3");
  EXPECT_EQ(cell(store, "SELECT count(*) FROM training_value"), std::to_string(3 * kSteps));
  EXPECT_EQ(cell(store, "SELECT count(*) FROM training_load"), std::to_string(12 * kSteps));
  EXPECT_EQ(cell(store, "PRAGMA integrity_check"), "ok");
}

TEST(trainings, one_that_was_killed_goes_on_in_another_process) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "a.sqlite";
  const pid_t child = in_child([&] {
    Store store(file);
    TrainingRow row = training_of();
    row.identity = "one";
    TrainingRecorder training(store, row, 0);
    for (std::int64_t step = 1; step <= 7; ++step) training.value(step, kWholeModel, "loss", 1);
    training.flush();
    raise(SIGKILL);
  });
  EXPECT_EQ(wait_for(child), 128 + SIGKILL);
  train(file, "one", 5, 9);
  const Store store(file);
  EXPECT_EQ(cell(store, "SELECT count(*) FROM training WHERE ended_at IS NOT NULL"), "1");
  EXPECT_EQ(cell(store, "SELECT group_concat(step) FROM training_value"), "1,2,3,4,5,6,7,8,9");
}

}  // namespace
}  // namespace moe
