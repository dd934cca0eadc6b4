#include "models/tokenizer/template.h"

#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "models/tokenizer/vocabulary.h"

namespace moe {
namespace {

using Json = nlohmann::json;

void add_template(const Json& json, std::string_view where, Template& out) {
  const std::string type = json.at("type");
  if (type == "ByteLevel") return;  // only offsets
  if (type == "Sequence") {
    for (const Json& one : json.at("processors")) add_template(one, where, out);
    return;
  }
  require(type == "TemplateProcessing", "{}: post_processor \"{}\" is not implemented", where,
          type);
  bool text_seen = false;
  for (const Json& piece : json.at("single")) {
    if (piece.contains("Sequence")) {
      text_seen = true;
      continue;
    }
    const std::string name = piece.at("SpecialToken").at("id");
    for (const Json& id : json.at("special_tokens").at(name).at("ids"))
      (text_seen ? out.after : out.before)
          .push_back(read_token_id(id, fmt::format("{}: post_processor: {}", where, name)));
  }
  require(text_seen, "{}: post_processor TemplateProcessing without a sequence", where);
}

}  // namespace

Template read_template(const Json& json, std::string_view where) {
  Template out;
  if (!json.is_null()) add_template(json, where, out);
  return out;
}

}  // namespace moe
