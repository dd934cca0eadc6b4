// Events become rows, and come back as they were.
#include "results/recorder.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "harness/error.h"
#include "tests/results/plans.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

using testing::answer_of;
using testing::cell;
using testing::document_of;
using testing::plan_of;

class RecorderTest : public ::testing::Test {
 protected:
  const TemporaryFolder folder_;
  Store store_{folder_.path() / "a.sqlite"};
};

using recorder = RecorderTest;

TEST_F(recorder, keeps_every_kind_of_event) {
  Recorder run(store_, plan_of());
  const std::int64_t launch = run.begin_launch("t0", 2);
  run.record(launch, TargetLoaded{"t0", 1.25});
  run.record(launch, CaseStarted{"c0"});
  run.record(launch, document_of("c0", 4));
  run.record(launch, answer_of("c0", 4, 1));
  run.record(launch, Sample{"c0", "step_s", "layer.3", 7, 0.125});
  run.record(launch, Sample{"c0", "step_s", "layer.3", 8, std::nan("")});
  run.record(launch, RoutingCount{"c0", 1, 5, 99});
  run.record(launch, LogLine{"warning", "hot"});
  const CaseRecord stored = run.stored("c0");
  ASSERT_EQ(stored.documents.size(), 1U);
  EXPECT_EQ(stored.documents[0].target, "1");
  EXPECT_EQ(stored.documents[0].facts_json, R"({"choices":2})");
  ASSERT_EQ(stored.answers.size(), 1U);
  const Answer& answer = stored.answers[0];
  EXPECT_EQ(to_line(answer), to_line(answer_of("c0", 4, 1))) << "field by field";
  ASSERT_EQ(stored.launches.size(), 1U);
  EXPECT_EQ(stored.launches[0].number, 2);
  EXPECT_EQ(stored.launches[0].samples.at(0).value, 0.125);
  EXPECT_EQ(stored.launches[0].samples.at(0).index, 7);
  EXPECT_TRUE(std::isnan(stored.launches[0].samples.at(1).value));
  ASSERT_EQ(stored.routing.size(), 1U);
  EXPECT_EQ(stored.routing[0].tokens, 99);
  EXPECT_EQ(cell(store_, "SELECT load_s FROM launch"), "1.25");
  EXPECT_EQ(cell(store_, "SELECT level || text FROM log"), "warninghot");
  EXPECT_NE(cell(store_, "SELECT started_at FROM case_run"), "");
}

TEST_F(recorder, keeps_a_sample_that_is_a_whole_number) {
  Recorder run(store_, plan_of());
  const std::int64_t launch = run.begin_launch("t0", 0);
  run.record(launch, Sample{"c0", "peak_bytes", "", 0, 4096.0});
  EXPECT_EQ(run.stored("c0").launches.at(0).samples.at(0).value, 4096.0);
}

TEST_F(recorder, takes_the_same_event_twice_as_one) {
  Recorder run(store_, plan_of());
  const std::int64_t launch = run.begin_launch("t0", 0);
  for (int i = 0; i < 2; ++i) {
    run.record(launch, document_of("c0", 0));
    run.record(launch, answer_of("c0", 0, 0));
    run.record(launch, Sample{"c0", "step_s", "", 0, 1.5});
  }
  const CaseRecord stored = run.stored("c0");
  EXPECT_EQ(stored.documents.size(), 1U);
  EXPECT_EQ(stored.answers.size(), 1U);
  EXPECT_EQ(stored.launches.at(0).samples.size(), 1U);
}

TEST_F(recorder, refuses_an_event_of_a_case_that_was_not_planned) {
  Recorder run(store_, plan_of());
  const std::int64_t launch = run.begin_launch("t0", 0);
  EXPECT_THROW(run.record(launch, answer_of("another", 0, 0)), Error);
  EXPECT_THROW(run.record(launch, Progress{"another", 1, 2, "questions"}), Error);
}

