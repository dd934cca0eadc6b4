// What `report pair` sets side by side, and what it does not.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "harness/error.h"
#include "tests/reports/pair_case.h"

namespace moe::testing {
namespace {

TEST_F(Pair, says_where_the_two_are_not_what_they_stand_for) {
  const auto short_of = [&](const std::string& moe, const std::string& dense) {
    std::string all;
    for (const auto& block : article(moe, dense).blocks) {
      if (const auto* prose = std::get_if<Prose>(&block)) all += prose->markdown;
    }
    return all;
  };
  const std::string as_meant = short_of(kMixture, kDense);
  EXPECT_FALSE(says(as_meant, "**Roles.**"));
  const std::string swapped = short_of(kDense, kMixture);
  EXPECT_TRUE(says(swapped, "**Roles.** small-dense is dense: what is said of a mixture"));
  EXPECT_TRUE(says(swapped, "**Roles.** small-8x is a mixture too."));
  EXPECT_TRUE(says(short_of(kMixture, kMixture), "Both sides are the same target."));
  EXPECT_FALSE(says(as_meant, "**Context.**"));
  sql("UPDATE answer SET truncated_tokens = 7 WHERE case_run = (SELECT min(case_run) FROM answer)");
  EXPECT_TRUE(says(short_of(kMixture, kDense), "**Context.** "));
}

/// A second suite beside one of the fixture: the same cases and values under another name.
void copy_suite(const Store& store, const std::string& from, const std::string& to, int version) {
  const std::vector<Parameter> names = {{"from", from}, {"to", to}, {"version", version}};
  store.query(
      "INSERT INTO suite SELECT max_id + id, :to, :version, kind, title, :to || :version, toml "
      "FROM "
      "suite, (SELECT max(id) AS max_id FROM suite) WHERE name = :from",
      names);
  store.query(
      "INSERT INTO \"case\" SELECT id + 1000, key || :to || :version, :to, :version, target, "
      "point, "
      "dataset_digest FROM \"case\" WHERE suite = :from",
      names);
  store.query(
      "INSERT INTO case_run SELECT cr.id + 1000, cr.run, cr.\"case\" + 1000, s.id, cr.ordinal, "
      "cr.started_at, cr.ended_at, cr.outcome, cr.reason FROM case_run cr JOIN \"case\" c ON c.id "
      "= "
      "cr.\"case\" JOIN suite s ON s.sha256 = :to || :version WHERE c.suite = :from",
      names);
  store.query(
      "INSERT INTO value SELECT case_run + 1000, metric, scope, estimate / 2, low / 2, high / 2, "
      "standard_error, n FROM value WHERE case_run + 1000 IN (SELECT id FROM case_run EXCEPT "
      "SELECT case_run FROM value)");
}

TEST_F(Pair, says_that_scores_at_chance_say_nothing) {
  sql("UPDATE value SET low = 0.2 WHERE scope = ''");
  EXPECT_TRUE(says(short_text(), "Guessing would answer 25.0 % of world")) << short_text();
}

TEST_F(Pair, does_not_tell_two_apart_by_two_questions) {
  sql("DELETE FROM document WHERE task <> 'world_capitals' OR document NOT IN (1, 5)");
  EXPECT_TRUE(says(short_text(), "(2 questions)")) << short_text();
  EXPECT_TRUE(says(short_text(), "do not tell the two apart")) << short_text();
}

TEST_F(Pair, compares_speeds_of_one_machine_and_build_only) {
  EXPECT_FALSE(says(short_text(), "different machines or builds"));
  sql("INSERT INTO run SELECT 9, started_at, ended_at, 'r', command, question_limit, 'another "
      "build',"
      " owner, alive_at, environment FROM run WHERE id = 1");
  sql("UPDATE case_run SET run = 9 WHERE \"case\" IN (SELECT id FROM \"case\" WHERE target = 2)");
  EXPECT_TRUE(
      says(short_text(), "6 points of decode were measured on different machines or builds"))
      << short_text();
  EXPECT_TRUE(says(short_text(), "(build: another build → moebench 0.1.0 abc1234): not compared"))
      << short_text();
  EXPECT_FALSE(says(short_text(), "Decoding.")) << short_text();
  for (const Cell& ratio : column(table("Decoding, tokens per second"), "ratio [x]"))
    EXPECT_EQ(ratio, Cell(nullptr));
}

TEST_F(Pair, says_that_data_differ_and_compares_them_not) {
  sql("UPDATE \"case\" SET dataset_digest = 'other' WHERE suite = 'world' AND target = 1");
  EXPECT_TRUE(says(short_text(), "**Data.** world was run on other data")) << short_text();
  EXPECT_TRUE(says(short_text(), "No accuracy suite was run on both models")) << short_text();
}

TEST_F(Pair, shows_the_newest_version_of_a_suite) {
  copy_suite(temporary_.store(), "memory", "memory", 2);
  const auto weights = column(table("Memory by part"), std::string(kMixture) + " [B]");
  EXPECT_EQ(weights.size(), 10U);
  EXPECT_EQ(weights.at(0), Cell(48209920.0 / 2)) << "not the largest of both versions";
}

TEST_F(Pair, keeps_suites_of_one_kind_apart) {
  for (const char* suite : {"sparsity", "decode", "memory"})
    copy_suite(temporary_.store(), suite, std::string(suite) + "_mine", 1);
  const Table sparsity = table("small-8x with fewer or more experts");
  EXPECT_EQ(sparsity.rows.size(), 6U);
  EXPECT_EQ(column(sparsity, "suite").at(5), Cell(std::string("sparsity_mine")));
  EXPECT_EQ(table("Decoding, tokens per second").rows.size(), 12U);
  EXPECT_EQ(table("Memory by part").rows.size(), 20U);
  const auto facets = column(table("Decoding: tokens per second"), "context");
  EXPECT_EQ(std::ranges::count(facets, Cell(std::string("decode_mine, context 128"))), 6);
}

TEST_F(Pair, takes_targets_by_number_and_tells_namesakes_apart) {
  sql("UPDATE target SET name = 'small-8x' WHERE id = 2");
  EXPECT_EQ(article("#1", "2").title, "small-8x #1 against small-8x #2");
  try {
    article("small-8x", "#2");
    FAIL() << "no error";
  } catch (const Error& error) {
    for (const char* part :
         {"report pair", "#1 (synthetic:small-8x)", "#2 (synthetic:small-dense)"})
      EXPECT_TRUE(says(error.what(), part)) << error.what();
  }
}

TEST_F(Pair, says_under_the_accuracies_what_was_audited_and_what_was_not) {
  const Article all = article();
  std::string text;
  for (const auto& block : all.blocks)
    if (const auto* prose = std::get_if<Prose>(&block)) text += prose->markdown;
  EXPECT_TRUE(says(text, "Audited, small-8x, same target and build: sharing changes 0 of 2,850"))
      << text;
  EXPECT_TRUE(says(text, "0.012 at most, 3 of 712 answers and 41 of 8,544 expert choices change"));
  EXPECT_TRUE(says(text, "Not audited, small-8x: `moebench run audit_batch --target"));
  EXPECT_TRUE(says(
      text, "Not audited, small-dense: `moebench run audit_sharing audit_batch audit_numerics"));
}

TEST_F(Pair, says_how_many_questions_could_not_be_asked_and_so_does_the_report_of_a_run) {
  sql("UPDATE document SET facts = json_object('excluded', 'adds no token'), metrics = NULL WHERE "
      "task = 'world_colours' AND document < 3 AND case_run IN (SELECT r.id FROM case_run r JOIN "
      "\"case\" c ON c.id = r.\"case\" WHERE c.target = 1)");
  EXPECT_TRUE(says(short_text(), "3 of the 60 questions of world could not be asked of small-8x"))
      << short_text();
  std::string text;
  for (const auto& block :
       build_article(find_report("run"), temporary_.store(), {{"run", "1"}}).blocks)
    if (const auto* prose = std::get_if<Prose>(&block)) text += prose->markdown;
  EXPECT_TRUE(says(text, "3 of the 60 questions of world could not be asked of small-8x")) << text;
  EXPECT_TRUE(says(text, "colours 0, adds no token")) << text;
}

TEST_F(Pair, and_the_report_of_a_run_says_so_too) {
  std::string text;
  for (const auto& block :
       build_article(find_report("run"), temporary_.store(), {{"run", "1"}}).blocks)
    if (const auto* prose = std::get_if<Prose>(&block)) text += prose->markdown;
  EXPECT_TRUE(says(text, "Audited, small-8x, same target and build: sharing changes 0 of 2,850"))
      << text;
  EXPECT_TRUE(says(
      text, "Not audited, small-dense: `moebench run audit_sharing audit_batch audit_numerics"));
  EXPECT_FALSE(says(text, "script, same target")) << "nothing was scored on that one";
}

TEST_F(Pair, says_where_an_audit_is_of_another_build_or_went_wrong) {
  sql("UPDATE run SET build = 'an older one' WHERE id = 1");
  sql("UPDATE case_run SET run = 2, outcome = 'wrong', reason = 'bits' WHERE suite = (SELECT id "
      "FROM suite WHERE name = 'audit_sharing')");
  const Article all = article();
  std::string text;
  for (const auto& block : all.blocks)
    if (const auto* prose = std::get_if<Prose>(&block)) text += prose->markdown;
  EXPECT_TRUE(says(text, "another build where said")) << text;
  EXPECT_TRUE(says(text, "on world, wrong, run 2) by another build"));
}

}  // namespace
}  // namespace moe::testing
