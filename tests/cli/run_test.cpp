// Runs from outside: outcomes, resumption after kills, equal tables.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <nlohmann/json.hpp>

#include "harness/clock.h"
#include "harness/event.h"
#include "tests/cli/program.h"

namespace moe {
namespace {

std::vector<std::string> sweep(const std::string& target, const std::string& db) {
  return {"run",
          "world",
          "prefill",
          "memory",
          "sparsity",
          "pruning",
          "specialisation",
          "--target",
          target,
          "--limit",
          "6",
          "--set",
          "prefill.batch=1",
          "--set",
          "prefill.length=16,32",
          "--set",
          "sparsity.top_k=1,2",
          "--set",
          "pruning.experts=0,2",
          "--timeout",
          "0.5",
          "--db",
          db};
}

std::string deterministic_values(const std::filesystem::path& folder, const std::string& db) {
  const std::string query =
      "SELECT suite, point, metric, scope, estimate, low, high, standard_error, n FROM result "
      "WHERE deterministic = 1 ORDER BY suite, point, metric, scope";
  const Ran ran = moebench({"sql", query, "--json", "--db", db}, folder);
  EXPECT_EQ(ran.code, 0) << ran.err;
  return ran.out;
}

std::string cell(const std::filesystem::path& folder, const std::string& db,
                 const std::string& query) {
  const Ran ran = moebench({"sql", query, "--json", "--db", db}, folder);
  EXPECT_EQ(ran.code, 0) << ran.err;
  return ran.out;
}

/// The same command again would rightly begin a new run.
bool is_complete(const std::filesystem::path& folder, const std::string& db) {
  return std::filesystem::exists(folder / db) &&
         moebench({"sql", "SELECT id FROM run WHERE ended_at IS NOT NULL", "--json", "--db", db},
                  folder)
                 .out.find("id") != std::string::npos;
}

TEST(run, stores_values_of_every_case) {
  const std::filesystem::path folder = fresh_folder("run");
  const Ran ran =
      moebench(sweep("synthetic:" + write_tiny_config(folder).string(), "a.sqlite"), folder);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(cell(folder, "a.sqlite", "SELECT count(*) AS n FROM case_run WHERE outcome = 'ok'"),
            "{\"n\":9}\n")
      << ran.err;
  EXPECT_EQ(cell(folder, "a.sqlite",
                 "SELECT count(*) AS n FROM result WHERE metric = 'acc' AND scope = ''"),
            "{\"n\":5}\n");
  EXPECT_EQ(
      cell(folder, "a.sqlite", "SELECT count(*) AS n FROM result WHERE metric = 'tokens_per_s'"),
      "{\"n\":2}\n");
}

TEST(run, again_does_the_same_and_gives_the_same_deterministic_values) {
  const std::filesystem::path folder = fresh_folder("again");
  const std::string target = "synthetic:" + write_tiny_config(folder).string();
  ASSERT_EQ(
      moebench({"run", "world", "--target", target, "--limit", "4", "--db", "a.sqlite"}, folder)
          .code,
      0);
  ASSERT_EQ(
      moebench({"run", "world", "--target", target, "--limit", "4", "--db", "b.sqlite"}, folder)
          .code,
      0);
  EXPECT_EQ(deterministic_values(folder, "a.sqlite"), deterministic_values(folder, "b.sqlite"));
}

TEST(run, killed_at_any_moment_goes_on_to_the_same_values) {
  const std::filesystem::path folder = fresh_folder("kill");
  const std::string target = "synthetic:" + write_tiny_config(folder).string();
  const double began = steady_seconds();
  ASSERT_EQ(moebench(sweep(target, "whole.sqlite"), folder).code, 0);
  double latest_s = steady_seconds() - began;  // a kill after the end is none: see below
  const std::string expected = deterministic_values(folder, "whole.sqlite");
  std::mt19937 random(20241124);
  int kills = 0;
  for (int round = 0; kills < 20; ++round) {
    const std::string db = "killed" + std::to_string(round) + ".sqlite";
    int code = 137;
    for (int attempt = 0; attempt < 3 && code == 137 && kills < 20; ++attempt) {
      std::uniform_real_distribution<double> moment(0.02, latest_s);
      code = moebench(sweep(target, db), folder, {}, moment(random)).code;
      kills += code == 137 ? 1 : 0;
      latest_s *= code == 137 ? 1.1 : 0.8;
      if (code == 137 && is_complete(folder, db)) code = 0;  // killed after its last word
    }
    if (code == 137) code = moebench(sweep(target, db), folder).code;
    ASSERT_EQ(code, 0);
    EXPECT_EQ(deterministic_values(folder, db), expected) << "after " << kills << " kills";
    EXPECT_EQ(cell(folder, db, "SELECT count(*) AS n FROM run"), "{\"n\":1}\n")
        << "the killed run is carried on, not begun again";
  }
}

TEST(run, a_dense_model_skips_sparsity_and_that_is_no_failure) {
  const std::filesystem::path folder = fresh_folder("dense");
  const Ran ran = moebench(
      {"run", "sparsity", "--target", "synthetic:demo-dense@layers=1", "--db", "a.sqlite"}, folder);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.err.find("skipped (a dense model has no experts to choose among)"),
            std::string::npos)
      << ran.err;
}

TEST(run, a_dry_run_counts_and_stores_nothing) {
  const std::filesystem::path folder = fresh_folder("dry");
  const Ran ran =
      moebench({"run", "world", "--target", "synthetic:demo-moe", "--dry-run", "--json"}, folder);
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto plan = nlohmann::json::parse(ran.out);
  EXPECT_EQ(plan.at("questions"), 1440);
  EXPECT_EQ(plan.at("requests"), 5760);
  EXPECT_LT(plan.at("shared_tokens").get<long>(), plan.at("prompt_tokens").get<long>());
  EXPECT_FALSE(std::filesystem::exists(folder / "moebench.sqlite"));
}

TEST(run, a_case_that_is_named_twice_is_run_once) {
  const std::filesystem::path folder = fresh_folder("twice");
  const std::string target = "synthetic:" + write_tiny_config(folder).string();
  const Ran ran = moebench({"run", "world", "world", "--target", target, "--target", target,
                            "--limit", "1", "--db", "a.sqlite"},
                           folder);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(cell(folder, "a.sqlite", "SELECT group_concat(outcome) AS o FROM case_run"),
            "{\"o\":\"ok\"}\n");
}

TEST(worker_verb, keeps_its_model_from_job_to_job_and_loads_another_for_another_target) {
  const std::filesystem::path folder = fresh_folder("jobs");
  const std::string target = "synthetic:" + write_tiny_config(folder).string();
  std::ofstream jobs(folder / "jobs.txt");
  for (const std::string& spec : {target, target, target + "@layers=1"}) {
    jobs << to_line(Job{.target = spec,
                        .data_root = {},
                        .timeout_s = 0.1,
                        .cases = {{.case_key = "k",
                                   .suite_name = "mine",
                                   .suite_toml = "kind = \"memory\"\nversion = 1\ntitle = \"m\"\n"
                                                 "[axes]\nbatch = [1]\ncontext = [8]\n",
                                   .point_json = R"({"batch": 1, "context": 8})",
                                   .done = {}}}})
         << "\n";
  }
  jobs.close();
  const std::string command =
      "cd " + folder.string() + " && " MOE_BINARY_DIR "/moebench worker <jobs.txt >events.txt";
  // NOLINTNEXTLINE(concurrency-mt-unsafe,bugprone-command-processor): a test's own
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::vector<TargetLoaded> loaded;
  int ended = 0, ok = 0;
  std::ifstream events(folder / "events.txt");
  for (std::string line; std::getline(events, line);) {
    const Event event = parse_event(line);
    if (const auto* e = std::get_if<TargetLoaded>(&event)) loaded.push_back(*e);
    if (const auto* e = std::get_if<CaseEnded>(&event)) ok += e->verdict.outcome == Outcome::ok;
    ended += std::holds_alternative<JobEnded>(event) ? 1 : 0;
  }
  EXPECT_EQ(ended, 3);
  EXPECT_EQ(ok, 3);
  ASSERT_EQ(loaded.size(), 3U) << "each job's target is named, so that it can be checked";
  EXPECT_GT(loaded[0].load_s, 0);
  EXPECT_EQ(loaded[1].load_s, 0) << "it is in memory";
  EXPECT_EQ(loaded[1].identity, loaded[0].identity);
  EXPECT_GT(loaded[2].load_s, 0);
  EXPECT_NE(loaded[2].identity, loaded[0].identity);
}

TEST(run, refuses_a_suite_whose_text_changed_without_its_version) {
  const std::filesystem::path folder = fresh_folder("changed_suite");
  const std::string target = "synthetic:" + write_tiny_config(folder).string();
  const auto run_with = [&](const std::string& question, int version) {
    std::ofstream(folder / "mine.toml")
        << "kind = \"multiple_choice\"\nversion = " << version
        << "\ntitle = \"mine\"\ndataset = \"world\"\nsplit = \"test\"\n[prompt]\nquestion = \""
        << question << "\"\n";
    return moebench({"run", "mine.toml", "--target", target, "--limit", "1"}, folder);
  };
  EXPECT_EQ(run_with("{question} A:", 1).code, 0);
  const Ran changed = run_with("Q: {question} A:", 1);
  EXPECT_EQ(changed.code, 2);
  EXPECT_NE(changed.err.find("mine.toml"), std::string::npos) << changed.err;
  EXPECT_NE(changed.err.find("raise `version`"), std::string::npos) << changed.err;
  EXPECT_EQ(run_with("Q: {question} A:", 2).code, 0);
  std::filesystem::copy_file(folder / "mine.toml", folder / "world.toml");
  const Ran bundled = moebench({"run", "world.toml", "--target", target}, folder);
  EXPECT_EQ(bundled.code, 2);
  EXPECT_NE(bundled.err.find("a bundled suite is called \"world\" too"), std::string::npos)
      << bundled.err;
}

TEST(run, refuses_a_setting_of_a_suite_that_is_not_run) {
  const std::filesystem::path folder = fresh_folder("prefix");
  const Ran ran = moebench({"run", "decode", "--target", "synthetic:demo-dense", "--set",
                            "decod.batch=1", "--db", "a.sqlite"},
                           folder);
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.err.find("decod"), std::string::npos) << ran.err;
}

