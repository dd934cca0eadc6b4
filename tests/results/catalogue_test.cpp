// What runs share is stored once, and never under one name with two meanings.
#include "results/catalogue.h"

#include <gtest/gtest.h>

#include "harness/error.h"
#include "tests/results/plans.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

using testing::cell;

TEST(catalogue, stores_a_metric_once) {
  const TemporaryFolder folder;
  const Store store(folder.path() / "a.sqlite");
  const Metric metric{"step_s", "s", false, false};
  EXPECT_EQ(metric_id(store, metric), metric_id(store, metric));
  EXPECT_EQ(cell(store, "SELECT count(*) FROM metric"), "1");
}

TEST(catalogue, refuses_a_metric_of_another_definition) {
  const TemporaryFolder folder;
  const Store store(folder.path() / "a.sqlite");
  metric_id(store, {"step_s", "s", false, false});
  for (const Metric& other :
       {Metric{"step_s", "ms", false, false}, Metric{"step_s", "s", true, false},
        Metric{"step_s", "s", false, true}}) {
    const std::string message = message_of<Error>([&] { metric_id(store, other); });
    EXPECT_NE(message.find("metric step_s is stored as [s], lower is better, not deterministic, "
                           "found ["),
              std::string::npos)
        << message;
    EXPECT_NE(message.find((folder.path() / "a.sqlite").string()), std::string::npos) << message;
  }
}

TEST(catalogue, stores_a_machine_once) {
  const TemporaryFolder folder;
  const Store store(folder.path() / "a.sqlite");
  const Environment machine = testing::plan_of().environment;
  Environment larger = machine;
  larger.cores = 4;
  EXPECT_EQ(environment_id(store, machine), environment_id(store, machine));
  EXPECT_NE(environment_id(store, machine), environment_id(store, larger));
}

}  // namespace
}  // namespace moe
