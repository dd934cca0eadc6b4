// Everything the store keeps of one case in one run: what its values are computed from.
#pragma once

#include <cstdint>
#include <string>
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
  struct Score {
    std::string metric;
    double estimate = 0, standard_error = 0;
    std::int64_t n = 0;
  };
  struct Member {  // a case of which a group's value is made
    Verdict verdict;
    std::vector<Score> scores;  // of the whole of it
  };
  std::vector<Member> members;        // of a group, in the order of the plan
  std::vector<Launch> launches;       // by number; a number twice where a process died within it
  std::vector<RoutingCount> routing;  // added up over its launches
};

}  // namespace moe
