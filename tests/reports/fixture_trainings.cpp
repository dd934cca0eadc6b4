// Three trainings: a mixture with an even load, the same with a router that collapsed, and a dense
// model that was cut short.
#include <fmt/format.h>

#include "tests/reports/filler.h"

namespace moe::testing {
namespace {

void add_training(const Filler& filler, std::int64_t id, const std::string& name, double rate,
                  const Cell& ended_at) {
  filler.insert("training",
                "id, identity, name, started_at, ended_at, config, config_sha256, model, data, "
                "data_digest, tokenizer_digest, seed, learning_rate, threads, planned_tokens, "
                "flops_per_token, build, command, owner, alive_at, environment",
                {id,
                 fmt::format("t{}", id),
                 name,
                 "2026-03-03T10:00:00Z",
                 ended_at,
                 "seed = 1\n",
                 "c",
                 "{}",
                 "world, seed 1",
                 "879be7a61fe9fc87",
                 "5e4738a940f0d20e",
                 1,
                 rate,
                 1,
                 4'000'000,
                 366'000.0,
                 "moebench 0.1.0 abc1234",
                 "moebench train x.toml",
                 "",
                 "2026-03-03T10:05:00Z",
                 1});
}

void add_value(const Filler& filler, std::int64_t training, std::int64_t step,
               const std::string& metric, double value) {
  filler.insert("training_value", "training, step, layer, metric, value",
                {training, step, -1, metric, value});
}

}  // namespace

void add_trainings(const Filler& filler) {
  add_training(filler, 1, "small-moe", 0.01, "2026-03-03T10:05:00Z");
  add_training(filler, 2, "small-moe-unbalanced", 0.01, "2026-03-03T10:05:00Z");
  add_training(filler, 3, "small-dense", 0.005, nullptr);
  for (const std::int64_t training : {1, 2, 3}) {
    for (std::int64_t step = 500; step <= (training == 3 ? 1000 : 2000); step += 500) {
      const double done = static_cast<double>(step) / 2000 / static_cast<double>(training);
      add_value(filler, training, step, "tokens", static_cast<double>(step) * 2048);
      add_value(filler, training, step, "loss", 2.5 - 1.5 * done);
      add_value(filler, training, step, "step_s", 0.05);
      add_value(filler, training, step, "held_out_loss", 5 - 4 * done);
      add_value(filler, training, step, "held_out_exact_frequent", done);
      add_value(filler, training, step, "held_out_exact_mid", done * 0.8);
      add_value(filler, training, step, "held_out_exact_rare", done * 0.5);
      for (std::int64_t expert = 0; training < 3 && expert < 8; ++expert) {
        const std::int64_t tokens = training == 1 ? 1000 + 40 * expert
                                    : expert < 2  ? 4400
                                                  : 10 * expert;
        filler.insert("training_load", "training, step, layer, expert, tokens",
                      {training, step, 0, expert, tokens});
      }
    }
  }
}

}  // namespace moe::testing
