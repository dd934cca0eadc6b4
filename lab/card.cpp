#include "lab/card.h"

#include <vector>

#include "harness/error.h"
#include "lab/schedule.h"
#include "lab/training_record.h"
#include "models/cost.h"
#include "models/family.h"
#include "models/tokenizer/tokenizer.h"

namespace moe {
namespace {

std::string shape_of(const Config& model) {
  const LayerSpec& layer = model.layers.front();
  const FeedForwardSpec& ff = layer.feed_forward;
  return fmt::format(
      "{} layers of width {}, {} heads, {}, vocabulary {}, head tied to the embedding: {}",
      model.layers.size(), model.dim, layer.attention.heads,
      ff.experts == 0 ? fmt::format("MLP of width {}", ff.hidden)
                      : fmt::format("{} experts of width {}, {} for each token", ff.experts,
                                    ff.hidden, ff.experts_per_token),
      model.vocab, model.tied_embeddings ? "yes" : "no");
}

std::string percent(double share) {
  return fmt::format("{:.1f}", 100 * share);
}

/// exact of the types, in percent, as cells; "" of one that was not asked.
std::string exact_cells(const std::vector<HeldOutScore>& scores) {
  std::string cells;
  for (const char* type : {"frequent", "mid", "rare"}) {
    const HeldOutScore* score = score_of(scores, type);
    cells += fmt::format(" {} |", score == nullptr ? "" : percent(score->exact));
  }
  return cells;
}

std::string list_of(const auto& values, std::string_view format) {
  std::string text;
  for (const auto& value : values)
    text += (text.empty() ? "" : ", ") + fmt::format(fmt::runtime(format), value);
  return text;
}

/// At most 24 points, the last among them.
std::string curve_table(const TrainConfig& config, const std::vector<CurvePoint>& curve) {
  const bool mixture = config.model.is_mixture();
  std::string text = fmt::format(
      "| tokens | training loss | held-out loss | exact, frequent | mid | rare |{}\n"
      "|---:|---:|---:|---:|---:|---:|{}\n",
      mixture ? " load, max / mean by layer | experts without a token |" : "",
      mixture ? "---|---|" : "");
  const std::size_t every = (curve.size() + 23) / 24;
  for (std::size_t i = 0; i < curve.size(); ++i) {
    if ((curve.size() - 1 - i) % every != 0) continue;
    const CurvePoint& point = curve[i];
    text += fmt::format("| {:.2f} M | {:.3f} | {:.3f} |{}",
                        static_cast<double>(point.step * tokens_per_step(config)) / 1e6, point.loss,
                        point.held_out.front().loss, exact_cells(point.held_out));
    if (mixture)
      text += fmt::format(" {} | {} |", list_of(point.imbalance_L, "{:.1f}"),
                          list_of(point.dead_L, "{}"));
    text += "\n";
  }
  return text;
}

std::string grid_table(std::span<const Trained> trainings, std::size_t best) {
  std::string text =
      "| learning rate | held-out loss | exact, frequent | mid | rare |\n"
      "|---:|---:|---:|---:|---:|\n";
  for (std::size_t i = 0; i < trainings.size(); ++i) {
    const Trained& trained = trainings[i];
    if (trained.ending == Ending::diverged) {
      text += fmt::format("| {} | diverged at step {} | | | |\n", trained.learning_rate,
                          trained.diverged_at);
      continue;
    }
    const CurvePoint& end = trained.curve.back();
    text +=
        fmt::format("| {}{} | {:.3f} |{}\n", trained.learning_rate, i == best ? " (this one)" : "",
                    end.held_out.front().loss, exact_cells(end.held_out));
  }
  return text;
}

std::string settings_text(const TrainConfig& config, double rate) {
  const OptimizerSettings& o = config.optimizer;
  std::string text = fmt::format(
      "AdamW (β {} and {}, ε {}, weight decay {} of matrices), gradients clipped to norm {}, {} "
      "steps "
      "of {} × {} tokens; learning rate {} after {} steps of warm-up, then half a cosine to {} of "
      "it.",
      o.beta1, o.beta2, o.epsilon, o.weight_decay, o.clip, steps_of(config), config.data.rows,
      config.data.row_tokens, rate, o.warmup_steps, o.final_share);
  if (config.model.is_mixture()) {
    text += fmt::format(
        " Router: balance loss {}, z-loss {}, jitter {}, capacity {}.", config.router.balance,
        config.router.z, config.router.jitter,
        config.router.capacity == 0 ? "none" : fmt::format("{}", config.router.capacity));
  }
  return text;
}

/// "99.2, 92.6, 62.4 % (frequent, mid, rare)".
std::string stored_exact(const std::vector<HeldOutScore>& scores) {
  std::vector<std::string> shares, types;
  for (const HeldOutScore& score : std::span(scores).subspan(1)) {
    shares.push_back(percent(score.exact));
    types.push_back(score.type);
  }
  return fmt::format("{} % ({})", fmt::join(shares, ", "), fmt::join(types, ", "));
}

}  // namespace

std::string model_card(const TrainConfig& config, std::span<const Trained> trainings,
                       std::size_t best, const std::vector<HeldOutScore>& stored) {
  require(best < trainings.size(), "training {} of {}", best, trainings.size());
  const Trained& trained = trainings[best];
  const std::int64_t tokens = steps_of(config) * tokens_per_step(config);
  return fmt::format(
      "---\nlibrary_name: transformers\nlanguage: en\n---\n"
      "# {name}\n\n"
      "A {kind} of {total} parameters, {active} of them read for a token, that `moebench train` "
      "trained on the text about a small generated world. It knows nothing else.\n\n"
      "| | |\n|---|---|\n"
      "| architecture | {architecture}: {shape} |\n"
      "| data | corpus `{corpus}`, seed {corpus_seed}; sha256 of its first 10,000 documents "
      "`{digest}` |\n"
      "| tokenizer | `tokenizer.json`, sha256 `{tokenizer}` |\n"
      "| tokens | {tokens} |\n"
      "| training FLOPs | {flops:.3g} (a backward pass counted as two forward ones) |\n"
      "| seed | {seed} |\n"
      "| training | {settings} |\n"
      "| stored as | {dtype} |\n\n"
      "## Training\n\n{curve}\n"
      "Loss and loads of the training are means over the {every} steps before. "
      "*Held-out* sentences end in a value and are worded as no sentence of the corpus is. "
      "*Exact*, in "
      "percent: the value is what the model itself would write. Frequent are the tenth of the "
      "entities "
      "that the corpus mentions most, rare the half that it mentions least. The learning rate is "
      "chosen by "
      "the held-out loss, of facts and wordings that no suite has.\n\n"
      "As stored, in {dtype}: held-out loss {stored_loss:.3f}, exact {stored}.\n\n"
      "Rows are {row} tokens long: what stands behind that many has a position that training never "
      "had.\n\n"
      "## Learning rates tried\n\n{grid}\n"
      "All on the same documents in the same order, for as many tokens.\n",
      fmt::arg("name", config.name),
      fmt::arg("kind", config.model.is_mixture() ? "mixture of experts" : "dense model"),
      fmt::arg("total", parameter_counts(config.model).total()),
      fmt::arg("active", active_parameter_counts(config.model).total()),
      fmt::arg("architecture", family_of(config.model_json).architecture),
      fmt::arg("shape", shape_of(config.model)), fmt::arg("corpus", config.data.corpus),
      fmt::arg("corpus_seed", config.data.corpus_seed), fmt::arg("digest", data_digest(config)),
      fmt::arg("tokenizer", Tokenizer::load(config.tokenizer).digest()), fmt::arg("tokens", tokens),
      fmt::arg("flops", training_flops(config)), fmt::arg("seed", config.seed),
      fmt::arg("settings", settings_text(config, trained.learning_rate)),
      fmt::arg("every", config.run.evaluate_every), fmt::arg("stored_loss", stored.front().loss),
      fmt::arg("stored", stored_exact(stored)), fmt::arg("row", config.data.row_tokens),
      fmt::arg("dtype", name_of(config.run.dtype)),
      fmt::arg("curve", curve_table(config, trained.curve)),
      fmt::arg("grid", grid_table(trainings, best)));
}

}  // namespace moe
