// Plans over workers that go wrong: every case gets an outcome, and nothing is lost or made up.
#include "cli/execute.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <gtest/gtest.h>

#include <thread>

#include "cli/command.h"
#include "cli/run_plan.h"
#include "harness/clock.h"
#include "harness/error.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

constexpr std::string_view kOutcomes =
    "SELECT group_concat(outcome) FROM (SELECT outcome FROM case_run ORDER BY ordinal)";
constexpr std::string_view kValues =
    "SELECT group_concat(metric || scope || estimate || n) FROM (SELECT * FROM result ORDER BY "
    "ordinal, metric, scope)";

class ExecuteTest : public ::testing::Test {
 protected:
  static Plan plan(const std::vector<std::string>& suites, std::int64_t launches = 1) {
    const Settings all = {
        {"decode.batch", {"1", "4"}}, {"decode.context", {"128"}}, {"sparsity.top_k", {"2"}}};
    Settings settings;  // those of the suites of this run
    for (const auto& [name, values] : all) {
      for (const std::string& suite : suites) {
        if (name.starts_with(std::filesystem::path(suite).stem().string() + "."))
          settings[name] = values;
      }
    }
    return make_plan({.suites = suites,
                      .targets = {"synthetic:demo-moe@layers=1"},
                      .settings = settings,
                      .launches = launches});
  }

  ExecuteOptions options(const std::string& mode) const {
    return {.command = "test",
            .worker = {MOE_SCRIPTED_WORKER, mode, folder_.path().string()},
            .worker_build = "",
            .interrupted = &interrupted_,
            .patience = {}};
  }

  PlanRun run(const std::string& mode, const std::vector<std::string>& suites,
              std::int64_t launches = 1) {
    return run_plan(plan(suites, launches), store_, options(mode));
  }

  std::string cell(std::string_view sql) const {
    return to_text(store_.query(sql).rows.at(0).at(0));
  }

  const TemporaryFolder folder_;
  Store store_{folder_.path() / "a.sqlite"};
  std::atomic<bool> interrupted_{false};
};

using execution = ExecuteTest;

TEST_F(execution, of_workers_that_do_their_work_is_done) {
  EXPECT_EQ(run("good", {"world", "decode"}, 2).code, kDone);
  EXPECT_EQ(cell(kOutcomes), "ok,ok,ok");
  EXPECT_EQ(cell("SELECT group_concat(DISTINCT build) FROM launch"), "scripted");
}

TEST_F(execution, a_worker_that_ends_within_a_case_has_failed_it) {
  EXPECT_EQ(run("ends_early", {"decode"}).code, kNotOk);
  EXPECT_EQ(cell(kOutcomes), "failed,ok") << "and the sweep goes on";
  EXPECT_EQ(cell("SELECT reason FROM case_run WHERE outcome = 'failed'"),
            "the worker ended in the middle of the case");
}

TEST_F(execution, a_question_without_an_answer_is_no_ok) {
  EXPECT_EQ(run("forgets", {"world"}).code, kNotOk);
  EXPECT_EQ(cell("SELECT outcome || ': ' || reason FROM case_run"),
            "failed: 1 of its questions were not answered");
}

TEST_F(execution, a_worker_that_is_killed_is_followed_by_one_for_the_rest) {
  Store undisturbed(folder_.path() / "whole.sqlite");
  const TemporaryFolder other;
  ExecuteOptions good = options("good");
  good.worker.back() = other.path().string();
  ASSERT_EQ(run_plan(plan({"world"}), undisturbed, good).code, kDone);
  EXPECT_EQ(run("killed_again_and_again", {"world"}).code, kDone);
  EXPECT_EQ(cell("SELECT count(*) FROM launch"), "4") << "two questions each, then none was left";
  EXPECT_EQ(cell(kValues), to_text(undisturbed.query(kValues).rows.at(0).at(0)));
}

TEST_F(execution, a_case_that_always_kills_its_worker_fails_after_three) {
  EXPECT_EQ(run("killed_at_once", {"world"}).code, kNotOk);
  EXPECT_EQ(cell(kOutcomes), "failed");
  EXPECT_EQ(cell("SELECT count(*) FROM launch"), "3");
  EXPECT_NE(cell("SELECT group_concat(text) FROM log WHERE level = 'warning'").find("signal 9"),
            std::string::npos);
}

