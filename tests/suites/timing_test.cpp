#include "suites/timing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "harness/error.h"
#include "models/cost.h"
#include "tests/suites/fake_engine.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

class Timing : public testing::Test {
 protected:
  Timing() {
    suite_ = find_suite("decode");
    suite_.measure = {.warmup = 2, .min_samples = 10, .below = 0.02, .timeout_s = 30};
    task_.suite = &suite_;
    task_.case_key = "case";
    task_.point = {{"batch", 4}, {"context", 16}};
  }
  Verdict time() { return time_steps(task_, engine_, sink_, shape_); }

  Suite suite_;
  CaseTask task_;
  FakeEngine engine_{fake_config()};
  ListSink sink_;
  TimedShape shape_{.batch = 4, .context = 16, .new_tokens = 1, .scope = ""};
};

TEST_F(Timing, every_sample_after_the_warm_up_is_sent_in_order) {
  engine_.steps.seconds = {9, 9, 0.10, 0.10, 0.11, 0.10, 0.10, 0.10, 0.10, 0.10, 0.10, 0.10};
  EXPECT_EQ(time().outcome, Outcome::ok);
  EXPECT_EQ(sink_.samples("step_s"),
            (std::vector<double>{0.10, 0.10, 0.11, 0.10, 0.10, 0.10, 0.10, 0.10, 0.10, 0.10}));
  EXPECT_EQ(sink_.samples("step_tokens"), std::vector<double>(10, 4));
  std::int64_t index = 0;
  for (const Sample& sample : sink_.all<Sample>()) {
    if (sample.metric == "step_s") {
      EXPECT_EQ(sample.index, index++);
    }
  }
}

TEST_F(Timing, a_case_whose_check_fails_is_wrong_and_not_timed) {
  engine_.steps.difference = 0.5;
  const Verdict verdict = time();
  EXPECT_EQ(verdict.outcome, Outcome::wrong);
  EXPECT_NE(verdict.reason.find("0.5"), std::string::npos) << verdict.reason;
  EXPECT_EQ(engine_.steps.runs, 0);
  EXPECT_TRUE(sink_.samples("step_s").empty());
  EXPECT_EQ(sink_.samples("check_difference"), (std::vector<double>{0.5}));
}

TEST_F(Timing, a_check_that_is_not_a_number_is_wrong) {
  engine_.steps.difference = std::nan("");
  EXPECT_EQ(time().outcome, Outcome::wrong);
}

TEST_F(Timing, the_bound_of_the_check_is_the_suites_or_what_the_dtype_explains) {
  engine_.steps.difference = 2 * explained_by(DType::f32);
  EXPECT_EQ(time().outcome, Outcome::wrong);
  suite_.max_logit_difference = 3 * explained_by(DType::f32);
  EXPECT_EQ(time().outcome, Outcome::ok);
  EXPECT_LT(explained_by(DType::f32), explained_by(DType::f16));
  EXPECT_LT(explained_by(DType::f16), explained_by(DType::bf16));
}

TEST_F(Timing, nothing_explains_a_difference_where_the_engine_is_invariant) {
  engine_.set_invariant(true);
  EXPECT_EQ(time().outcome, Outcome::ok);
  engine_.steps.difference = 1e-9;
  EXPECT_EQ(time().outcome, Outcome::wrong);
}

TEST_F(Timing, unsteady_steps_are_measured_until_time_is_up_and_a_warning_says_so) {
  suite_.measure.timeout_s = 0.02;
  engine_.steps.seconds = {0.1, 0.9};
  EXPECT_EQ(time().outcome, Outcome::ok);
  ASSERT_EQ(sink_.all<LogLine>().size(), 1U);
  EXPECT_EQ(sink_.all<LogLine>()[0].level, "warning");
  EXPECT_NE(sink_.all<LogLine>()[0].text.find("stopped after 0 s"), std::string::npos);
}

TEST_F(Timing, a_shape_longer_than_the_model_is_skipped_with_both_lengths) {
  shape_.context = 8192;
  const Verdict verdict = time();
  EXPECT_EQ(verdict.outcome, Outcome::skipped);
  EXPECT_NE(verdict.reason.find("8193"), std::string::npos) << verdict.reason;
  EXPECT_NE(verdict.reason.find("8192"), std::string::npos) << verdict.reason;
  EXPECT_TRUE(engine_.shapes.empty());
}

