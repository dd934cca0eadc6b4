// Whole cases of the kinds that measure.
#include <gtest/gtest.h>

#include "harness/error.h"
#include "models/cost.h"
#include "suites/expert_choice.h"
#include "suites/timing.h"
#include "tests/suites/case.h"

namespace moe {
namespace {

TEST(speed, prefill_and_decode_time_their_points) {
  Case prefill("prefill", {{"batch", 4}, {"length", 32}});
  EXPECT_EQ(prefill.run().outcome, Outcome::ok);
  EXPECT_EQ(prefill.engine.shapes[0].context, 0);
  EXPECT_EQ(prefill.engine.shapes[0].new_tokens, 32);
  EXPECT_NEAR(estimate(prefill.summary(), "tokens_per_s"), 4 * 32 / 0.01, 1e-6);
  Case decode("decode", {{"batch", 4}, {"context", 32}});
  EXPECT_EQ(decode.run().outcome, Outcome::ok);
  EXPECT_EQ(decode.engine.shapes[0].context, 32);
  EXPECT_NEAR(estimate(decode.summary(), "tokens_per_s"), 4 / 0.01, 1e-6);
  EXPECT_EQ(estimate(decode.summary(), "experts_touched"), 3);
  EXPECT_EQ(estimate(decode.summary(), "experts_touched", "layer.1"), 2);
}

TEST(speed, says_what_a_step_has_to_move_and_to_compute) {
  Case run("decode", {{"batch", 4}, {"context", 32}});
  EXPECT_EQ(run.run().outcome, Outcome::ok);
  const Config& config = run.engine.config();
  const StepLoad load{.batch = 4, .new_tokens = 1, .context = 32, .scored = 4};
  const auto bytes = [&](double touched) {
    return step_bytes(config, run.engine.weights(), run.engine.activation_dtype(), load, touched);
  };
  const double touched = estimate(run.summary(), "experts_touched");
  EXPECT_EQ(sample_of(run.record(), "step_bytes", ""), bytes(touched));
  EXPECT_NE(bytes(touched), bytes(-1)) << "of the experts that were touched, not of a guess";
  EXPECT_EQ(sample_of(run.record(), "step_flops", ""),
            static_cast<double>(step_flops(config, load).total()));
}

TEST(memory, sums_the_parts_and_skips_what_the_model_cannot_take) {
  Case run("memory", {{"batch", 1}, {"context", 8}});
  EXPECT_EQ(run.run().outcome, Outcome::ok);
  EXPECT_EQ(estimate(run.summary(), "weight_bytes"), 1024);
  EXPECT_EQ(estimate(run.summary(), "weight_bytes", "experts"), 1000);
  EXPECT_EQ(estimate(run.summary(), "kv_bytes_per_token"), 64);
  EXPECT_EQ(estimate(run.summary(), "predicted_workspace_bytes"),
            least_workspace_bytes(run.engine.config(), DType::f32, {.context = 8}));
  EXPECT_GT(estimate(run.summary(), "peak_resident_bytes"), 0);
  Case longer("memory", {{"batch", 1}, {"context", 9000}});
  EXPECT_EQ(longer.run().outcome, Outcome::skipped);
}

TEST(memory, of_several_launches_is_their_mean_with_their_spread) {
  Case run("memory", {{"batch", 1}, {"context", 8}});
  CaseRecord record;
  for (const double bytes : {100.0, 110.0, 120.0}) {
    auto& launch = record.launches.emplace_back();
    launch.number = static_cast<std::int64_t>(record.launches.size()) - 1;
    launch.samples = {{"case", "peak_resident_bytes", "", 0, bytes},
                      {"case", "weight_bytes", "experts", 0, 64}};
  }
  const Summary summary = run.kind.summarise(run.suite, record);
  ASSERT_EQ(summary.values.size(), 2U);
  for (const Value& value : summary.values) {
    EXPECT_EQ(value.n, 3);
    const bool peak = value.metric->name == "peak_resident_bytes";
    EXPECT_EQ(value.estimate, peak ? 110 : 64);
    EXPECT_NEAR(value.high - value.low, peak ? 2 * 4.3027 * 10 / std::sqrt(3.0) : 0, 0.01);
  }
  record.launches.resize(1);  // of one launch nothing is known of the spread
  for (const Value& value : run.kind.summarise(run.suite, record).values) {
    EXPECT_EQ(value.low, value.high);
    EXPECT_TRUE(std::isnan(value.standard_error));
  }
}

TEST(sparsity, a_dense_model_is_skipped_with_a_reason) {
  Case run("sparsity", {{"top_k", 1}});
  FakeEngine dense(fake_config(0));
  const Verdict verdict = run.kind.run(run.task, dense, run.sink);
  EXPECT_EQ(verdict.outcome, Outcome::skipped);
  EXPECT_NE(verdict.reason.find("dense"), std::string::npos) << verdict.reason;
  EXPECT_TRUE(dense.top_k_set.empty());
}

TEST(sparsity, more_experts_than_there_are_is_skipped_with_both_numbers) {
  Case run("sparsity", {{"top_k", 9}});
  const Verdict verdict = run.run();
  EXPECT_EQ(verdict.outcome, Outcome::skipped);
  EXPECT_NE(verdict.reason.find("9 of 8"), std::string::npos) << verdict.reason;
}

TEST(sparsity, scores_and_times_with_top_k_and_goes_back_to_the_targets) {
  Case run("sparsity", {{"top_k", 4}});
  run.task.limit = 2;
  EXPECT_EQ(run.run().outcome, Outcome::ok);
  EXPECT_EQ(run.engine.top_k_set, (std::vector<std::int64_t>{4, 0}));
  EXPECT_EQ(run.engine.shapes.size(), 2U);
  const auto names = names_of(run.summary());
  for (const char* name : {"acc", "prefill_tokens_per_s", "decode_tokens_per_s", "decode_step_s",
                           "experts_touched", "flops_per_token", "bytes_per_token"})
    EXPECT_TRUE(names.contains(name)) << name;
}

TEST(sparsity, only_the_first_launch_asks_the_questions) {
  Case run("sparsity", {{"top_k", 4}});
  run.task.limit = 2;
  run.task.launch = 1;
  EXPECT_EQ(run.run().outcome, Outcome::ok);
  EXPECT_EQ(run.engine.requests_scored, 0);
  EXPECT_EQ(run.engine.shapes.size(), 2U);
}

TEST(sparsity, what_does_not_fit_is_found_before_the_questions_are_asked) {
  Case run("sparsity", {{"top_k", 4}});
  run.suite.options["decode"]["context"] = 9000;
  EXPECT_EQ(run.run().outcome, Outcome::skipped);
  EXPECT_EQ(run.engine.requests_scored, 0);
  run.suite.options["decode"]["context"] = 128;
  run.engine.available = 1000;
  EXPECT_EQ(run.run().outcome, Outcome::out_of_memory);
  EXPECT_EQ(run.engine.requests_scored, 0);
}

/// Tokens of the first question's context.
std::int64_t context_tokens(Case& run) {
  run.task.limit = 1;
  run.run();
  return run.sink.all<Answer>().front().context_tokens;
}

TEST(sparsity, asks_with_as_many_examples_as_it_is_told) {
  Case letters("world_letters", {{"shots", 5}});
  Case own("sparsity", {{"top_k", 4}}), none("sparsity", {{"top_k", 4}});
  own.suite.options["accuracy"] = {{"suite", "world_letters"}, {"shots", 5}};
  none.suite.options["accuracy"] = {{"suite", "world_letters"}, {"shots", 0}};
  EXPECT_EQ(context_tokens(own), context_tokens(letters));
  EXPECT_LT(context_tokens(none), context_tokens(letters));
  EXPECT_EQ(own.kind.splits(own.suite, own.task.point), (std::vector<std::string>{"test", "dev"}));
  EXPECT_EQ(none.kind.splits(none.suite, none.task.point), (std::vector<std::string>{"test"}));
}

TEST(sparsity, keeps_the_busiest_experts_on_its_questions_and_scores_them_once_more) {
  Case run("pruning", {{"experts", 4}});
  run.task.limit = 1;
  run.engine.loads = {{9, 8, 7, 6, 5, 4, 3, 2}, {}, {1, 1, 5, 1, 5, 5, 1, 5}};
  EXPECT_EQ(run.run().outcome, Outcome::ok);
  EXPECT_EQ(run.engine.top_k_set, (std::vector<std::int64_t>{0, 0, 0}));
  EXPECT_EQ(run.engine.removed_set.at(1), (RemovedExperts{{4, 5, 6, 7}, {}, {0, 1, 3, 6}}));
  EXPECT_TRUE(run.engine.removed_set.back().empty());
  EXPECT_EQ(run.engine.requests_scored, 2 * std::ssize(run.sink.all<Answer>()));
  Case all("pruning", {{"experts", 0}});
  all.task.limit = 1;
  EXPECT_EQ(all.run().outcome, Outcome::ok);
  EXPECT_EQ(all.engine.requests_scored, std::ssize(all.sink.all<Answer>()));
  EXPECT_LT(estimate(run.summary(), "predicted_weight_bytes"),
            estimate(all.summary(), "predicted_weight_bytes"));
}

TEST(sparsity, asks_no_less_than_all_again_where_it_was_interrupted) {
  Case whole("pruning", {{"experts", 4}}), rest("pruning", {{"experts", 4}});
  whole.task.limit = rest.task.limit = 2;
  const auto first = [&] {
    whole.run();
    return whole.sink.all<Document>().front();
  }();
  rest.task.done = {{first.task, first.document}};
  rest.run();
  EXPECT_EQ(rest.engine.requests_scored, whole.engine.requests_scored - 4);
}

TEST(sparsity, says_why_so_many_experts_cannot_be_kept) {
  for (const auto& [point, reason] :
       {std::pair(Json{{"experts", 9}}, "9 of 8"), std::pair(Json{{"experts", 1}}, "2 of 1"),
        std::pair(Json{{"experts", 2}, {"top_k", 3}}, "3 of 2")}) {
    Case run("pruning", point);
    const Verdict verdict = run.run();
    EXPECT_EQ(verdict.outcome, Outcome::skipped);
    EXPECT_NE(verdict.reason.find(reason), std::string::npos) << verdict.reason;
    EXPECT_TRUE(run.engine.removed_set.empty());
  }
}

TEST(kept_experts, are_the_busiest_and_of_equals_the_first) {
  const ExpertLoads loads = {{5, 9, 5, 0, 5}, {}, {1, 1, 1}};
  EXPECT_EQ(all_but_busiest(loads, 3), (RemovedExperts{{3, 4}, {}, {}}));
  EXPECT_EQ(all_but_busiest(loads, 1), (RemovedExperts{{0, 2, 3, 4}, {}, {1, 2}}));
  EXPECT_EQ(all_but_busiest(loads, 5), (RemovedExperts{{}, {}, {}}));
  Config config = fake_config(8);
  config.layers[0].feed_forward.experts = 0;
  config = with_experts(config, 3);
  EXPECT_EQ(config.layers[0].feed_forward.experts, 0);
  EXPECT_EQ(config.layers[1].feed_forward.experts, 3);
}

TEST(sparsity, goes_back_to_the_targets_top_k_when_it_fails) {
  Case run("sparsity", {{"top_k", 4}});
  run.task.limit = 1;
  run.engine.offset = std::nan("");
  EXPECT_THROW(run.run(), Error);
  EXPECT_EQ(run.engine.top_k_set.back(), 0);
}

}  // namespace
}  // namespace moe
