// What full MMLU costs, counted without a model.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "models/tokenizer/tokenizer.h"
#include "suites/kind.h"

namespace moe {
namespace {

constexpr std::int64_t kMixtralTokens = 32768;
constexpr bool kOptimised = MOE_OPTIMISED;

/// The plan of MMLU with five examples; skips where the data is not there.
class MmluPlan : public testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("MOEBENCH_DATA");
    if (data == nullptr) GTEST_SKIP() << "MOEBENCH_DATA is not set: no MMLU, no tokenizers";
    root_ = data;
    if (!std::filesystem::exists(tokenizer())) GTEST_SKIP() << tokenizer() << " is not there";
  }

  std::filesystem::path tokenizer() const { return root_ / "tokenizers/mixtral/tokenizer.json"; }

  PlanSummary of_mmlu(std::int64_t limit) const {
    const Suite suite = find_suite("mmlu");
    CaseTask task;
    task.suite = &suite;
    task.point = {{"shots", 5}};
    task.limit = limit;
    task.data_root = root_;
    return find_kind(suite.kind).plan(task, Tokenizer::load(tokenizer()), kMixtralTokens);
  }

 private:
  std::filesystem::path root_;
};

TEST_F(MmluPlan, of_five_questions_a_subject_takes_as_many_tokens_as_lm_evals_requests) {
  const PlanSummary plan = of_mmlu(5);
  EXPECT_EQ(plan.questions, 57 * 5);
  EXPECT_EQ(plan.requests, 4 * 57 * 5);
  EXPECT_EQ(plan.prompt_tokens, 778456);
  EXPECT_LT(plan.shared_tokens, plan.prompt_tokens / 12);
  EXPECT_EQ(plan.truncated_requests, 0);
}

TEST_F(MmluPlan, of_all_questions_shares_all_but_a_thirtieth_of_its_tokens) {
  if (!kOptimised) GTEST_SKIP() << "this build is not optimised: minutes for 44 M tokens";
  const PlanSummary plan = of_mmlu(-1);
  EXPECT_EQ(plan.questions, 14042);
  EXPECT_EQ(plan.requests, 4 * 14042);
  EXPECT_EQ(plan.prompt_tokens, 44163464);
  EXPECT_EQ(plan.shared_tokens, 1504125);
  EXPECT_EQ(plan.truncated_requests, 0);
}

}  // namespace
}  // namespace moe
