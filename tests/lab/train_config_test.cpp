// The file that says what is trained.
#include <gtest/gtest.h>

#include <cmath>

#include "harness/error.h"
#include "lab/schedule.h"
#include "tests/lab/small_training.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

class TrainFile : public testing::Test {
 protected:
  TrainFile() {
    folder.write("small.json", small_model("mixture").dump());
    folder.write("small.toml", kText);
    folder.write("tokenizer.json", "{}");
  }
  TrainConfig read(const std::vector<TrainSetting>& settings = {}) const {
    return read_train_config(folder.path() / "small.toml", settings);
  }
  std::string failure(std::string_view from, std::string_view to,
                      const std::vector<TrainSetting>& settings = {}) const {
    std::string text(kText);
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    folder.write("small.toml", text.replace(at, from.size(), to));
    return message_of<Error>([&] { read(settings); });
  }

  static constexpr std::string_view kText =
      "name = \"small\"\nconfig = \"small.json\"\ntokenizer = \"tokenizer.json\"\nseed = 3\n"
      "[data]\ntokens = 1_000\nrow_tokens = 10\nrows = 3\n"
      "[optimizer]\nlearning_rate = [1e-3, 2e-3]\nwarmup_steps = 4\n";
  TemporaryFolder folder;
};

TEST_F(TrainFile, is_read_with_its_defaults) {
  const TrainConfig config = read();
  EXPECT_EQ(config.seed, 3);
  EXPECT_EQ(config.model.layers.size(), 2U);
  EXPECT_EQ(config.optimizer.learning_rates, (std::vector{1e-3, 2e-3}));
  EXPECT_EQ(config.router.balance, 0.01);
  EXPECT_EQ(tokens_per_step(config), 30);
  EXPECT_EQ(steps_of(config), 34);  // the last one whole
  EXPECT_EQ(config.tokenizer, folder.path() / "tokenizer.json");
}

TEST_F(TrainFile, takes_settings_in_place_of_its_own) {
  const TrainConfig config =
      read({{"seed", "8"}, {"optimizer.learning_rate", "5e-3"}, {"data.tokens", "600"}});
  EXPECT_EQ(config.seed, 8);
  EXPECT_EQ(config.optimizer.learning_rates, std::vector{5e-3});
  EXPECT_EQ(steps_of(config), 20);
  EXPECT_NE(config.toml, read().toml);
  EXPECT_EQ(read({{"router.capacity", "1.25"}}).router.capacity, 1.25);  // a table it lacks
}

TEST_F(TrainFile, names_file_line_and_key_of_what_is_wrong) {
  EXPECT_NE(failure("rows = 3", "rwos = 3").find("line 8: unknown key \"rwos\"; known are corpus"),
            std::string::npos);
  EXPECT_NE(failure("rows = 3", "rows = 0").find("line 8: [data] rows = 0: expected 1 to"),
            std::string::npos);
  EXPECT_NE(failure("1_000", "\"x\"").find("line 6: [data] tokens: expected a whole number"),
            std::string::npos);
  EXPECT_NE(failure("[1e-3, 2e-3]", "[]").find("an empty list"), std::string::npos);
  EXPECT_NE(failure("[1e-3, 2e-3]", "[0.0]")
                .find("line 10: [optimizer] learning_rate = 0: expected more than 0"),
            std::string::npos);
  EXPECT_NE(failure("[1e-3, 2e-3]", "[1e-3, 1e-3]").find("0.001 stands there twice"),
            std::string::npos);
  EXPECT_NE(failure("[1e-3, 2e-3]", "\"fast\"").find("expected a number or a list of numbers"),
            std::string::npos);
  EXPECT_NE(failure("tokens = 1_000\n", "").find("line 5: [data] tokens is missing"),
            std::string::npos);
  EXPECT_NE(failure("row_tokens = 10", "row_tokens = 65")
                .find("line 7: [data] row_tokens = 65: the model takes 64"),
            std::string::npos);
  EXPECT_NE(failure("tokenizer.json", "token.json").find("line 3: tokenizer: "), std::string::npos);
  EXPECT_NE(
      failure("warmup_steps = 4", "").find("warmup_steps = 100, the default: the training has"),
      std::string::npos);
  EXPECT_NE(failure("small.json", "other.json").find("other.json: no such file"),
            std::string::npos);
  EXPECT_NE(failure("[data]", "[data").find("line 5"), std::string::npos);
  EXPECT_NE(failure("seed = 3", "seed = 3", {{"nowhere.x", "1"}}).find("unknown key \"nowhere\""),
            std::string::npos);
  EXPECT_NE(failure("seed = 3", "seed = 3", {{"seed.x", "1"}}).find("seed is no table"),
            std::string::npos);
  EXPECT_NE(failure("warmup_steps = 4", "warmup_steps = 34")
                .find("warmup_steps = 34: the training has 34 steps"),
            std::string::npos);
  EXPECT_NE(failure("seed = 3", "seed = 3", {{"seed", "]"}}).find("--set seed=]"),
            std::string::npos);
}

