// What `inspect` shows; each prints to stdout and returns the exit code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/engine/request.h"

namespace moe {

struct InspectOptions {
  std::string target, text, suite, task, context, continuation;
  std::int64_t document = 0;
  std::string tokens;  // "3,14,15"
  std::int64_t first = 0, documents = 0;
  std::uint64_t seed = 1;
  bool json = false;
};

int inspect_tokenize(const InspectOptions&);
int inspect_prompt(const InspectOptions&);
int inspect_score(const InspectOptions&);
int inspect_logits(const InspectOptions&);
int inspect_routing(const InspectOptions&);

/// Documents of the bundled world's text, a JSON string a line; no target.
int inspect_corpus(const InspectOptions&);

}  // namespace moe
