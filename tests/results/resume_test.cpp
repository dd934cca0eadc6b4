// An unfinished run is carried on only by the same plan, and counts nothing twice.
#include <gtest/gtest.h>

#include "tests/results/plans.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

using testing::answer_of;
using testing::cell;
using testing::document_of;
using testing::plan_of;

/// The owner died: what a kill leaves.
void forget_owner(const Store& store) {
  store.query("UPDATE run SET owner = ''");
}

class ResumeTest : public ::testing::Test {
 protected:
  const TemporaryFolder folder_;
  Store store_{folder_.path() / "a.sqlite"};
};

using resume = ResumeTest;

TEST_F(resume, the_same_plan_carries_on) {
  {
    const Recorder first(store_, plan_of());
  }
  forget_owner(store_);
  const Recorder second(store_, plan_of());
  EXPECT_TRUE(second.carries_on());
  EXPECT_EQ(cell(store_, "SELECT count(*) FROM run"), "1");
}

TEST_F(resume, another_plan_begins_anew) {
  {
    const Recorder first(store_, plan_of());
  }
  std::vector<RunRow> others(6, plan_of());
  others[0].suites[0].sha256 = "edited";
  others[1].question_limit = 11;
  others[2].build = "moebench 0.1.1";
  others[3].environment.cores = 3;
  others[4].cases[0].launches = 2;
  others[5].cases[0].key = "another";
  std::int64_t runs = 1;
  for (const RunRow& other : others) {
    forget_owner(store_);
    const Recorder next(store_, other);
    EXPECT_FALSE(next.carries_on()) << "after change " << runs;
    EXPECT_EQ(next.run(), ++runs);
  }
}

TEST_F(resume, a_run_that_ended_stays_as_it_is) {
  {
    Recorder first(store_, plan_of());
    first.end_run();
  }
  forget_owner(store_);
  EXPECT_FALSE(Recorder(store_, plan_of()).carries_on());
}

TEST_F(resume, a_document_is_done_when_every_choice_is_answered) {
  Recorder run(store_, plan_of());
  const std::int64_t launch = run.begin_launch("t0", 0);
  run.record(launch, document_of("c0", 0, 2));
  run.record(launch, answer_of("c0", 0, 0));
  Answer filtered = answer_of("c0", 0, 0);
  filtered.filter = "strict";
  run.record(launch, filtered);
  EXPECT_TRUE(run.done("c0").empty()) << "two filters of one choice are one answer";
  run.record(launch, answer_of("c0", 0, 1));
  ASSERT_EQ(run.done("c0").size(), 1U);
  EXPECT_EQ(run.done("c0")[0].task, "quiz_a");
}

TEST_F(resume, a_question_asked_again_is_done_when_all_answers_are_there_that_its_facts_count) {
  Recorder run(store_, plan_of());
  const std::int64_t launch = run.begin_launch("t0", 0);
  Document document = document_of("c0", 0, 2);
  document.facts_json = R"({"choices": 2, "answers": 4})";
  run.record(launch, document);
  for (const char* filter : {"none", "alone"}) {
    for (const std::int64_t choice : {0, 1}) {
      EXPECT_TRUE(run.done("c0").empty()) << filter << choice;
      Answer answer = answer_of("c0", 0, choice);
      answer.filter = filter;
      run.record(launch, answer);
    }
  }
  EXPECT_EQ(run.done("c0").size(), 1U);
}

TEST_F(resume, routing_is_added_up_as_it_comes_over_all_launches) {
  const auto launch_with = [&](std::int64_t tokens) {
    Recorder run(store_, plan_of());
    const std::int64_t launch = run.begin_launch("t0", 0);
    run.record(launch, RoutingCount{"c0", 0, 0, tokens / 2});
    run.record(launch, RoutingCount{"c0", 0, 1, 0});
    run.record(launch, RoutingCount{"c0", 0, 0, tokens - tokens / 2});
    const auto routing = run.stored("c0").routing;
    EXPECT_EQ(routing.size(), 2U) << "an expert without tokens is a dead one";
    forget_owner(store_);
    return routing.at(0).tokens;
  };
  EXPECT_EQ(launch_with(100), 100);
  EXPECT_EQ(launch_with(0), 100) << "nothing was left to ask";
  EXPECT_EQ(launch_with(21), 121);
  EXPECT_EQ(cell(store_, "SELECT sum(tokens) FROM routing"), "121") << "reports read the view";
}

