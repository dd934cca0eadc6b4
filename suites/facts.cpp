#include "suites/facts.h"

namespace moe {

std::string place_of(const Document& document) {
  return fmt::format("case {}, task {}, document {}", document.case_key, document.task,
                     document.document);
}

Json facts_of(const Document& document) {
  Json facts = Json::parse(document.facts_json, nullptr, /*allow_exceptions=*/false);
  require(facts.is_object(), "{}: expected its facts as a JSON object, found \"{}\"",
          place_of(document), document.facts_json.substr(0, 80));
  return facts;
}

}  // namespace moe
