// Text about the world, to train on: sentences that state facts, rules and what follows from them,
// and questions with their answers. What the world holds back (world.h) it never says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "datasets/world/world.h"

namespace moe {

/// An endless text. A document is one sentence, one profile, or one question with its answer,
/// without a new line at its end; it depends on the world, the seed and its index alone.
class WorldCorpus {
 public:
  WorldCorpus(World world, std::uint64_t seed);

  std::string document(std::int64_t index) const;

 private:
  World world_;
  std::uint64_t seed_;
  std::vector<std::int64_t> mentions_;  // of the ranks up to and including this one
  std::vector<std::int64_t> forms_;     // likewise, of the forms of a document
};

/// sha256 of the first 10,000 documents, with a new line after each.
std::string corpus_digest(const World&, std::uint64_t seed);

}  // namespace moe