TEST_F(TrainFile, takes_a_word_without_quotes) {
  EXPECT_EQ(read({{"name", "other-one"}}).name, "other-one");
  EXPECT_EQ(read({{"run.dtype", "f16"}}).run.dtype, DType::f16);
  EXPECT_EQ(read({{"name", "\"with a blank\""}}).name, "with a blank");
}

TEST_F(TrainFile, wants_a_name_that_can_be_shown_and_be_a_folder) {
  for (const char* name : {"\"\"", "\"a/b\"", "\"..\"", R"("a\nb")", R"("\u001b[31m")", "3"}) {
    const std::string error = message_of<Error>([&] { read({{"name", name}}); });
    EXPECT_NE(error.find("name"), std::string::npos) << name << ": " << error;
  }
  EXPECT_EQ(read({{"name", "\"größer\""}}).name, "größer");
}

TEST_F(TrainFile, refuses_what_is_out_of_range) {
  const std::vector<TrainSetting> wrong = {{"optimizer.beta1", "1.0"},
                                           {"optimizer.beta2", "nan"},
                                           {"optimizer.clip", "inf"},
                                           {"optimizer.final_share", "2"},
                                           {"optimizer.epsilon", "-1"},
                                           {"router.jitter", "1.0"},
                                           {"router.capacity", "-0.5"},
                                           {"run.threads", "0"},
                                           {"run.dtype", "\"f12\""},
                                           {"run.evaluate_every", "0"},
                                           {"data.tokens", "900000000000000000"}};
  for (const auto& [key, value] : wrong) {
    const std::string error = message_of<Error>([&] { read({{key, value}}); });
    const std::string name = key.substr(key.find('.') + 1);
    EXPECT_NE(error.find(fmt::format("--set {}={}", key, value)), std::string::npos)
        << key << ": " << error;
    EXPECT_NE(error.find("] " + name), std::string::npos) << key << ": " << error;
  }
}

TEST_F(TrainFile, learning_rate_warms_up_and_falls_along_half_a_cosine) {
  const TrainConfig config = read();
  const std::int64_t last = steps_of(config);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 1e-3, 1), 0.25e-3);
  EXPECT_DOUBLE_EQ(learning_rate_at(config, 1e-3, 4), 1e-3);
  EXPECT_NEAR(learning_rate_at(config, 1e-3, (4 + last) / 2), (1e-3 + 0.05e-3) / 2, 1e-9);
  EXPECT_NEAR(learning_rate_at(config, 1e-3, last), 0.05e-3, 1e-12);
  for (std::int64_t step = 5; step <= last; ++step)
    EXPECT_LT(learning_rate_at(config, 1e-3, step), learning_rate_at(config, 1e-3, step - 1));
}

}  // namespace
}  // namespace moe
