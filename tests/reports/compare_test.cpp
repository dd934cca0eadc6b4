#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "harness/error.h"
#include "harness/paired.h"
#include "harness/statistics.h"
#include "reports/compare.h"
#include "tests/reports/fixture.h"

namespace moe::testing {
namespace {

struct Row {
  std::string verdict, how;
  Estimate difference, ratio, a, b;  // not a number where the row has none
  std::int64_t n = 0;
  double p = 0, p_holm = 0, detectable = 0;  // the same
  std::int64_t a_alone = 0, b_alone = 0, clusters = 0;
};

Row row_of(const Table& table, const std::string& suite, const std::string& point,
           const std::string& metric, const std::string& scope = "") {
  const auto at = [&](const std::vector<Cell>& row, std::string_view column) {
    return row.at(
        static_cast<std::size_t>(std::ranges::find(table.columns, column) - table.columns.begin()));
  };
  for (const auto& row : table.rows) {
    if (to_text(at(row, "suite")) != suite || to_text(at(row, "point")) != point) continue;
    if (to_text(at(row, "metric")) != metric || to_text(at(row, "scope")) != scope) continue;
    const auto number = [&](const std::string& column) {
      const Cell cell = at(row, column);
      const auto* real = std::get_if<double>(&cell);
      return real == nullptr ? std::nan("") : *real;
    };
    const auto estimate = [&](const std::string& name, const std::string& unit) {
      return Estimate{number(name + unit), number(name + "_low"), number(name + "_high")};
    };
    const auto count = [&](const std::string& column) {
      const Cell cell = at(row, column);
      const auto* whole = std::get_if<std::int64_t>(&cell);
      return whole == nullptr ? 0 : *whole;
    };
    return {.verdict = to_text(at(row, "verdict")),
            .how = to_text(at(row, "how")),
            .difference = estimate("difference", " [+=unit]"),
            .ratio = estimate("ratio", " [x]"),
            .a = estimate("A", " [=unit]"),
            .b = estimate("B", " [=unit]"),
            .n = count("n"),
            .p = number("p"),
            .p_holm = number("p_holm"),
            .detectable = number("detectable"),
            .a_alone = count("A_alone"),
            .b_alone = count("B_alone"),
            .clusters = count("clusters")};
  }
  ADD_FAILURE() << "no row " << suite << " " << point << " " << metric;
  return {};
}

Table compared(const Store& store, const std::string& a, const std::string& b) {
  return compare(store, find_side(store, a), find_side(store, b));
}

std::string prose_of(const Store& store, const std::string& a, const std::string& b) {
  return std::get<Prose>(comparison(store, a, b).blocks.at(0)).markdown;
}

class Comparison : public ::testing::Test {
 protected:
  void SetUp() override { fill(temporary_.store()); }
  TemporaryStore temporary_;
};

TEST_F(Comparison, pairs_accuracy_by_question) {
  const Row row = row_of(compared(temporary_.store(), kDense, kMixture), "world", "", "acc");
  EXPECT_EQ(row.how, "paired by question");
  EXPECT_EQ(row.verdict, "better");
  EXPECT_NEAR(row.difference.value, 0.25, 1e-12);
  EXPECT_TRUE(std::isnan(row.ratio.value));
}

TEST_F(Comparison, shows_both_on_the_questions_they_have_in_common) {
  temporary_.store().query("DELETE FROM document WHERE task <> 'world_capitals' AND case_run = 1");
  const Row row = row_of(compared(temporary_.store(), kDense, kMixture), "world", "", "acc");
  EXPECT_EQ(row.n, 20);
  EXPECT_NEAR(row.difference.value, row.b.value - row.a.value, 1e-12);
}

TEST_F(Comparison, pairs_a_group_by_the_questions_of_its_members) {
  const Row row =
      row_of(compared(temporary_.store(), kDense, kMixture), "world", "", "acc", "world_places");
  EXPECT_EQ(row.how, "paired by question");
  EXPECT_EQ(row.n, 40);
}

TEST_F(Comparison, of_means_of_shares_is_their_difference) {
  temporary_.store().query("UPDATE metric SET name = 'acc_macro' WHERE name = 'acc'");
  const Row row = row_of(compared(temporary_.store(), kDense, kMixture), "world", "", "acc_macro");
  EXPECT_EQ(row.how, "two intervals");
  EXPECT_NEAR(row.difference.value, 0.25, 1e-12);
  EXPECT_TRUE(std::isnan(row.ratio.value));
}

TEST_F(Comparison, of_two_questions_answered_alike_is_unsure) {
  const Store& store = temporary_.store();
  store.query("DELETE FROM document WHERE task <> 'world_capitals' OR document NOT IN (0, 2)");
  const Row row = row_of(compared(store, kDense, kMixture), "world", "", "acc");
  EXPECT_EQ(row.n, 2);
  EXPECT_EQ(row.difference.value, 0);
  EXPECT_EQ(row.verdict, "unsure");
  EXPECT_EQ(row_of(compared(store, kDense, kDense), "world", "", "acc").verdict, "same")
      << "of one model, equal is equal";
}

/// Of every four questions the mixture is right on 0, 1, 2, the dense model on 0, 2: 1 is its
/// alone.
TEST_F(Comparison, tests_the_questions_that_one_alone_got_right) {
  const Table table = compared(temporary_.store(), kDense, kMixture);
  const Row row = row_of(table, "world", "", "acc");
  EXPECT_EQ(row.a_alone, 0);
  EXPECT_EQ(row.b_alone, 15);
  EXPECT_EQ(row.p, mcnemar_p(0, 15));
  EXPECT_EQ(row.detectable, detectable_share_difference(0.25, 60));
  const Row speed = row_of(table, "decode", "batch 4, context 128", "tokens_per_s");
  EXPECT_TRUE(std::isnan(speed.p));
  EXPECT_TRUE(std::isnan(speed.detectable));
}

TEST_F(Comparison, corrects_p_for_the_scores_of_whole_suites) {
  temporary_.store().query(
      "UPDATE document SET metrics = json_set(metrics, '$.exact', 0) WHERE document > 9");
  const Table table = compared(temporary_.store(), kDense, kMixture);
  std::vector<double> p;
  const char* const whole[] = {"acc", "acc_norm", "exact"};
  for (const char* metric : whole) p.push_back(row_of(table, "world", "", metric).p);
  const std::vector<double> corrected = holm(p);
  for (std::size_t i = 0; i < p.size(); ++i)
    EXPECT_EQ(row_of(table, "world", "", whole[i]).p_holm, corrected[i]) << whole[i];
  EXPECT_GT(corrected[2], p[0]);
  EXPECT_TRUE(std::isnan(row_of(table, "world", "", "acc", "world_places").p_holm));
  EXPECT_FALSE(std::isnan(row_of(table, "world", "", "acc", "world_places").p));
}

TEST_F(Comparison, has_an_interval_that_holds_the_one_over_clusters) {
  const Store& store = temporary_.store();
  const auto of_whole = [&] {
    store.query("DELETE FROM value WHERE scope <> ''");
    return row_of(compared(store, kDense, kMixture), "world", "", "acc");
  };
  const Row without = of_whole();
  const Interval alone = paired_share_bootstrap(15, 0, 60);
  EXPECT_EQ(without.clusters, 0);
  EXPECT_EQ(without.difference.low, alone.low);
  EXPECT_EQ(without.difference.high, alone.high);
  EXPECT_EQ(prose_of(store, kDense, kMixture).find("share a passage"), std::string::npos);
  store.query(
      "UPDATE document SET facts = json_set(facts, '$.cluster', task || ' ' || (document / 2))");
  const Row pairs = of_whole();
  EXPECT_EQ(pairs.clusters, 30);
  EXPECT_LE(pairs.difference.low, alone.low);
  EXPECT_GE(pairs.difference.high, alone.high);
  EXPECT_NE(prose_of(store, kDense, kMixture).find("In 3 rows questions share a passage"),
            std::string::npos);
  // Three passages, one of which has all that the mixture alone answers.
  store.query("UPDATE document SET facts = json_set(facts, '$.cluster', min(document % 4, 2))");
  const Row few = of_whole();
  EXPECT_EQ(few.clusters, 3);
  EXPECT_EQ(few.verdict, "unsure");
  EXPECT_GT(few.detectable, without.detectable);
}

TEST_F(Comparison, pairs_shares_of_probability_by_question_too) {
  temporary_.store().query("UPDATE metric SET name = 'mc2' WHERE name = 'acc_norm'");
  temporary_.store().query(
      "UPDATE document SET metrics = json_set(metrics, '$.mc2', 0.2 + 0.01 * (document % 7) + 0.5 "
      "* (metrics ->> 'acc'))");
  const Row row = row_of(compared(temporary_.store(), kDense, kMixture), "world", "", "mc2");
  EXPECT_EQ(row.how, "paired by question");
  EXPECT_EQ(row.verdict, "better");
  EXPECT_NEAR(row.difference.value, 0.125, 1e-12);
  EXPECT_LT(row.difference.low, 0.125);
  EXPECT_GT(row.difference.high, 0.125);
  EXPECT_TRUE(std::isnan(row.p)) << "which are not right or wrong";
  EXPECT_GT(row.detectable, 0);
}

TEST_F(Comparison, leaves_out_what_was_asked_in_other_words) {
  const Store& store = temporary_.store();
  store.query("UPDATE answer SET prompt_sha256 = 'other' WHERE case_run = 1 AND document = 1");
  EXPECT_EQ(row_of(compared(store, kDense, kMixture), "world", "", "acc").n, 57);
  const std::string text = prose_of(store, kDense, kMixture);
  EXPECT_NE(text.find("3 questions of world were asked in other words"), std::string::npos) << text;
}

TEST_F(Comparison, leaves_out_what_describes_one_result) {
  const Table table = compared(temporary_.store(), kDense, kMixture);
  for (const auto& row : table.rows) {
    const std::string metric = to_text(row[2]);
    EXPECT_FALSE(metric == "answer_share" || metric == "acc_stderr_clustered") << metric;
  }
  EXPECT_EQ(row_of(table, "world", "", "ece").how, "two intervals");
  EXPECT_TRUE(std::isnan(row_of(table, "world", "", "ece").ratio.value));
}

TEST_F(Comparison, shows_every_row_in_one_of_two_tables) {
  const Article article = comparison(temporary_.store(), kDense, kMixture);
  const auto& questions = std::get<Exhibit>(article.blocks.at(1)).table.rows;
  const auto& others = std::get<Exhibit>(article.blocks.at(2)).table.rows;
  EXPECT_EQ(questions.size() + others.size(),
            compared(temporary_.store(), kDense, kMixture).rows.size());
  EXPECT_EQ(questions.size(), 7U);
  temporary_.store().query("DELETE FROM document");
  EXPECT_EQ(comparison(temporary_.store(), kDense, kMixture).blocks.size(), 2U);
}

TEST_F(Comparison, pairs_perplexity_by_document) {
  const Row row =
      row_of(compared(temporary_.store(), kDense, kMixture), "wikitext2", "", "word_perplexity");
  EXPECT_EQ(row.how, "paired by document");
  EXPECT_EQ(row.verdict, "better");
  EXPECT_EQ(row.n, 62);
  EXPECT_NEAR(row.ratio.value, row.b.value / row.a.value, 1e-12);
  EXPECT_NEAR(row.ratio.value, std::exp(-0.183), 0.01);
  EXPECT_GT(row.ratio.high, row.ratio.low);
  const double apart =
      std::hypot(std::log(row.a.high / row.a.value), std::log(row.b.high / row.b.value));
  EXPECT_LT(std::log(row.ratio.high / row.ratio.value), apart / 2)
      << "what pages have in common widens nothing";
}

/// As LAMBADA's: the log-likelihood of a text's last word, whose mean the perplexity is of.
TEST_F(Comparison, pairs_perplexity_of_last_words_by_document) {
  temporary_.store().query("UPDATE metric SET name = 'perplexity' WHERE name = 'word_perplexity'");
  temporary_.store().query(
      "UPDATE document SET metrics = json_object('perplexity', -3.0 - 0.01 * document - 0.1 * "
      "(case_run = (SELECT max(case_run) FROM document WHERE task = 'wikitext2'))) "
      "WHERE task = 'wikitext2'");
  const Row row =
      row_of(compared(temporary_.store(), kMixture, kDense), "wikitext2", "", "perplexity");
  EXPECT_EQ(row.how, "paired by document");
  EXPECT_NEAR(row.ratio.value, std::exp(0.1), 1e-9);
  EXPECT_NEAR(row.ratio.low, row.ratio.high, 1e-9) << "the same on each";
  EXPECT_NEAR(row.a.value, std::exp(3 + 0.01 * 61 / 2), 1e-9);
}

TEST_F(Comparison, pairs_what_another_filter_found_by_question) {
  const Store& store = temporary_.store();
  store.query("UPDATE metric SET name = 'exact_match' WHERE name = 'acc_norm'");
  store.query(
      "INSERT INTO value SELECT case_run, metric, 'loose', estimate, low, high, standard_error, n "
      "FROM value WHERE metric = (SELECT id FROM metric WHERE name = 'exact_match')");
  store.query(
      "UPDATE document SET metrics = json_set(metrics, '$.exact_match', metrics -> 'acc', "
      "'$.exact_match_loose', metrics -> 'exact') WHERE metrics ->> 'acc' IS NOT NULL");
  const Table table = compared(store, kDense, kMixture);
  const Row loose = row_of(table, "world", "", "exact_match", "loose");
  EXPECT_EQ(loose.how, "paired by question");
  EXPECT_EQ(loose.b_alone, row_of(table, "world", "", "exact").b_alone);
}

TEST_F(Comparison, of_speeds_is_their_ratio) {
  const Table table = compared(temporary_.store(), kDense, kMixture);
  for (const char* metric : {"step_s", "tokens_per_s"}) {
    const Row row = row_of(table, "decode", "batch 4, context 128", metric);
    EXPECT_EQ(row.how, "two intervals");
    EXPECT_EQ(row.verdict, "slower");
    EXPECT_NEAR(row.ratio.value, row.b.value / row.a.value, 1e-12);
    const Interval expected = quotient_interval(row.b, row.a);
    EXPECT_EQ(row.ratio.low, expected.low);
    EXPECT_EQ(row.ratio.high, expected.high);
    EXPECT_TRUE(std::isnan(row.difference.value));
  }
}

TEST_F(Comparison, turns_round_with_its_sides) {
  const Table table = compared(temporary_.store(), kMixture, kDense);
  EXPECT_EQ(row_of(table, "world", "", "acc").verdict, "worse");
  EXPECT_EQ(row_of(table, "decode", "batch 4, context 128", "tokens_per_s").verdict, "faster");
}

TEST_F(Comparison, of_what_was_read_once_is_unsure) {
  const Table table = compared(temporary_.store(), kDense, kMixture);
  const Row peak = row_of(table, "memory", "", "peak_resident_bytes");
  EXPECT_EQ(peak.how, "no interval");
  EXPECT_EQ(peak.verdict, "unsure");
  const Row weights = row_of(table, "memory", "", "weight_bytes");
  EXPECT_EQ(weights.how, "exact");
  EXPECT_EQ(weights.verdict, "worse");
}

TEST_F(Comparison, of_a_value_below_one_is_relative_too) {
  temporary_.store().query(
      "UPDATE value SET estimate = estimate / 1e4, low = low / 1e4, high = high / 1e4");
  temporary_.store().query("DELETE FROM document");
  const Row row =
      row_of(compared(temporary_.store(), kDense, kMixture), "wikitext2", "", "bits_per_byte");
  EXPECT_EQ(row.verdict, "better");
}

TEST_F(Comparison, of_different_data_says_so) {
  temporary_.store().query(
      "UPDATE \"case\" SET dataset_digest = 'other' WHERE suite = 'world' AND target = 1");
  const Row row = row_of(compared(temporary_.store(), kDense, kMixture), "world", "", "acc");
  EXPECT_EQ(row.verdict, "not compared");
  EXPECT_EQ(row.how, "different data");
  EXPECT_TRUE(std::isnan(row.difference.value));
}

TEST_F(Comparison, of_a_target_with_itself_is_never_a_difference) {
  const Table table = compared(temporary_.store(), kDense, kDense);
  EXPECT_FALSE(table.rows.empty());
  for (const auto& row : table.rows) {
    const std::string verdict = to_text(row[kComparedVerdict]);
    EXPECT_TRUE(verdict == "same" || verdict == "unsure") << verdict;
  }
}

TEST_F(Comparison, of_a_run_with_itself_sets_each_target_beside_itself) {
  const Table table = compared(temporary_.store(), "1", "1");
  // A point names the target, of which there are several.
  EXPECT_NEAR(row_of(table, "world", "small-8x", "acc").difference.value, 0, 1e-12);
  EXPECT_NEAR(row_of(table, "world", "small-dense", "acc").difference.value, 0, 1e-12);
  for (const auto& row : table.rows) EXPECT_EQ(to_text(row[kComparedVerdict]), "same");
  const Row speed = row_of(table, "decode", "small-8x, batch 4, context 128", "tokens_per_s");
  EXPECT_EQ(speed.how, "one result");
  EXPECT_LT(speed.a.low, speed.a.high) << "uncertain as it is";
  EXPECT_EQ(speed.ratio.low, 1);
  EXPECT_EQ(speed.ratio.high, 1);
}

/// Run 8: what run 1 was, case by case.
void repeat_run(const Store& store, std::int64_t environment) {
  store.query(fmt::format(
      "INSERT INTO run SELECT 8, started_at, ended_at, 'again', command, question_limit, build, "
      "owner, alive_at, {} FROM run WHERE id = 1",
      environment));
  store.query(
      "INSERT INTO case_run (id, run, \"case\", suite, ordinal, outcome, reason) SELECT id + "
      "1000, 8, \"case\", suite, ordinal, outcome, reason FROM case_run WHERE run = 1");
  store.query(
      "INSERT INTO value SELECT case_run + 1000, metric, scope, estimate, low, high, "
      "standard_error, n "
      "FROM value WHERE case_run IN (SELECT id FROM case_run WHERE run = 1)");
}

TEST_F(Comparison, of_equal_results_says_that_no_value_differs) {
  const Store& store = temporary_.store();
  repeat_run(store, 1);
  const std::string text = prose_of(store, "1", "8");
  EXPECT_NE(text.find("No value differs. Where that is *unsure*"), std::string::npos) << text;
  EXPECT_EQ(text.find("environments"), std::string::npos) << text;
  EXPECT_EQ(prose_of(store, kDense, kMixture).find("No value differs"), std::string::npos);
  EXPECT_EQ(prose_of(store, "1", "1").find("unsure*, too"), std::string::npos);
}

TEST_F(Comparison, of_runs_in_different_environments_names_the_facts) {
  const Store& store = temporary_.store();
  store.query(
      "INSERT INTO environment (id, digest, host, cpu, cores, memory_bytes, gpu, driver, os, "
      "facts) "
      "SELECT 9, 'other', host, cpu, 4, memory_bytes, gpu, driver, os, "
      "'{\"instructions_limit\": \"AVX2\"}' FROM environment WHERE id = 1");
  repeat_run(store, 9);
  const std::string text = prose_of(store, "1", "8");
  EXPECT_NE(text.find("Run 1 and run 8 ran in different environments: cores: 2 → 4; instructions "
                      "limit: none → AVX2."),
            std::string::npos)
      << text;
}

TEST_F(Comparison, with_nothing_in_common_is_an_error) {
  EXPECT_TRUE(compared(temporary_.store(), kHostile, kMixture).rows.empty());
  EXPECT_THROW(comparison(temporary_.store(), kHostile, kMixture), Error);
}

}  // namespace
}  // namespace moe::testing
