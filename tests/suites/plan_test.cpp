// What full MMLU costs, counted without a model.
#include <gtest/gtest.h>

#include <cstdlib>

#include "models/tokenizer/tokenizer.h"
#include "suites/kind.h"

namespace moe {
namespace {

constexpr std::int64_t kMixtralTokens = 32768;

TEST(plan, full_mmlu_with_five_examples_shares_all_but_a_thirtieth_of_its_tokens) {
  const char* data = std::getenv("MOEBENCH_DATA");
  if (data == nullptr) GTEST_SKIP() << "MOEBENCH_DATA is not set: no MMLU, no tokenizers";
  const std::filesystem::path root(data);
  const auto file = root / "tokenizers/mixtral/tokenizer.json";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << file << " is not there";
  const Suite suite = find_suite("mmlu");
  CaseTask task;
  task.suite = &suite;
  task.point = {{"shots", 5}};
  task.data_root = root;
  const PlanSummary plan = find_kind(suite.kind).plan(task, Tokenizer::load(file), kMixtralTokens);
  EXPECT_EQ(plan.questions, 14042);
  EXPECT_EQ(plan.requests, 4 * 14042);
  EXPECT_EQ(plan.prompt_tokens, 44163464);
  EXPECT_EQ(plan.shared_tokens, 1504125);
  EXPECT_EQ(plan.truncated_requests, 0);
}

}  // namespace
}  // namespace moe
