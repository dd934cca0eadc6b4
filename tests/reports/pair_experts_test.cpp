// What `report pair` says of types of questions, of batches and of experts, and when it says
// nothing.
#include <fmt/format.h>

#include "tests/reports/pair_case.h"

namespace moe::testing {
namespace {

TEST_F(Pair, compares_types_of_questions_where_they_have_one) {
  EXPECT_TRUE(
      says(short_text(), "**Rare facts** (acc). Of 27 questions of world small-8x answers 55.6 %"))
      << short_text();
  EXPECT_TRUE(
      says(short_text(), "**Not told apart** (acc) by the questions of world: frequent facts"));
  const Table types = table("Accuracy by type of question");
  EXPECT_EQ(column(types, "type"),
            (std::vector<Cell>{"frequent facts", "frequent facts", "rare facts", "rare facts",
                               "odd ones", "odd ones"}));
  EXPECT_EQ(column(types, "metric").at(1), Cell("exact"));
  EXPECT_EQ(column(types, "questions"), (std::vector<Cell>{30, 30, 27, 27, 3, 3}));
  sql("UPDATE document SET facts = '{}'");
  EXPECT_FALSE(has("Accuracy by type"));
  EXPECT_FALSE(has("Difference of accuracy by type"));
  EXPECT_FALSE(says(short_text(), "Not told apart")) << short_text();
}

/// Makes the mixture so many times as fast as the dense model at a batch.
std::string decode_ratio(std::int64_t batch, double ratio) {
  return fmt::format(
      "UPDATE value SET (estimate, low, high) = (SELECT {1} * d.estimate, {1} * d.low, {1} * "
      "d.high "
      "FROM result d JOIN result m ON m.case_run = value.case_run AND m.metric = 'tokens_per_s' "
      "WHERE d.target = 2 AND d.suite = 'decode' AND d.point = m.point AND d.metric = m.metric) "
      "WHERE metric = (SELECT id FROM metric WHERE name = 'tokens_per_s') AND case_run IN (SELECT "
      "case_run FROM result WHERE target = 1 AND suite = 'decode' AND point ->> 'batch' = {0})",
      batch, ratio);
}

TEST_F(Pair, says_at_which_batch_the_dense_model_overtakes) {
  EXPECT_TRUE(
      says(short_text(), "context 128, 1024: the dense model is faster at all, from 1 to 16"));
  sql(decode_ratio(1, 2));
  EXPECT_TRUE(says(short_text(), "the mixture is faster up to 1, the dense model from 4 on"))
      << short_text();
  sql(decode_ratio(4, 1));
  EXPECT_TRUE(says(short_text(), "the mixture is faster up to 1, the dense model from 16 on"));
  sql(decode_ratio(16, 1));
  EXPECT_TRUE(says(short_text(), "at some (1 to 1), the dense model at none")) << short_text();
  sql(decode_ratio(16, 3));
  sql(decode_ratio(1, 0.5));
  EXPECT_TRUE(says(short_text(), "the dense model is faster up to 1, the mixture from 16 on"));
  sql(decode_ratio(4, 2));
  sql(decode_ratio(16, 0.5));
  EXPECT_TRUE(says(short_text(), "the mixture is faster at 4, the dense model at 1, 16"));
}

TEST_F(Pair, calls_a_number_of_experts_the_best_only_where_all_others_answer_fewer) {
  EXPECT_TRUE(
      says(short_text(), "With 1 it answers fewer. With 4 the questions show no difference."))
      << short_text();
  EXPECT_FALSE(says(short_text(), "the best of the numbers measured"));
  const std::string of_top_4 =
      "WHERE case_run = (SELECT case_run FROM result WHERE point = '{\"top_k\":4}' LIMIT 1)";
  sql("UPDATE document SET metrics = '{\"acc\": 0.0}' " + of_top_4);
  EXPECT_TRUE(
      says(short_text(), "That is the best of the numbers measured. With 1, 4 it answers fewer."))
      << short_text();
  sql("UPDATE document SET metrics = '{\"acc\": 1.0}' " + of_top_4);
  EXPECT_TRUE(says(short_text(), "With 1 it answers fewer. With 4 it answers more."));
  EXPECT_EQ(column(table("small-8x with fewer or more experts"), "against its own [pp]").at(1),
            Cell(nullptr));
}

TEST_F(Pair, compares_numbers_of_experts_by_exact_where_it_was_asked_for) {
  EXPECT_TRUE(says(short_text(), "answers 75.0 % of 60 questions (sparsity, acc)")) << short_text();
  sql("UPDATE document SET metrics = json_set(metrics, '$.exact', 1.0 - (metrics ->> 'acc')) WHERE "
      "case_run IN (SELECT case_run FROM result WHERE suite = 'sparsity')");
  sql("INSERT INTO value SELECT v.case_run, (SELECT id FROM metric WHERE name = 'exact'), v.scope, "
      "1 - v.estimate, 1 - v.high, 1 - v.low, v.standard_error, v.n FROM value v JOIN metric m ON "
      "m.id = v.metric WHERE m.name = 'acc' AND v.case_run IN (SELECT case_run FROM result WHERE "
      "suite = 'sparsity')");
  EXPECT_TRUE(says(short_text(),
                   "answers 25.0 % of 60 questions (sparsity, exact). With 1 it "
                   "answers more."))
      << short_text();
  EXPECT_EQ(column(table("small-8x with fewer or more experts"), "by").at(0), Cell("exact"));
}

TEST_F(Pair, says_how_many_experts_lose_nothing) {
  EXPECT_TRUE(says(short_text(),
                   "With the busiest 4 of 8 experts kept in every layer small-8x "
                   "answers −1.7 pp [−6.1, +2.8] against all of them (pruning, 60 "
                   "questions, acc): no loss that the questions show; with 2 it answers "
                   "fewer."))
      << short_text();
  sql("DELETE FROM value WHERE case_run = (SELECT case_run FROM result WHERE point = "
      "'{\"experts\":2}' LIMIT 1)");
  EXPECT_TRUE(says(short_text(), "that the questions show, and no smaller number was tried."));
  sql("UPDATE document SET metrics = '{\"acc\": 0.0}' WHERE case_run = (SELECT case_run FROM "
      "result WHERE point = '{\"experts\":4}' LIMIT 1)");
  EXPECT_TRUE(says(short_text(), "a loss, and no larger number was tried")) << short_text();
}

TEST_F(Pair, keeps_models_with_experts_removed_out_of_the_table_of_top_k) {
  EXPECT_EQ(table("small-8x with fewer or more experts").rows.size(), 3U);
  EXPECT_EQ(column(table("small-8x with only its busiest"), "kept"), (std::vector<Cell>{8, 4, 2}));
}

TEST_F(Pair, draws_every_expert_beside_the_subject_that_uses_it_most) {
  const Table cells = table("Experts of small-8x by subject");
  const auto experts = column(cells, "expert"), layers = column(cells, "layer");
  std::vector<Cell> first;  // of layer 1, each once
  for (std::size_t i = 0; i < experts.size(); ++i) {
    if (layers[i] == Cell("layer 1") && std::ranges::find(first, experts[i]) == first.end())
      first.push_back(experts[i]);
  }
  EXPECT_EQ(first, (std::vector<Cell>{0, 7, 1, 6, 2, 5}));
  EXPECT_EQ(cells.rows.size() % 3, 0U) << "a cell for every subject";
  double sum = 0;
  for (const auto& row : cells.rows) sum += std::get<double>(row.at(3));
  EXPECT_NEAR(sum, 2 * 3, 1e-9) << "shares of each layer and subject";
  EXPECT_TRUE(says(short_text(), "the experts of layer 1 tell 1.30 of the 1.58 bit"))
      << short_text();
}

TEST_F(Pair, draws_attributes_in_the_layer_that_tells_most_of_them) {
  const Table cells = table("Experts of small-8x by subject and attribute");
  const auto layers = column(cells, "layer");
  EXPECT_EQ(std::ranges::count(layers, Cell("layer 1")), std::ssize(layers));
  EXPECT_EQ(column(cells, "attribute").at(1), Cell("capitals, size"));
  sql("DELETE FROM value WHERE metric IN (SELECT id FROM metric WHERE name LIKE 'attribute%')");
  EXPECT_FALSE(has("Experts of small-8x by subject and attribute"));
  EXPECT_FALSE(has("What they tell of its subject and attribute"));
  EXPECT_TRUE(has("Experts of small-8x by subject"));
}

}  // namespace
}  // namespace moe::testing
