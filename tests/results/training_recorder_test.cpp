// Curves become rows; a training that was cut short is carried on where its state was saved.
#include "results/training_recorder.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "harness/error.h"
#include "harness/sha256.h"
#include "tests/results/plans.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

using testing::cell;
using testing::training_of;

class TrainingTest : public ::testing::Test {
 protected:
  /// Trains from a step to another and ends, unless it is cut short.
  std::int64_t train(std::int64_t from, std::int64_t to, bool ends,
                     const TrainingRow& row = training_of()) {
    TrainingRecorder training(store_, row, from);
    for (std::int64_t step = from + 1; step <= to; ++step) {
      training.value(step, kWholeModel, "loss", 9.0 - static_cast<double>(step));
      training.value(step, kWholeModel, "tokens", 100.0 * static_cast<double>(step));
      training.load(step, 1, std::array<std::int64_t, 2>{step, 0});
    }
    if (ends) {
      training.end();
    } else {
      training.flush();
    }
    carried_on_ = training.carries_on();
    return training.id();
  }
  std::string steps(std::int64_t training, const std::string& table = "training_value") {
    return cell(store_,
                fmt::format("SELECT group_concat(DISTINCT step) FROM {} WHERE training = {}", table,
                            training));
  }

  std::string first_row(const std::string& sql) {
    const Table table = store_.query(sql);
    std::string text;
    for (const Cell& c : table.rows.at(0)) text += to_text(c) + " ";
    return text;
  }

  const TemporaryFolder folder_;
  Store store_{folder_.path() / "a.sqlite"};
  bool carried_on_ = false;
};

using training = TrainingTest;

TEST_F(training, is_stored_as_planned) {
  const std::int64_t id = train(0, 2, true);
  EXPECT_EQ(
      first_row("SELECT identity, name, config, config_sha256, model, data, data_digest, "
                "tokenizer_digest, seed, learning_rate, threads, planned_tokens, flops_per_token, "
                "build, command, environment FROM training"),
      "1d tiny steps = 3\n " + sha256_hex("steps = 3\n") +
          R"( {"hidden_size":8} a small world d1 70 5 0.003 2 3000 6000 )"
          "moebench 0.1.0 abc moebench train tiny.toml 1 ");
  EXPECT_EQ(cell(store_, "SELECT ended_at >= started_at FROM training"), "1");
  EXPECT_EQ(cell(store_, "SELECT value FROM training_value WHERE step = 2 AND metric = 'loss'"),
            "7");
  EXPECT_EQ(steps(id), "1,2");
  EXPECT_EQ(steps(id, "training_load"), "1,2");
  EXPECT_EQ(cell(store_,
                 "SELECT group_concat(layer || ' ' || expert || ' ' || tokens) FROM "
                 "training_load WHERE step = 2"),
            "1 0 2,1 1 0");
}

TEST_F(training, progress_is_the_newest_of_each_curve) {
  {
    TrainingRecorder recorder(store_, training_of(), 0);
    recorder.value(0, kWholeModel, "held_out_loss", 9.5);
    recorder.value(1, kWholeModel, "loss", 8);
    recorder.value(2, kWholeModel, "loss", 7);
    recorder.value(2, kWholeModel, "tokens", 4096);
    recorder.value(2, 0, "loss", 1);  // of a layer
    recorder.flush();
  }
  const std::string text = first_row("SELECT * FROM training_progress");
  EXPECT_TRUE(text.starts_with("1 tiny 0.003 2 4096 3000 7 9.5 20")) << text;
}

TEST_F(training, that_was_cut_short_is_carried_on_behind_its_saved_state) {
  EXPECT_EQ(train(0, 5, false), 1);
  EXPECT_FALSE(carried_on_);
  EXPECT_EQ(train(3, 4, true), 1);
  EXPECT_TRUE(carried_on_);
  EXPECT_EQ(steps(1), "1,2,3,4") << "what lay behind step 3 went";
  EXPECT_EQ(steps(1, "training_load"), "1,2,3,4");
  EXPECT_EQ(cell(store_, "SELECT count(*) FROM training WHERE ended_at IS NOT NULL"), "1");
}

