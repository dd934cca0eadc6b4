// Distributions over next tokens of two targets, held against each other.
#include <gtest/gtest.h>

#include <cmath>

#include "harness/error.h"
#include "models/target_keys.h"
#include "suites/distributions.h"
#include "suites/questions.h"
#include "tests/suites/case.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

const auto kLog2 = static_cast<float>(std::log(2)), kLog3 = static_cast<float>(std::log(3));

TEST(distributions, are_as_far_apart_as_the_definition_says) {
  Divergence found;  // q = (1/4, 3/4), p = (1/2, 1/2), then the other way round; the first row is
                     // not asked for
  found.add({{9, 9}, {0, kLog3}, {kLog2, kLog2}}, {{0, 0}, {5, 5}, {0, kLog3}}, 2);
  const double there = 0.5 * std::log(2) + 0.5 * std::log(2.0 / 3),
               back = 0.25 * std::log(0.5) + 0.75 * std::log(1.5);
  EXPECT_NEAR(found.sum, there + back, 1e-6);  // the logits are float32
  EXPECT_EQ(found.tokens, 2);
  EXPECT_EQ(found.agreeing, 0);
  EXPECT_THROW(found.add({{1, 2}}, {{1, 2, 3}}, 1), Error);
  EXPECT_THROW(found.add({{1, 2}}, {{1, 2}}, 2), Error);
  EXPECT_THROW(found.add({{1, std::nanf("")}}, {{1, 2}}, 1), Error);
}

TEST(distributions, that_are_the_same_but_for_a_shift_of_the_logits_are_nowhere_apart) {
  Divergence found;
  found.add({{0, 1, 2, 800}}, {{64, 65, 66, 864}}, 1);
  EXPECT_EQ(found.sum, 0);
  EXPECT_EQ(found.agreeing, 1);
}

struct Compared : Case {
  Compared() : Case("divergence", {{"suite", "world"}, {"against", "@dtype=f32"}}) {
    task.limit = 2;
    task.target = "fake@top_k=2";
    task.open = [this](const std::string& spec) {
      opened = spec;
      auto other = std::make_unique<FakeEngine>(fake_config());
      other->sharpness = sharpness;
      other->expert_shift = shift;
      return other;
    };
  }
  std::string opened;
  float sharpness = 0.1F;
  std::int64_t shift = 0;
};

TEST(divergence, of_the_same_distributions_is_nothing_and_every_token_is_predicted_once) {
  Compared run;
  EXPECT_EQ(run.run().outcome, Outcome::ok);
  EXPECT_EQ(run.opened, "fake@dtype=f32,top_k=2");
  EXPECT_EQ(estimate(run.summary(), "kl_divergence"), 0);
  EXPECT_EQ(estimate(run.summary(), "top1_agreement"), 1);
  Case asked("world", {{"shots", 0}});
  asked.task.limit = 2;
  std::int64_t tokens = 0, predicted = 0;
  for (const Question& question : questions_of(asked.task, asked.engine.tokenizer())) {
    const Request& right = question.requests.at(std::stoul(question.document.target));
    tokens += std::ssize(*right.context_ids) + std::ssize(right.continuation_ids) - 1;
  }
  for (const Document& document : run.sink.all<Document>())
    predicted += Json::parse(document.facts_json).at("tokens").get<std::int64_t>();
  EXPECT_EQ(predicted, tokens) << "all but the first";
  EXPECT_TRUE(run.sink.all<Answer>().empty());
}

TEST(divergence, tells_distributions_apart_that_agree_on_the_likeliest_token) {
  Compared run;
  run.sharpness = 0.2F;
  run.run();
  EXPECT_GT(estimate(run.summary(), "kl_divergence"), 0.01);
  EXPECT_EQ(estimate(run.summary(), "top1_agreement"), 1);
  Compared turned;
  turned.shift = 3;
  turned.run();
  EXPECT_EQ(estimate(turned.summary(), "top1_agreement"), 0);
}

TEST(divergence, of_other_vocabularies_is_refused) {
  Compared run;
  run.task.open = [](const std::string&) {
    Config config = fake_config();
    config.vocab = 300;
    return std::make_unique<FakeEngine>(config);
  };
  EXPECT_NE(message_of<Error>([&] { run.run(); }).find("258 and 300"), std::string::npos);
}

TEST(other_target, is_what_is_written_or_the_same_with_other_keys) {
  EXPECT_EQ(other_target("m@dtype=bf16", "n@top_k=2"), "n@top_k=2");
  EXPECT_EQ(other_target("m@dtype=bf16,top_k=4", "@top_k=2,weights=int8"),
            "m@dtype=bf16,top_k=2,weights=int8");
}

}  // namespace
}  // namespace moe
