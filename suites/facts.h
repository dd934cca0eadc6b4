// What the store kept beside a question, read back: a store can be edited by hand, so what is not
// as it was written is an Error that names the document.
#pragma once

#include <string_view>

#include "harness/error.h"
#include "harness/event.h"
#include "suites/suite.h"

namespace moe {

/// The facts of a document; Error where they are no JSON object.
Json facts_of(const Document&);

/// "case …, task mmlu_anatomy, document 3", for errors.
std::string place_of(const Document&);

/// One fact; Error where it is missing or of another type.
template <typename T>
T fact_of(const Document& document, std::string_view key) {
  const Json facts = facts_of(document);
  try {
    return facts.at(std::string(key)).get<T>();
  } catch (const Json::exception& error) {
    throw Error(fmt::format("{}: its fact \"{}\" cannot be read: {}", place_of(document), key,
                            error.what()),
                std::source_location::current());
  }
}

}  // namespace moe