TEST_F(recorder, holds_no_lock_while_events_wait) {
  Recorder run(store_, plan_of());
  const std::int64_t launch = run.begin_launch("t0", 0);
  run.record(launch, document_of("c0", 0));
  const Store other(store_.file());
  other.query("PRAGMA busy_timeout = 0");
  EXPECT_NO_THROW(other.query("INSERT INTO log (run, at, level, text) VALUES (1, '', '', '')"));
  EXPECT_EQ(cell(other, "SELECT count(*) FROM document"), "0") << "it waits in memory";
}

TEST_F(recorder, writes_what_waited_for_half_a_second) {
  Recorder run(store_, plan_of());
  const std::int64_t launch = run.begin_launch("t0", 0);
  run.record(launch, document_of("c0", 0));
  const Store other(store_.file());
  for (int tick = 0; tick < 7; ++tick) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    run.flush();
  }
  EXPECT_EQ(cell(other, "SELECT count(*) FROM document"), "1");
}

TEST_F(recorder, writes_when_many_events_wait) {
  Recorder run(store_, plan_of());
  const std::int64_t launch = run.begin_launch("t0", 0);
  for (std::int64_t i = 0; i < 2500; ++i) run.record(launch, document_of("c0", i));
  const Store other(store_.file());
  EXPECT_GE(std::stoi(cell(other, "SELECT count(*) FROM document")), 2000);
}

TEST_F(recorder, gives_signs_of_life_without_events) {
  Recorder run(store_, plan_of());
  const Store other(store_.file());
  const std::string before = cell(other, "SELECT alive_at FROM run");
  EXPECT_NE(before, "");
  std::this_thread::sleep_for(std::chrono::milliseconds(5100));
  run.flush();
  EXPECT_GT(cell(other, "SELECT alive_at FROM run"), before);
}

constexpr Metric kAcc = {"acc", "1", true, true};
constexpr Metric kOtherAcc = {"acc", "%", true, true};

TEST_F(recorder, replaces_values_and_ends_a_case) {
  Recorder run(store_, plan_of());
  const std::int64_t launch = run.begin_launch("t0", 0);
  run.record(launch, document_of("c0", 0));
  run.write_metrics("c0", "quiz_a", 0, R"({"acc":1.0})");
  for (const double estimate : {0.25, 0.5}) {
    const std::vector<Value> values = {{&kAcc, "", estimate, estimate, estimate, std::nan(""), 1}};
    run.write_values("c0", values);
  }
  EXPECT_FALSE(run.has_ended("c0"));
  run.end_case("c0", {Outcome::ok, "fine"});
  EXPECT_TRUE(run.has_ended("c0"));
  run.end_launch(launch, "done");
  run.end_run();
  EXPECT_EQ(cell(store_, "SELECT group_concat(estimate) FROM result"), "0.5");
  EXPECT_EQ(cell(store_, "SELECT standard_error IS NULL FROM result"), "1");
  EXPECT_EQ(cell(store_, "SELECT metrics FROM document"), R"({"acc":1.0})");
  EXPECT_EQ(cell(store_, "SELECT outcome || reason FROM case_run"), "okfine");
  EXPECT_EQ(cell(store_, "SELECT exit FROM launch WHERE ended_at IS NOT NULL"), "done");
  EXPECT_EQ(cell(store_, "SELECT ended_at IS NULL FROM run"), "0");
}

TEST_F(recorder, keeps_the_events_when_values_are_refused) {
  Recorder run(store_, plan_of());
  const std::int64_t launch = run.begin_launch("t0", 0);
  const std::vector<Value> good = {{&kAcc, "", 0.5, 0.5, 0.5, 0.1, 1}};
  run.write_values("c0", good);
  run.record(launch, document_of("c0", 0));
  const std::vector<Value> bad = {{&kOtherAcc, "", 50, 50, 50, 0.1, 1}};
  EXPECT_THROW(run.write_values("c0", bad), Error);
  EXPECT_EQ(cell(store_, "SELECT estimate FROM value"), "0.5") << "the old ones stay";
  EXPECT_EQ(run.stored("c0").documents.size(), 1U);
}

}  // namespace
}  // namespace moe
