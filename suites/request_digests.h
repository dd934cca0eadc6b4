// What is stored of a request in place of itself: digests over its text and its token ids.
#pragma once

#include <string>

#include "harness/sha256.h"
#include "models/engine/request.h"

namespace moe {

/// Of requests about one context that follow one another, the context is read once.
class RequestDigests {
 public:
  /// sha256 over context and continuation.
  std::string prompt(const Request&);
  /// sha256 over the ids of both before truncation, in decimal, joined by single blanks.
  std::string tokens(const Request&);

 private:
  struct Context {
    Shared<std::string> text;
    Shared<std::vector<TokenId>> ids;
    Sha256 of_text, of_ids;
  };
  const Context& read(const Request&);

  Context last_;  // none at first: an empty text and no ids
};

}  // namespace moe
