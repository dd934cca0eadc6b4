#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/inspect.h"
#include "datasets/world/corpus.h"
#include "harness/error.h"

namespace moe {

int inspect_corpus(const InspectOptions& o) {
  require(o.documents >= 1, "--documents {}: expected at least one", o.documents);
  require(o.first >= 0, "--first {}: documents are counted from 0", o.first);
  const WorldCorpus corpus(make_world(kWorldSeed), o.seed);
  for (std::int64_t i = 0; i < o.documents; ++i)
    fmt::print("{}\n", nlohmann::json(corpus.document(o.first + i)).dump());
  return kDone;
}

}  // namespace moe
