// The verb train from outside: a checkpoint comes out, kills change nothing, bad files are refused.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>
#include <nlohmann/json.hpp>

#include "harness/clock.h"
#include "tests/cli/program.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

/// A config that is trained in a second or two.
void write_recipe(const fs::path& folder) {
  std::ofstream(folder / "small.json")
      << R"({"architectures": ["MixtralForCausalLM"], "model_type": "mixtral", "hidden_size": 16, "num_hidden_layers": 2,
             "num_attention_heads": 2, "num_key_value_heads": 2, "intermediate_size": 8, "num_local_experts": 4,
             "num_experts_per_tok": 2, "vocab_size": 992, "max_position_embeddings": 128, "rms_norm_eps": 1e-5,
             "rope_theta": 10000.0, "tie_word_embeddings": true, "hidden_act": "silu", "bos_token_id": 0, "eos_token_id": 0})";
  std::ofstream(folder / "small.toml")
      << "name = \"small\"\nconfig = \"small.json\"\ntokenizer = \"" MOE_SOURCE_DIR
         "/models/bundled/tokenizer/tokenizer.json\"\n"
         "[data]\ntokens = 20_000\nrow_tokens = 20\nrows = 5\n"
         "[optimizer]\nlearning_rate = [1e-2, 3e-3]\nwarmup_steps = 10\n"
         "[router]\njitter = 0.01\ncapacity = 2.0\n"
         "[run]\nevaluate_every = 10\ncheckpoint_minutes = 0\ndtype = \"f32\"\n";
}

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

Ran train(const fs::path& folder, const std::string& out, double kill_after_s = -1) {
  return moebench({"train", "small.toml", "--out", out, "--db", out + ".sqlite"}, folder, {},
                  kill_after_s);
}

/// All that a training stores but its times.
std::string stored(const fs::path& folder, const std::string& db) {
  const std::string query =
      "SELECT t.learning_rate, t.ended_at IS NULL, v.step, v.layer, v.metric, v.value FROM "
      "training_value v JOIN training t ON t.id = v.training WHERE v.metric <> 'step_s' UNION ALL "
      "SELECT t.learning_rate, NULL, l.step, l.layer, 'expert ' || l.expert, l.tokens FROM "
      "training_load l JOIN training t ON t.id = l.training ORDER BY 1, 3, 4, 5";
  const Ran ran = moebench({"sql", query, "--json", "--db", db}, folder);
  EXPECT_EQ(ran.code, 0) << ran.err;
  return ran.out;
}

/// Whether a training of 200 steps was left in its middle.
bool is_midway(const fs::path& folder) {
  if (!fs::exists(folder)) return false;
  for (const fs::directory_entry& training : fs::directory_iterator(folder)) {
    const fs::path file = training.path() / "state.json";
    if (!fs::exists(file)) continue;
    const auto steps = nlohmann::json::parse(bytes_of(file)).at("steps").get<std::int64_t>();
    if (steps > 0 && steps < 200) return true;
  }
  return false;
}

TEST(train_verb, leaves_a_checkpoint_that_the_program_scores) {
  const fs::path folder = fresh_folder("train");
  write_recipe(folder);
  const Ran trained = train(folder, "model");
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_NE(trained.err.find("wrote model: learning rate"), std::string::npos) << trained.err;
  const Ran ran = moebench({"run", "world", "--target", "model", "--limit", "2", "--json"}, folder);
  EXPECT_EQ(ran.code, 0) << ran.err;
  const std::string card = bytes_of(folder / "model" / "README.md");
  EXPECT_NE(card.find("| tokens | 20000 |"), std::string::npos) << card;
  EXPECT_NE(card.find("(this one)"), std::string::npos);
  const Ran listed = moebench({"list", "trainings", "--db", "model.sqlite"}, folder);
  EXPECT_EQ(listed.code, 0);
  EXPECT_NE(listed.out.find("small"), std::string::npos) << listed.out;
}

