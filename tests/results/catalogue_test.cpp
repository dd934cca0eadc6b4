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

TEST(catalogue, knows_a_target_by_its_identity_and_by_its_newest_name) {
  const TemporaryFolder folder;
  const Store store(folder.path() / "a.sqlite");
  const TargetRow before = testing::plan_of().targets.at(0);
  TargetRow renamed = before;
  renamed.name = "renamed";
  renamed.spec = "/models/renamed";
  renamed.facts_json = R"({"kv_bytes":1})";
  const std::int64_t id = target_id(store, before);
  EXPECT_EQ(target_id(store, renamed), id);
  EXPECT_EQ(cell(store, "SELECT name || ' ' || spec || ' ' || facts FROM target"),
            R"(renamed /models/renamed {"kv_bytes":1})");
  TargetRow other = before;
  other.identity = "another";
  EXPECT_NE(target_id(store, other), id);
}

}  // namespace
}  // namespace moe