TEST_F(execution, questions_of_a_timed_case_are_asked_once) {
  EXPECT_EQ(run("killed_measuring", {"sparsity"}).code, kDone);
  EXPECT_EQ(text_of(folder_.path() / "done"), "0 6 ");
  EXPECT_EQ(cell("SELECT n FROM result WHERE metric = 'acc' AND scope = ''"), "6");
}

TEST_F(execution, a_worker_killed_while_it_loads_is_started_once_more) {
  EXPECT_EQ(run("killed_loading", {"decode"}).code, kDone);
  EXPECT_EQ(cell(kOutcomes), "ok,ok");
}

TEST_F(execution, launches_that_ended_are_not_measured_again_after_a_kill) {
  const pid_t parent = fork();
  if (parent == 0) {
    Store store(folder_.path() / "a.sqlite");
    run_plan(plan({"decode"}, 3), store, options("kills_parent_in_launch_1"));
    _exit(0);
  }
  int status = 0;
  waitpid(parent, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(cell("SELECT count(*) FROM case_launch"), "2") << "the first launch of both cases";
  const PlanRun resumed = run("kills_parent_in_launch_1", {"decode"}, 3);
  EXPECT_EQ(resumed.code, kDone);
  EXPECT_EQ(resumed.run, 1);
  EXPECT_EQ(cell("SELECT group_concat(number) FROM launch"), "0,1,1,2");
  EXPECT_EQ(cell("SELECT count(*) FROM sample WHERE metric = 'step_s' AND scope = ''"), "18")
      << "3 of each launch of 2 cases";
}

TEST_F(execution, too_little_memory_is_an_outcome) {
  EXPECT_EQ(run("too_large", {"decode"}).code, kNotOk);
  EXPECT_EQ(cell("SELECT group_concat(outcome) FROM case_run"), "out_of_memory,out_of_memory");
}

TEST_F(execution, a_case_that_hangs_times_out_and_the_sweep_goes_on) {
  ExecuteOptions hasty = options("hangs");
  hasty.patience = {.loading_s = 20, .questions_s = 0.3, .least_s = 0.3, .margin_s = 0.3};
  Plan quick = plan({"decode"});
  quick.timeout_s = 0.01;
  EXPECT_EQ(run_plan(quick, store_, hasty).code, kNotOk);
  EXPECT_EQ(cell(kOutcomes), "timed_out,ok");
}

TEST_F(execution, a_worker_that_loads_for_ever_times_out) {
  ExecuteOptions hasty = options("hangs_loading");
  hasty.patience.loading_s = 0.3;
  EXPECT_EQ(run_plan(plan({"decode"}), store_, hasty).code, kNotOk);
  EXPECT_EQ(cell(kOutcomes), "timed_out,timed_out");
}

TEST_F(execution, what_a_worker_should_not_say_fails_its_case_only) {
  for (const auto& [mode, words] :
       {std::pair("other_case", "speaks of case another"), std::pair("bad_facts", "not JSON")}) {
    const TemporaryFolder own;
    Store store(own.path() / "a.sqlite");
    ExecuteOptions bad = options(mode);
    bad.worker.back() = own.path().string();
    EXPECT_EQ(run_plan(plan({"decode"}), store, bad).code, kNotOk);
    EXPECT_EQ(to_text(store.query(kOutcomes).rows.at(0).at(0)), "failed,ok") << mode;
    const std::string reason =
        to_text(store.query("SELECT group_concat(reason) FROM case_run").rows.at(0).at(0));
    EXPECT_NE(reason.find(words), std::string::npos) << reason;
  }
}

TEST_F(execution, another_target_or_build_than_planned_is_refused) {
  EXPECT_EQ(run("other_target", {"decode"}).code, kNotOk);
  EXPECT_NE(cell("SELECT reason FROM case_run").find("its files changed"), std::string::npos);
  ExecuteOptions other = options("good");
  other.worker_build = "mine";
  EXPECT_EQ(run_plan(plan({"decode"}), store_, other).code, kNotOk);
  EXPECT_NE(cell("SELECT reason FROM case_run WHERE run = 2").find("another build"),
            std::string::npos);
}

TEST_F(execution, what_is_said_and_how_it_ended_is_logged) {
  EXPECT_EQ(run("words", {"decode"}).code, kDone);
  EXPECT_EQ(cell("SELECT DISTINCT text FROM log WHERE level = 'stderr'"), "the disk is slow");
  EXPECT_EQ(cell("SELECT count(*) FROM log WHERE level = 'info' AND text LIKE '%: ok'"), "2");
}

TEST_F(execution, an_interrupt_keeps_what_is_done) {
  std::jthread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    interrupted_ = true;
  });
  EXPECT_EQ(run("hangs", {"decode"}).code, kInterrupted);
  EXPECT_EQ(cell(kOutcomes), "pending,pending");
}