TEST(run, top_k_may_be_set_for_any_suite) {
  const std::filesystem::path folder = fresh_folder("topk");
  const std::string target = "synthetic:" + write_tiny_config(folder).string();
  const Ran ran = moebench({"run", "world", "--target", target, "--set", "top_k=1,4", "--limit",
                            "2", "--db", "a.sqlite"},
                           folder);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(cell(folder, "a.sqlite",
                 "SELECT group_concat(experts_per_token) AS k FROM (SELECT * FROM target ORDER BY "
                 "experts_per_token)"),
            "{\"k\":\"1,4\"}\n");
}

TEST(report, is_written_for_a_pair_of_measured_targets) {
  const std::filesystem::path folder = fresh_folder("report");
  ASSERT_EQ(
      moebench({"run", "world", "memory", "--target", "synthetic:demo-moe@layers=1", "--target",
                "synthetic:demo-dense@layers=1", "--limit", "4", "--db", "a.sqlite"},
               folder)
          .code,
      0);
  const Ran html =
      moebench({"report", "pair", "--moe", "demo-moe layers=1", "--dense", "demo-dense layers=1",
                "--format", "html", "--out", "pair.html", "--db", "a.sqlite"},
               folder);
  EXPECT_EQ(html.code, 0) << html.err;
  EXPECT_GT(std::filesystem::file_size(folder / "pair.html"), 100000U)
      << "the page carries its charts' program";
  const Ran compared =
      moebench({"compare", "demo-moe layers=1", "demo-dense layers=1", "--db", "a.sqlite"}, folder);
  EXPECT_EQ(compared.code, 0) << compared.err;
  EXPECT_NE(compared.out.find("paired by question"), std::string::npos);
  const Ran questions = moebench({"compare", "#1", "#2", "--questions", "--suite", "world",
                                  "--format", "csv", "--db", "a.sqlite"},
                                 folder);
  EXPECT_EQ(questions.code, 0) << questions.err;
  EXPECT_NE(questions.out.find("A chose"), std::string::npos) << questions.out;
  EXPECT_EQ(moebench({"compare", "#1", "#2", "--suite", "world", "--db", "a.sqlite"}, folder).code,
            2)
      << "--suite says which questions";
}

TEST(export_samples, writes_requests_and_documents) {
  const std::filesystem::path folder = fresh_folder("export");
  const std::string target = "synthetic:" + write_tiny_config(folder).string();
  ASSERT_EQ(
      moebench({"run", "world", "--target", target, "--limit", "3", "--db", "a.sqlite"}, folder)
          .code,
      0);
  const Ran ran = moebench({"export", "samples", "--format", "jsonl", "--db", "a.sqlite"}, folder);
  ASSERT_EQ(ran.code, 0) << ran.err;
  std::map<std::string, int> kinds;
  std::istringstream lines(ran.out);
  for (std::string line; std::getline(lines, line);)
    ++kinds[nlohmann::json::parse(line).at("kind").get<std::string>()];
  EXPECT_EQ(kinds["run"], 1);
  EXPECT_EQ(kinds["request"], 3 * 8 * 4);
  EXPECT_EQ(kinds["doc"], 3 * 8);
}

}  // namespace
}  // namespace moe
