#include "models/tokenizer/byte_tokenizer.h"

#include <nlohmann/json.hpp>

#include "models/tokenizer/byte_level.h"
#include "models/tokenizer/utf8.h"

namespace moe {

using Json = nlohmann::json;

std::string byte_tokenizer_json() {
  Json vocab = Json::object();
  int byte = 0;
  for (const std::int32_t character : byte_alphabet()) {
    std::string token;
    append_utf8(token, character);
    vocab[token] = byte++;
  }
  const Json byte_level = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}};
  const auto special = [](int id, const char* text) {
    return Json{{"id", id}, {"content", text}, {"special", true}, {"normalized", false}};
  };
  const Json post = {
      {"type", "TemplateProcessing"},
      {"single", {{{"SpecialToken", {{"id", "<s>"}}}}, {{"Sequence", {{"id", "A"}}}}}},
      {"special_tokens", {{"<s>", {{"ids", {256}}}}}}};
  return Json{{"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", Json::array()}}},
              {"added_tokens", {special(256, "<s>"), special(257, "</s>")}},
              {"pre_tokenizer", byte_level},
              {"decoder", {{"type", "ByteLevel"}}},
              {"post_processor", post}}
      .dump();
}

}  // namespace moe
