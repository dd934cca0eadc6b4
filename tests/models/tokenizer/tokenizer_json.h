// Small tokenizer.json files for tests, in the two forms that models have.
#pragma once

#include <random>
#include <string>
#include <string_view>
#include <vector>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "models/tokenizer/byte_tokenizer.h"
#include "models/tokenizer/tokenizer.h"
#include "models/tokenizer/utf8.h"
#include "tests/temporary_folder.h"

namespace moe {

using Json = nlohmann::json;

/// GPT-2's form: an alphabet of bytes (ids 0 to 255) and merges that make their results (258 and
/// on). Tokens in merges are in GPT-2's alphabet: a blank is "\u0120".
inline Json byte_level_json(const std::vector<std::pair<std::string, std::string>>& merges = {}) {
  Json json = Json::parse(byte_tokenizer_json());
  json["post_processor"] = nullptr;
  int next = 258;
  for (const auto& [left, right] : merges) {
    json["model"]["merges"].push_back(std::string(left).append(" ").append(right));
    if (!json["model"]["vocab"].contains(left + right))
      json["model"]["vocab"][left + right] = next++;
  }
  return json;
}

/// Llama's form: blanks as U+2581, <unk> (0), <s> (1), </s> (2), bytes <0x00> (3) to <0xFF> (258),
/// then `characters` and what `merges` make of them.
inline Json sentencepiece_json(
    const std::vector<std::string>& characters,
    const std::vector<std::pair<std::string, std::string>>& merges = {}) {
  Json vocab = {{"<unk>", 0}, {"<s>", 1}, {"</s>", 2}};
  for (int byte = 0; byte < 256; ++byte) vocab[fmt::format("<0x{:02X}>", byte)] = 3 + byte;
  for (const std::string& character : characters) vocab[character] = vocab.size();
  Json pairs = Json::array();
  for (const auto& [left, right] : merges) {
    pairs.push_back({left, right});
    if (!vocab.contains(left + right)) vocab[left + right] = vocab.size();
  }
  const auto special = [](int id, const char* text) {
    return Json{{"id", id}, {"content", text}, {"special", true}, {"normalized", false}};
  };
  const auto replace = [](const char* what, const char* with) {
    return Json{{"type", "Replace"}, {"pattern", {{"String", what}}}, {"content", with}};
  };
  return {
      {"model",
       {{"type", "BPE"},
        {"vocab", vocab},
        {"merges", pairs},
        {"unk_token", "<unk>"},
        {"fuse_unk", true},
        {"byte_fallback", true}}},
      {"added_tokens", {special(0, "<unk>"), special(1, "<s>"), special(2, "</s>")}},
      {"normalizer",
       {{"type", "Sequence"},
        {"normalizers", {{{"type", "Prepend"}, {"prepend", "\u2581"}}, replace(" ", "\u2581")}}}},
      {"pre_tokenizer", nullptr},
      {"post_processor",
       {{"type", "TemplateProcessing"},
        {"single", {{{"SpecialToken", {{"id", "<s>"}}}}, {{"Sequence", {{"id", "A"}}}}}},
        {"special_tokens", {{"<s>", {{"id", "<s>"}, {"ids", {1}}}}}}}},
      {"decoder",
       {{"type", "Sequence"},
        {"decoders",
         {replace("\u2581", " "),
          {{"type", "ByteFallback"}},
          {{"type", "Fuse"}},
          {{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}}}}}}};
}

inline Tokenizer tokenizer_of(const Json& json) {
  return Tokenizer::parse(json.dump(), "tokenizer.json");
}

/// The message of the Error that the file is refused with; "" where it is read.
inline std::string refusal(const Json& json) {
  return message_of<Error>([&] { tokenizer_of(json); });
}

inline bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// The tokens of `text` as the vocabulary has them, without those that stand around every text.
inline std::vector<std::string> tokens_of(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<std::string> out;
  for (const TokenId id : tokenizer.encode(text, /*add_special_tokens=*/false))
    out.push_back(tokenizer.token(id));
  return out;
}

/// Random UTF-8 of up to `most` code points, of all lengths, NUL and noncharacters among them.
inline std::string random_text(std::mt19937_64& random, std::size_t most) {
  std::string out;
  const std::size_t size = random() % (most + 1);
  for (std::size_t i = 0; i < size; ++i) {
    constexpr std::uint64_t kLimits[] = {0x80, 0x800, 0x10000, 0x110000};
    std::uint64_t c = random() % kLimits[random() % 4];
    if (c >= 0xD800 && c < 0xE000) c = ' ';  // no surrogates
    append_utf8(out, static_cast<std::int32_t>(c));
  }
  return out;
}

}  // namespace moe
