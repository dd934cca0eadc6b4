#include "lab/held_out.h"

#include <algorithm>
#include <cmath>

#include "harness/error.h"
#include "models/engine/encode.h"

namespace moe {
namespace {

struct SentenceScore {
  double loss = 0;
  bool exact = true;
};

/// Answers of some sentences, in one step.
void answer(Decoder& decoder, std::span<const HeldOutSentence> some,
            std::vector<SentenceScore>& out) {
  std::vector<std::vector<std::int32_t>> asked;
  std::vector<std::int64_t> row, id;
  std::vector<std::size_t> whose;
  for (std::size_t s = 0; s < some.size(); ++s) {
    std::vector<std::int32_t>& rows = asked.emplace_back();
    for (std::size_t i = some[s].answer; i < some[s].ids.size(); ++i) {
      rows.push_back(static_cast<std::int32_t>(i - 1));
      row.push_back(std::ssize(row));
      id.push_back(some[s].ids[i]);
      whose.push_back(out.size() + s);
    }
  }
  Step step;
  step.routing.count = false;
  for (std::size_t s = 0; s < some.size(); ++s)
    step.sequences.push_back({.new_ids = some[s].ids, .asked = asked[s]});
  const StepResult result = decoder.step(step, nullptr);
  constexpr std::int64_t kLogitBytes = std::int64_t{1} << 24U;
  const HeadScores scores =
      decoder.head_scores(result.hidden_RD, {.row = row, .id = id, .logit_bytes = kLogitBytes});
  const Tensor log_p = scores.log_p_N.to(at::kCPU, at::kDouble).contiguous();
  const Tensor best = scores.is_best_N.to(at::kCPU).contiguous();
  out.resize(out.size() + some.size());
  for (std::size_t n = 0; n < whose.size(); ++n) {
    out[whose[n]].loss -= log_p.const_data_ptr<double>()[n];
    out[whose[n]].exact = out[whose[n]].exact && best.const_data_ptr<bool>()[n];
  }
}

}  // namespace

std::vector<Probe> held_out_probes() {
  constexpr std::int64_t kMost = 500;
  constexpr std::uint64_t kSeed = 1;
  return world_probes(make_world(kWorldSeed), kMost, kSeed);
}

const HeldOutScore* score_of(const std::vector<HeldOutScore>& scores, std::string_view type) {
  const auto found = std::ranges::find(scores, type, &HeldOutScore::type);
  return found == scores.end() ? nullptr : &*found;
}

std::vector<HeldOutSentence> tokenised(const std::vector<Probe>& probes,
                                       const Tokenizer& tokenizer) {
  std::vector<HeldOutSentence> sentences;
  for (const Probe& probe : probes) {
    const auto [context, continuation] = encode_pair(tokenizer, probe.prompt, probe.answer);
    HeldOutSentence& sentence = sentences.emplace_back(
        HeldOutSentence{.type = probe.type, .ids = context, .answer = context.size()});
    sentence.ids.insert(sentence.ids.end(), continuation.begin(), continuation.end());
  }
  return sentences;
}

std::vector<HeldOutScore> held_out_scores(Decoder& decoder,
                                          const std::vector<HeldOutSentence>& sentences) {
  const c10::InferenceMode no_gradients;
  constexpr std::size_t kTogether = 256;
  std::vector<SentenceScore> answers;
  for (std::size_t at = 0; at < sentences.size(); at += kTogether) {
    answer(decoder, std::span(sentences).subspan(at, std::min(kTogether, sentences.size() - at)),
           answers);
  }
  std::vector<HeldOutScore> scores = {{}};
  std::vector<double> counts = {0};
  for (std::size_t s = 0; s < sentences.size(); ++s) {
    const auto found = std::ranges::find(scores, sentences[s].type, &HeldOutScore::type);
    const auto place = static_cast<std::size_t>(found - scores.begin());
    if (place == scores.size()) {
      scores.push_back({.type = sentences[s].type});
      counts.push_back(0);
    }
    for (const std::size_t i : {std::size_t{0}, place}) {
      scores[i].loss += answers[s].loss;
      scores[i].exact += answers[s].exact ? 1 : 0;
      ++counts[i];
    }
  }
  for (std::size_t i = 0; i < scores.size(); ++i) {
    scores[i].loss /= counts[i];
    scores[i].exact /= counts[i];
  }
  return scores;
}

}  // namespace moe