TEST(train_verb, killed_at_any_moment_it_ends_in_the_same_bits) {
  const fs::path folder = fresh_folder("train_killed");
  write_recipe(folder);
  const double began = steady_seconds();
  ASSERT_EQ(train(folder, "whole").code, 0);
  const double whole_s = steady_seconds() - began;
  std::mt19937 random(1);
  double share = 0.6;  // of its time, after which it is killed; less where that was too late
  int kills = 0;
  bool went_on = false;  // from a state, not from the beginning
  while (kills < 4 || (!went_on && kills < 12)) {
    const double after_s = whole_s * share * std::uniform_real_distribution<double>(0.3, 1)(random);
    const Ran ran = train(folder, "killed", after_s);
    if (ran.code == 137) {
      ++kills;
      went_on = went_on || is_midway(folder / "killed.training");
    } else if (ran.code != 0) {
      FAIL() << ran.err;
    } else if (kills > 0) {
      break;
    } else {
      for (const char* left : {"killed", "killed.training", "killed.sqlite"})
        fs::remove_all(folder / left);
      share /= 2;
    }
  }
  if (!fs::exists(folder / "killed" / "README.md")) {
    ASSERT_EQ(train(folder, "killed").code, 0);
  }
  EXPECT_TRUE(went_on) << "no kill left a state";
  EXPECT_EQ(bytes_of(folder / "killed" / "model.safetensors"),
            bytes_of(folder / "whole" / "model.safetensors"));
  EXPECT_EQ(bytes_of(folder / "killed" / "README.md"), bytes_of(folder / "whole" / "README.md"));
  EXPECT_EQ(stored(folder, "killed.sqlite"), stored(folder, "whole.sqlite"));
}

TEST(train_verb, does_not_go_on_with_the_state_of_other_settings) {
  const fs::path folder = fresh_folder("train_other");
  write_recipe(folder);
  ASSERT_EQ(train(folder, "model").code, 0);
  const Ran other = moebench({"train", "small.toml", "--out", "model", "--set", "seed=9"}, folder);
  EXPECT_EQ(other.code, 2);
  EXPECT_NE(other.err.find("the state of a training with other settings"), std::string::npos)
      << other.err;
}

TEST(train_verb, says_what_diverged) {
  const fs::path folder = fresh_folder("train_diverged");
  write_recipe(folder);
  const auto with_rates = [&](const char* rates) {
    return moebench({"train", "small.toml", "--out", "model", "--db", "a.sqlite", "--set",
                     "optimizer.clip=1e30", "--set", "optimizer.warmup_steps=0", "--set",
                     "data.tokens=2000", "--set", std::string("optimizer.learning_rate=") + rates},
                    folder);
  };
  const Ran none = with_rates("[1e30]");
  EXPECT_EQ(none.code, 1) << none.err;
  EXPECT_NE(none.err.find("no learning rate reached the end"), std::string::npos) << none.err;
  const Ran one = with_rates("[1e30, 1e-3]");
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_NE(one.err.find("learning rate 1e+30 diverged at step"), std::string::npos) << one.err;
  const Ran listed = moebench({"list", "trainings", "--db", "a.sqlite"}, folder);
  EXPECT_NE(listed.out.find(" diverged"), std::string::npos) << listed.out;
  const Ran report = moebench({"report", "training", "--db", "a.sqlite"}, folder);
  EXPECT_NE(report.out.find(" diverged "), std::string::npos) << report.out;
}

TEST(train_verb, names_what_is_wrong_with_a_config) {
  const fs::path folder = fresh_folder("train_wrong");
  write_recipe(folder);
  const Ran unknown = moebench({"train", "small.toml", "--set", "optimizer.momentum=0.9"}, folder);
  EXPECT_EQ(unknown.code, 2);
  EXPECT_NE(unknown.err.find("unknown key \"momentum\""), std::string::npos) << unknown.err;
  EXPECT_EQ(moebench({"train", "nowhere.toml"}, folder).code, 2);
  std::ofstream(folder / "file") << "";
  const Ran place = moebench({"train", "small.toml", "--out", "file/model"}, folder);
  EXPECT_EQ(place.code, 2);
  EXPECT_EQ(place.err.find("defect"), std::string::npos) << place.err;
}

}  // namespace
}  // namespace moe