TEST_F(resume, a_timed_case_is_measured_afresh) {
  {
    Recorder first(store_, plan_of(2, /*timed=*/true));
    const std::int64_t launch = first.begin_launch("t0", 0);
    for (const std::string key : {"c0", "c1"}) {
      first.record(launch, Sample{key, "step_s", "", 0, 1.0});
      first.record(launch, RoutingCount{key, 0, 0, 5});
    }
    first.end_case("c0", {});
  }
  forget_owner(store_);
  const Recorder second(store_, plan_of(2, /*timed=*/true));
  EXPECT_EQ(second.stored("c0").launches.size(), 1U) << "it had ended";
  EXPECT_TRUE(second.stored("c1").launches.empty());
  EXPECT_TRUE(second.stored("c1").routing.empty());
  EXPECT_EQ(cell(store_, "SELECT exit FROM launch"), "abandoned");
}

TEST_F(resume, launches_of_a_timed_case_that_ended_are_kept_and_so_are_its_answers) {
  {
    Recorder first(store_, plan_of(1, /*timed=*/true));
    for (std::int64_t number = 0; number < 2; ++number) {
      const std::int64_t launch = first.begin_launch("t0", number);
      first.record(launch, document_of("c0", number, 1));
      first.record(launch, answer_of("c0", number, 0));
      first.record(launch, Sample{"c0", "step_s", "", 0, 1.0});
      first.record(launch, RoutingCount{"c0", 0, 0, 5});
      if (number == 0) first.end_case_launch("c0", number, {Outcome::ok, "fine"});
    }
    first.flush();
    EXPECT_EQ(first.stored("c0").launches.size(), 2U);
  }
  forget_owner(store_);
  const Recorder second(store_, plan_of(1, /*timed=*/true));
  ASSERT_EQ(second.ended_launches("c0").size(), 1U);
  EXPECT_EQ(second.ended_launches("c0").at(0).reason, "fine");
  const CaseRecord stored = second.stored("c0");
  ASSERT_EQ(stored.launches.size(), 1U);
  EXPECT_EQ(stored.launches[0].number, 0);
  EXPECT_EQ(stored.answers.size(), 2U);
  EXPECT_EQ(stored.routing.at(0).tokens, 10) << "counts of the answers that are kept";
}

TEST_F(resume, questions_without_all_their_answers_are_counted) {
  Recorder run(store_, plan_of());
  const std::int64_t launch = run.begin_launch("t0", 0);
  run.record(launch, document_of("c0", 0, 2));
  run.record(launch, Document{"c0", "prompts", 0, "", R"({"seed":1})"});
  run.record(launch, answer_of("c0", 0, 0));
  EXPECT_EQ(run.unanswered("c0"), 1);
  run.record(launch, answer_of("c0", 0, 1));
  EXPECT_EQ(run.unanswered("c0"), 0);
}

TEST_F(resume, samples_of_two_processes_of_one_launch_are_kept_apart) {
  Recorder run(store_, plan_of());
  for (const double value : {1.0, 2.0})
    run.record(run.begin_launch("t0", 0), Sample{"c0", "step_s", "", 0, value});
  const CaseRecord stored = run.stored("c0");
  ASSERT_EQ(stored.launches.size(), 2U);
  EXPECT_EQ(stored.launches[0].samples.size(), 1U);
  EXPECT_EQ(stored.launches[1].samples.at(0).value, 2.0);
}

}  // namespace
}  // namespace moe
