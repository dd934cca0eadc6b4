// Everything the store keeps of one case in one run: what its values are computed from.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/event.h"

namespace moe {

struct CaseRecord {
  std::vector<Document> documents;  // by (task, document)
  std::vector<Answer> answers;      // by (task, document, choice, filter)
  struct Launch {
    std::int64_t number = 0;
    std::vector<Sample> samples;  // by (metric, scope, index)
  };
  std::vector<Launch> launches;       // by number; a number twice where a process died within it
  std::vector<RoutingCount> routing;  // added up over its launches
};

}  // namespace moe