TEST_F(Timing, a_shape_that_surely_does_not_fit_is_not_tried) {
  engine_.available = 1000;
  const Verdict verdict = time();
  EXPECT_EQ(verdict.outcome, Outcome::out_of_memory);
  EXPECT_TRUE(verdict.reason.ends_with("kB beside the weights, 1.00 kB are available"))
      << verdict.reason;
  EXPECT_TRUE(engine_.shapes.empty());
  engine_.available = std::int64_t{1} << 40U;
  EXPECT_EQ(time().outcome, Outcome::ok);
}

TEST_F(Timing, room_is_needed_for_the_steps_that_fill_in_the_context_too) {
  shape_ = {.batch = 1, .context = 4000, .new_tokens = 1, .scope = ""};
  const Config& config = engine_.config();
  const std::int64_t kv = 4001 * kv_bytes_per_token(config, DType::f32);
  const std::int64_t step = least_workspace_bytes(config, DType::f32, load_of(shape_));
  const std::int64_t context =
      least_workspace_bytes(config, DType::f32, {.new_tokens = 4000, .scored = 0});
  ASSERT_GT(context, step);
  engine_.available = kv + context - 1;
  EXPECT_EQ(cannot_run(engine_, shape_).value().outcome, Outcome::out_of_memory);
  engine_.available = kv + context;
  EXPECT_FALSE(cannot_run(engine_, shape_).has_value());
}

TEST_F(Timing, the_engine_gets_the_shape_with_ids_of_its_vocabulary) {
  time();
  ASSERT_EQ(engine_.shapes.size(), 1U);
  const StepShape& shape = engine_.shapes[0];
  EXPECT_EQ(shape.batch, 4);
  EXPECT_EQ(shape.context, 16);
  EXPECT_EQ(shape.new_tokens, 1);
  EXPECT_EQ(shape.rounds, 16);
  EXPECT_EQ(shape.ids.size(), 4U * (16 + 16 * 1));
  for (const TokenId id : shape.ids) {
    EXPECT_GE(id, 0);
    EXPECT_LT(id, 258);
  }
  ASSERT_EQ(sink_.all<Document>().size(), 1U);
  EXPECT_EQ(Json::parse(sink_.all<Document>()[0].facts_json)["batch"], 4);
}

TEST_F(Timing, tokens_take_turns_more_often_the_fewer_a_step_takes) {
  shape_ = {.batch = 1, .context = 0, .new_tokens = 512, .scope = ""};
  time();
  EXPECT_EQ(engine_.shapes.back().rounds, 8);
  shape_.batch = 16;  // 16 x 8192 tokens would be too many to hold, and spread by themselves
  shape_.new_tokens = 8192;
  time();
  EXPECT_EQ(engine_.shapes.back().rounds, 2);
  EXPECT_EQ(Json::parse(sink_.all<Document>().back().facts_json)["rounds"], 2);
}

TEST_F(Timing, whether_the_time_was_up_is_stored) {
  time();
  EXPECT_EQ(sink_.samples("out_of_time"), (std::vector<double>{0}));
  suite_.measure.timeout_s = 0.02;
  engine_.steps.seconds = {0.1, 0.9};
  time();
  EXPECT_EQ(sink_.samples("out_of_time"), (std::vector<double>{0, 1}));
}

TEST_F(Timing, experts_touched_are_sent_by_layer) {
  time();
  EXPECT_EQ(sink_.samples("experts_touched", "layer.0"), (std::vector<double>{4}));
  EXPECT_EQ(sink_.samples("experts_touched", "layer.1"), (std::vector<double>{2}));
}

TEST(timing, random_ids_are_seeded_spread_and_of_the_vocabulary) {
  EXPECT_EQ(random_ids(100, 50, 1), random_ids(100, 50, 1));
  EXPECT_NE(random_ids(100, 50, 1), random_ids(100, 50, 2));
  const auto ids = random_ids(5000, 50, 1);
  EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), 50U);
}

TEST(timing, an_axis_of_a_point_must_be_a_positive_whole_number) {
  EXPECT_EQ(axis_of({{"batch", 3}}, "batch"), 3);
  for (const Json& bad : {Json(0), Json(-2), Json(1.5), Json("3"), Json(true)}) {
    const std::string message = message_of<Error>([&] { axis_of({{"batch", bad}}, "batch"); });
    EXPECT_NE(message.find("batch"), std::string::npos) << bad;
  }
  EXPECT_THROW(axis_of({}, "batch"), Error);
}

}  // namespace
}  // namespace moe
