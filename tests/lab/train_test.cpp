// Trainings of a grid: interrupted, carried on, diverged.
#include "lab/train.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "harness/error.h"
#include "lab/grid.h"
#include "tests/lab/small_training.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

class TrainingOfAGrid : public testing::Test {
 protected:
  TrainingOfAGrid() {
    config.model_json["vocab_size"] = 992;
    config.model = read_config(config.model_json, "a test's config");
    config.tokenizer = MOE_SOURCE_DIR "/models/bundled/tokenizer/tokenizer.json";
    config.data.tokens = 360;  // 12 steps
    config.run.evaluate_every = 5;
    config.run.checkpoint_minutes = 60;  // no state but those that are asked for here
    config.optimizer.learning_rates = {1e-2};
  }

  /// Interrupted before step `stop` + 1; -1: never.
  Grid train(const std::string& out, std::int64_t stop = -1) { return train(out, stop, store); }
  Grid train(const std::string& out, std::int64_t stop, Store& where) {
    views.clear();
    return train_grid(config, folder.path() / out, where,
                      {.begin = [](double) {},
                       .watch = [&](const TrainingView& view) { views.push_back(view); },
                       .interrupted = [&] { return stop >= 0 && views.back().steps >= stop; },
                       .command = "a test"});
  }
  std::string bytes_of(const fs::path& file) const {
    std::ifstream in(folder.path() / file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  /// All that a training stores but its times.
  std::vector<std::vector<Cell>> stored(std::int64_t training) const {
    return store
        .query(
            "SELECT step, layer, metric, value FROM training_value WHERE training = :id AND "
            "metric <> 'step_s' UNION ALL SELECT step, layer, 'expert ' || expert, tokens FROM "
            "training_load WHERE training = :id ORDER BY step, layer, metric",
            {{"id", training}})
        .rows;
  }
  std::vector<std::vector<Cell>> rows_of(std::int64_t training, const std::string& metric) const {
    return store
        .query("SELECT step FROM training_value WHERE training = :id AND metric = :metric",
               {{"id", training}, {"metric", metric}})
        .rows;
  }

  TemporaryFolder folder;
  Store store{folder.path() / "store.sqlite"};
  TrainConfig config = small_training("mixture");
  std::vector<TrainingView> views;
};

TEST_F(TrainingOfAGrid, loses_no_step_where_it_is_interrupted) {
  ASSERT_TRUE(train("whole").ended);
  for (const std::int64_t stop : {3, 5, 9}) {  // between evaluations and at one
    const Grid stopped = train("stopped", stop);
    ASSERT_FALSE(stopped.ended);
    EXPECT_EQ(stopped.trainings.back().ending, Ending::interrupted);
    EXPECT_EQ(views.back().steps, stop);
    train("stopped", 0);
    EXPECT_EQ(views.size(), 1U) << "told before the first step";
    EXPECT_EQ(views.front().steps, stop) << "what was done is kept";
  }
  ASSERT_TRUE(train("stopped").ended);
  EXPECT_TRUE(bytes_of("stopped/model.safetensors") == bytes_of("whole/model.safetensors"));
  EXPECT_EQ(bytes_of("stopped/README.md"), bytes_of("whole/README.md"));
  EXPECT_GT(stored(1).size(), 12U * (5 + 2 * 5) + 3 * 2 * 4) << "12 steps, 3 points of 4 experts";
  EXPECT_EQ(stored(2), stored(1));
}

/// A training whose numbers end with its first or second step.
void make_too_fast(TrainConfig& config) {
  config.optimizer.learning_rates = {1e30};
  config.optimizer.clip = 1e30;
  config.optimizer.warmup_steps = 0;
}

TEST_F(TrainingOfAGrid, takes_the_best_of_those_that_reach_the_end) {
  make_too_fast(config);
  config.optimizer.learning_rates = {1e30, 1e-9, 1e-2};
  const Grid grid = train("model");
  ASSERT_TRUE(grid.ended);
  EXPECT_EQ(grid.trainings[0].ending, Ending::diverged);
  const std::int64_t last = grid.trainings[0].diverged_at;
  EXPECT_GT(last, 1);
  EXPECT_LT(last, 12);
  ASSERT_TRUE(grid.best.has_value());
  ASSERT_NE(*grid.best, 0U);
  const auto loss = [&](std::size_t i) {
    return grid.trainings[i].curve.back().held_out.front().loss;
  };
  EXPECT_LT(loss(*grid.best), loss(3 - *grid.best));
  const std::string card = bytes_of("model/README.md");
  EXPECT_NE(card.find(fmt::format("| 1e+30 | diverged at step {} |", last)), std::string::npos)
      << card;
  EXPECT_EQ(rows_of(1, "diverged"), (std::vector<std::vector<Cell>>{{last}}));
  EXPECT_TRUE(rows_of(2, "diverged").empty());
  // It is over: told, not trained again, and the store says so.
  train("model");
  ASSERT_EQ(views.size(), 3U);
  EXPECT_TRUE(views[0].diverged);
  EXPECT_EQ(views[1].steps, 12);
  EXPECT_FALSE(views[1].held_out.empty());
  EXPECT_TRUE(store.query("SELECT id FROM training WHERE ended_at IS NULL").rows.empty());
}

TEST_F(TrainingOfAGrid, writes_nothing_where_none_reaches_the_end) {
  make_too_fast(config);
  const Grid grid = train("model");
  EXPECT_TRUE(grid.ended);
  EXPECT_FALSE(grid.best.has_value());
  EXPECT_FALSE(fs::exists(folder.path() / "model"));
}

TEST_F(TrainingOfAGrid, diverges_where_its_scores_are_no_numbers) {
  make_too_fast(config);
  config.optimizer.learning_rates = {1e12};  // scores of attention are infinite then
  config.run.evaluate_every = 1;
  config.run.checkpoint_minutes = 0;
  const Grid grid = train("model");
  EXPECT_EQ(grid.trainings[0].ending, Ending::diverged);
  EXPECT_EQ(grid.trainings[0].diverged_at, 1) << "its loss is a number, what it made is not";
  EXPECT_EQ(train("model").trainings[0].ending, Ending::diverged) << "the state can be read";
}

TEST_F(TrainingOfAGrid, needs_no_architectures_in_its_config) {
  config.model_json.erase("architectures");
  ASSERT_TRUE(train("model").ended);
  EXPECT_NE(bytes_of("model/README.md").find("MixtralForCausalLM"), std::string::npos);
}

TEST_F(TrainingOfAGrid, does_not_write_over_what_it_did_not_make) {
  folder.write("model/config.json", "{}");
  const std::string error = message_of<Error>([&] { train("model"); });
  EXPECT_NE(error.find("there is something already"), std::string::npos) << error;
  EXPECT_TRUE(views.empty());
  EXPECT_EQ(bytes_of("model/config.json"), "{}");
}

TEST_F(TrainingOfAGrid, refuses_a_state_that_is_none) {
  train("model", 3);
  const fs::path state = "model.training/learning_rate=0.01/state.json";
  for (const char* text : {"{", "{}", "[]"}) {
    folder.write(state, text);
    const std::string error = message_of<Error>([&] { train("model"); });
    EXPECT_NE(error.find("state.json"), std::string::npos) << text << ": " << error;
  }
}

TEST_F(TrainingOfAGrid, refuses_a_state_that_is_not_as_it_was_saved) {
  train("model", 3);
  const fs::path file = "model.training/learning_rate=0.01/state-3.safetensors";
  std::string bytes = bytes_of(file);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  folder.write(file, bytes);
  const std::string error = message_of<Error>([&] { train("model"); });
  EXPECT_NE(error.find("state-3.safetensors: not as it was saved"), std::string::npos) << error;
  EXPECT_NE(error.find("to begin anew"), std::string::npos) << error;
}

TEST_F(TrainingOfAGrid, does_not_replace_the_best_of_other_rates) {
  ASSERT_TRUE(train("model").ended);
  const std::string before = bytes_of("model/model.safetensors");
  config.optimizer.learning_rates = {1e-9};
  const std::string error = message_of<Error>([&] { train("model"); });
  EXPECT_NE(error.find("learning_rate=0.01: a training with a learning rate that is not asked for"),
            std::string::npos)
      << error;
  EXPECT_TRUE(bytes_of("model/model.safetensors") == before);
  config.optimizer.learning_rates = {1e-9, 1e-2};
  const Grid both = train("model");
  const auto loss = [&](std::size_t i) {
    return both.trainings[i].curve.back().held_out.front().loss;
  };
  ASSERT_TRUE(both.best.has_value());
  EXPECT_LT(loss(*both.best), loss(1 - *both.best));
  EXPECT_EQ(bytes_of("model/model.safetensors") == before, *both.best == 1);
}

TEST_F(TrainingOfAGrid, wants_the_store_that_has_its_steps) {
  train("model", 3);
  Store other(folder.path() / "other.sqlite");
  train("model", 7, other);  // begins a training of its own, behind step 3
  const std::string error = message_of<Error>([&] { train("model"); });
  EXPECT_NE(error.find("up to step 3, its state goes on from 7"), std::string::npos) << error;
}

}  // namespace
}  // namespace moe
