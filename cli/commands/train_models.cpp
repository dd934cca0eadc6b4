// train CONFIG.toml: trains small models on the bundled world, and leaves the best as a checkpoint.
#include <CLI/CLI.hpp>

#include <cmath>

#include "cli/command.h"
#include "cli/run_plan.h"
#include "cli/store_word.h"
#include "cli/tell.h"
#include "cli/write_file.h"
#include "harness/error.h"
#include "harness/progress.h"
#include "lab/grid.h"
#include "lab/schedule.h"

namespace moe {
namespace {

struct Options {
  std::string config, out, db;
  std::vector<std::string> set;
};

void declare(CLI::App& app, Options& o) {
  app.add_option("config", o.config, "what to train: a TOML file (lab/recipes has some)")
      ->required();
  app.add_option("--out,-o", o.out, "the folder for the checkpoint; trained/NAME otherwise");
  app.add_option("--set", o.set, "KEY=VALUE or TABLE.KEY=VALUE: another value than the file's");
  app.add_option("--db", o.db, "the store, for losses and loads");
}

std::vector<TrainSetting> settings_of(const std::vector<std::string>& words) {
  std::vector<TrainSetting> settings;
  for (const std::string& word : words) {
    const std::size_t equal = word.find('=');
    require(equal != std::string::npos && equal > 0, "--set {}: expected KEY=VALUE", word);
    settings.emplace_back(word.substr(0, equal), word.substr(equal + 1));
  }
  return settings;
}

std::string exact_of(const std::vector<HeldOutScore>& scores, std::string_view type) {
  const HeldOutScore* score = score_of(scores, type);
  return score == nullptr ? "–" : fmt::format("{:.0f} %", 100 * score->exact);
}

/// What stands behind the count of tokens: "tokens, loss 1.234, fullest expert 1.3× 1.5× 1.2×,
/// exact 98 % frequent, 40 % rare".
std::string words_of(const TrainingView& view) {
  if (view.diverged)
    return fmt::format("tokens: diverged, step {} gave no finite number", view.steps);
  std::string text = "tokens";
  if (!std::isnan(view.loss)) text += fmt::format(", loss {:.3f}", view.loss);
  std::string loads;
  for (const double load : view.imbalance_L) loads += fmt::format(" {:.1f}×", load);
  if (!loads.empty()) text += ", fullest expert" + loads;
  if (!view.held_out.empty())
    text += fmt::format(", exact {} frequent, {} rare", exact_of(view.held_out, "frequent"),
                        exact_of(view.held_out, "rare"));
  return text;
}

TrainingHooks hooks_of(const TrainConfig& config, ProgressBar& bar, const Arguments& arguments) {
  std::string command = "moebench train";
  for (const std::string& argument : arguments) command += " " + argument;
  const auto count = static_cast<std::int64_t>(config.optimizer.learning_rates.size());
  const std::int64_t tokens = tokens_per_step(config);
  return {.begin =
              [&bar, &config, count, number = std::int64_t{0}](double rate) mutable {
                bar.begin_case(fmt::format("{}, learning rate {}", config.name, rate), ++number,
                               count);
              },
          .watch =
              [&bar, tokens](const TrainingView& view) {
                if (std::isnan(view.loss) && view.steps > 0 && view.steps < view.of)
                  bar.say(fmt::format("carrying on behind step {} of {}", view.steps, view.of));
                bar.update(view.steps * tokens, view.of * tokens, words_of(view));
                if (view.steps == view.of || view.diverged)
                  bar.end_case(fmt::format("{} {}", view.steps * tokens, words_of(view)));
              },
          .interrupted = [&interrupted = interrupts()] { return interrupted.load(); },
          .command = command};
}

int run(const Arguments& arguments) {
  Options options;
  CLI::App app("Trains a small model; goes on with what the same command left unfinished.",
               "moebench train");
  declare(app, options);
  if (const auto code = parse(app, arguments)) return *code;
  const TrainConfig config = read_train_config(options.config, settings_of(options.set));
  const std::string out = options.out.empty() ? "trained/" + config.name : options.out;
  refuse_database(out);
  Store store(store_file(options.db));
  ProgressBar bar = stderr_progress();
  const Grid grid = train_grid(config, out, store, hooks_of(config, bar, arguments));
  if (!grid.ended) {
    tell("interrupted; the same command goes on from what was kept in {}.training\n", out);
    return kInterrupted;
  }
  for (const Trained& trained : grid.trainings) {
    if (trained.ending == Ending::diverged)
      tell("learning rate {} diverged at step {}\n", trained.learning_rate, trained.diverged_at);
  }
  if (!grid.best) {
    tell("no learning rate reached the end: nothing was written to {}\n", out);
    return kNotOk;
  }
  const Trained& best = grid.trainings[*grid.best];
  tell("wrote {}: learning rate {}, held-out loss {:.3f}\n", out, best.learning_rate,
       best.curve.back().held_out.front().loss);
  return kDone;
}

}  // namespace

extern const Command train_models = {
    .name = "train", .summary = "a small model, trained on the bundled world", .run = run};

}  // namespace moe