TEST_F(training, without_a_saved_state_starts_over_as_planned_now) {
  train(0, 5, false);
  TrainingRow row = training_of();
  row.command = "typed otherwise";
  EXPECT_EQ(train(0, 2, false, row), 1);
  EXPECT_FALSE(carried_on_);
  EXPECT_EQ(steps(1), "1,2");
  EXPECT_EQ(cell(store_, "SELECT group_concat(command) FROM training"), "typed otherwise");
}

TEST_F(training, that_ended_stays_and_another_one_is_another) {
  EXPECT_EQ(train(0, 2, true), 1);
  EXPECT_EQ(train(1, 2, false), 2) << "ended";
  TrainingRow other = training_of();
  other.identity = "other";
  EXPECT_EQ(train(0, 2, true, other), 3) << "another identity";
  EXPECT_EQ(steps(1), "1,2");
  EXPECT_EQ(steps(2), "2");
  EXPECT_EQ(train(2, 3, true), 2) << "the unfinished one";
}

TEST_F(training, of_a_living_process_is_left_alone) {
  TrainingRecorder living(store_, training_of(), 0);
  living.value(1, kWholeModel, "loss", 3);
  EXPECT_EQ(train(0, 2, true), 2);
  living.end();
  EXPECT_EQ(steps(1), "1");
}

TEST_F(training, that_another_process_took_over_ends_the_writing) {
  TrainingRecorder recorder(store_, training_of(), 0);
  recorder.value(1, kWholeModel, "loss", 3);
  store_.query("UPDATE training SET owner = 'another'");
  const std::string message = message_of<Error>([&] { recorder.flush(); });
  EXPECT_NE(message.find("training 1 was taken over by another process"), std::string::npos)
      << message;
  EXPECT_EQ(steps(1), "");
}

TEST_F(training, rows_of_a_step_are_committed_together_and_soon) {
  TrainingRecorder recorder(store_, training_of(), 0);
  const Store reader(store_.file(), Access::read_only);
  const auto seen = [&] { return cell(reader, "SELECT count(*) FROM training_value"); };
  recorder.value(1, kWholeModel, "loss", 3);
  usleep(1100 * 1000);
  recorder.value(1, kWholeModel, "tokens", 4);
  EXPECT_EQ(seen(), "0") << "the step has not ended";
  recorder.value(2, kWholeModel, "loss", 3);
  EXPECT_EQ(seen(), "2") << "a second has passed";
  for (std::int64_t step = 3; step < 100; ++step) recorder.value(step, kWholeModel, "loss", 3);
  EXPECT_EQ(seen(), "2") << "another has not";
  recorder.flush();
  EXPECT_EQ(seen(), "100");
}

TEST_F(training, what_is_no_number_is_null_and_what_is_said_again_holds) {
  TrainingRecorder recorder(store_, training_of(), 0);
  recorder.value(1, kWholeModel, "loss", std::numeric_limits<double>::quiet_NaN());
  recorder.value(1, 3, "entropy", 1);
  recorder.flush();
  recorder.value(1, 3, "entropy", 2);
  recorder.end();
  EXPECT_EQ(cell(store_, "SELECT count(*) FROM training_value WHERE value IS NULL"), "1");
  EXPECT_EQ(cell(store_, "SELECT value FROM training_value WHERE layer = 3"), "2");
}

TEST_F(training, without_a_count_of_operations_or_from_before_its_start) {
  TrainingRow row = training_of();
  row.flops_per_token = std::nullopt;
  train(0, 1, true, row);
  EXPECT_EQ(cell(store_, "SELECT flops_per_token IS NULL FROM training"), "1");
  EXPECT_THROW(TrainingRecorder(store_, row, -1), Error);
}

}  // namespace
}  // namespace moe
