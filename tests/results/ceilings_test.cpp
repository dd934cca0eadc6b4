// What a machine can do at most: every measurement is kept, the newest one counts.
#include "results/ceilings.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "harness/error.h"
#include "tests/results/plans.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

using testing::cell;

std::vector<CeilingRow> rates(double one, double two) {
  return {{"read", "", 1, "B/s", {one, one - 1, one + 1}},
          {"read", "", 2, "B/s", {two, two - 1, two + 1}}};
}

TEST(ceilings, are_kept_and_the_newest_measurement_of_a_machine_counts) {
  const TemporaryFolder folder;
  Store store(folder.path() / "a.sqlite");
  Environment machine, other;
  machine.host = "a";
  other.host = "c";
  store_ceilings(store, machine, "build", rates(10, 100));
  store_ceilings(store, other, "build", rates(5, 4));
  std::this_thread::sleep_for(std::chrono::milliseconds(2));  // times are kept in milliseconds
  store_ceilings(store, machine, "build", rates(10, 20));
  EXPECT_EQ(cell(store, "SELECT count(*) FROM ceiling"), "6");
  const std::string newest =
      "SELECT {} FROM newest_ceiling n JOIN environment e ON e.id = n.environment WHERE host = 'a'";
  EXPECT_EQ(cell(store, fmt::format(fmt::runtime(newest), "rate")), "20");
  EXPECT_EQ(cell(store, fmt::format(fmt::runtime(newest), "threads")), "2");
  EXPECT_EQ(cell(store, fmt::format(fmt::runtime(newest), "count(*)")), "1");
  EXPECT_EQ(cell(store, "SELECT threads FROM newest_ceiling WHERE rate = 5"), "1");
}

TEST(ceilings, are_stored_all_or_none) {
  const TemporaryFolder folder;
  Store store(folder.path() / "a.sqlite");
  std::vector<CeilingRow> twice = rates(10, 20);
  twice.push_back(twice.back());
  EXPECT_THROW(store_ceilings(store, {}, "build", twice), Error);
  EXPECT_EQ(cell(store, "SELECT count(*) FROM ceiling"), "0");
}

}  // namespace
}  // namespace moe