TEST_F(execution, judges_also_the_cases_of_an_earlier_process) {
  run("too_large", {"decode"});
  store_.query("UPDATE run SET ended_at = NULL, owner = ''");
  const PlanRun again = run("good", {"decode"});
  EXPECT_EQ(again.run, 1);
  EXPECT_EQ(again.code, kNotOk);
}

TEST_F(execution, a_store_that_is_lost_stops_the_run_and_judges_no_case) {
  ExecuteOptions taken = options("good");
  store_.query(
      "CREATE TRIGGER full BEFORE INSERT ON sample BEGIN SELECT RAISE(ABORT, 'disk full'); END");
  const PlanRun stopped = run_plan(plan({"decode"}), store_, taken);
  EXPECT_EQ(stopped.code, kNotOk);
  EXPECT_FALSE(stopped.ended);
  EXPECT_EQ(cell(kOutcomes), "pending,pending");
}

constexpr std::string_view kGroup =
    "kind = \"group\"\nversion = 1\ntitle = \"mine\"\n[members]\n"
    "a = {suite = \"world\", metric = \"acc\"}\n"
    "b = {suite = \"world_letters\", shots = 5, metric = \"acc\"}\n";

TEST_F(execution, a_group_is_the_mean_of_its_members) {
  const std::string group = folder_.write("mine.toml", kGroup).string();
  EXPECT_EQ(run("good", {group}).code, kDone);
  EXPECT_EQ(cell("SELECT group_concat(suite || point) FROM (SELECT c.* FROM case_run r JOIN "
                 "\"case\" c ON c.id = r.\"case\" ORDER BY ordinal)"),
            R"(world{"shots":0},world_letters{"shots":5},mine{})");
  EXPECT_EQ(cell("SELECT abs(estimate - (SELECT avg(estimate) FROM result WHERE metric = 'acc' AND "
                 "scope = '')) < 1e-12 FROM result WHERE metric = 'macro_mean'"),
            "1");
  EXPECT_EQ(cell("SELECT group_concat(scope) FROM (SELECT scope FROM result WHERE metric = "
                 "'member_score' ORDER BY scope)"),
            "a,b");
  EXPECT_EQ(cell("SELECT n FROM result WHERE metric = 'micro_mean'"), "12");
}

TEST_F(execution, a_group_without_one_of_its_members_is_skipped_and_says_which) {
  const std::string group = folder_.write("mine.toml", kGroup).string();
  EXPECT_EQ(run("ends_early", {group}).code, kNotOk);
  EXPECT_EQ(cell(kOutcomes), "failed,ok,skipped");
  EXPECT_EQ(cell("SELECT reason LIKE 'its member world is failed: %' FROM case_run WHERE outcome = "
                 "'skipped'"),
            "1");
  EXPECT_EQ(cell("SELECT count(*) FROM result WHERE metric = 'macro_mean'"), "0");
}

TEST_F(execution, two_texts_under_one_suite_name_are_refused) {
  const std::string text = text_of(std::filesystem::path(MOE_SOURCE_DIR) / "suites/decode.toml");
  const auto a = folder_.write("a/decode.toml", text), same = folder_.write("b/decode.toml", text),
             other = folder_.write("c/decode.toml", text + "\n# changed\n");
  EXPECT_EQ(plan({a.string(), same.string()}).suites.size(), 1U);
  EXPECT_NE(message_of<Error>([&] { plan({a.string(), other.string()}); }).find("another text"),
            std::string::npos);
}

}  // namespace
}  // namespace moe
