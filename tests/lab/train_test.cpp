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
    config.data.tokens = 30 * 12;
    config.run.evaluate_every = 5;
    config.run.checkpoint_minutes = 60;  // no state but those that are asked for here
    config.optimizer.learning_rates = {1e-2};
  }

  /// Interrupted before step `stop` + 1; -1: never.
  Grid train(const std::string& out, std::int64_t stop = -1) {
    views.clear();
    return train_grid(config, folder.path() / out, store,
                      {.begin = [](double) {},
                       .watch = [&](const TrainingView& view) { views.push_back(view); },
                       .interrupted = [&] { return stop >= 0 && views.back().steps >= stop; },
                       .command = "a test"});
  }
  std::string bytes_of(const fs::path& file) const {
    std::ifstream in(folder.path() / file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  std::vector<std::vector<Cell>> values_of(std::int64_t training) const {
    return store
        .query(
            "SELECT step, layer, metric, value FROM training_value WHERE training = :id AND "
            "metric <> 'step_s' ORDER BY step, layer, metric",
            {{"id", training}})
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
  EXPECT_EQ(bytes_of("stopped/model.safetensors"), bytes_of("whole/model.safetensors"));
  EXPECT_EQ(bytes_of("stopped/README.md"), bytes_of("whole/README.md"));
  EXPECT_FALSE(values_of(1).empty());
  EXPECT_EQ(values_of(2), values_of(1));
}

TEST_F(TrainingOfAGrid, takes_the_best_of_those_that_reach_the_end) {
  config.optimizer.learning_rates = {1e30, 1e-9, 1e-2};
  config.optimizer.clip = 1e30;
  config.optimizer.warmup_steps = 0;
  const Grid grid = train("model");
  ASSERT_TRUE(grid.ended);
  EXPECT_EQ(grid.trainings[0].ending, Ending::diverged);
  EXPECT_GT(grid.trainings[0].diverged_at, 1);
  EXPECT_LT(grid.trainings[0].diverged_at, 12);
  ASSERT_NE(grid.best, 0U);
  const auto loss = [&](std::size_t i) {
    return grid.trainings[i].curve.back().held_out.front().loss;
  };
  EXPECT_LT(loss(grid.best), loss(3 - grid.best));
  const std::string card = bytes_of("model/README.md");
  EXPECT_NE(
      card.find(fmt::format("| 1e+30 | diverged at step {} |", grid.trainings[0].diverged_at)),
      std::string::npos)
      << card;
  // It is over: not trained again, and the store says so.
  train("model");
  EXPECT_TRUE(views.empty());
  EXPECT_TRUE(store.query("SELECT id FROM training WHERE ended_at IS NULL").rows.empty());
}

TEST_F(TrainingOfAGrid, needs_one_that_reaches_the_end) {
  config.optimizer.learning_rates = {1e30};
  config.optimizer.clip = 1e30;
  config.optimizer.warmup_steps = 0;
  const std::string error = message_of<Error>([&] { train("model"); });
  EXPECT_NE(error.find("1e+30 at step"), std::string::npos) << error;
  EXPECT_FALSE(fs::exists(folder.path() / "model"));
}

}  // namespace
}  // namespace moe
