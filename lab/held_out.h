// How much of what it was trained on a model can say in words that it has not seen: the value that
// ends a held-out sentence.
#pragma once

#include <string>
#include <vector>

#include "datasets/world/probes.h"
#include "models/decoder/decoder.h"
#include "models/tokenizer/tokenizer.h"

namespace moe {

/// A sentence whose end is asked.
struct HeldOutSentence {
  std::string type;  // frequent, mid, rare
  std::vector<TokenId> ids;
  std::size_t answer = 0;  // where it begins
};

/// What every training is watched with: at most 500 facts of a bin of the bundled world.
std::vector<Probe> held_out_probes();

std::vector<HeldOutSentence> tokenised(const std::vector<Probe>&, const Tokenizer&);

struct HeldOutScore {
  std::string type;  // "" of all
  double loss = 0;   // mean negative log-likelihood of an answer, nats
  double exact = 0;  // share of answers that the model itself would write
};

/// That of a type; null where it was not asked.
const HeldOutScore* score_of(const std::vector<HeldOutScore>&, std::string_view type);

/// The score of all sentences, then of each type in the order of their first.
std::vector<HeldOutScore> held_out_scores(Decoder&, const std::vector<HeldOutSentence>&);

}  // namespace moe
