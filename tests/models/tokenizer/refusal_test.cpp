// What a tokenizer.json may not hold, and that no file, however broken, does worse than be refused.
#include <gtest/gtest.h>

#include "tests/models/tokenizer/tokenizer_json.h"

namespace moe {
namespace {

void expect_refused(const Json& json, std::string_view name) {
  const std::string message = refusal(json);
  EXPECT_TRUE(has(message, "tokenizer.json")) << message;
  EXPECT_TRUE(has(message, name)) << name << ": " << message;
}

TEST(tokenizer_refuses, elements_that_are_not_implemented_by_their_names) {
  for (const char* part : {"normalizer", "pre_tokenizer", "post_processor", "decoder"}) {
    Json json = byte_level_json();
    json[part] = {{"type", "Unheard"}};
    expect_refused(json, "Unheard");
    expect_refused(json, part);
  }
  for (const auto& [part, type] : {std::pair{"normalizer", "BertNormalizer"},
                                   {"normalizer", "Precompiled"},
                                   {"pre_tokenizer", "Whitespace"},
                                   {"pre_tokenizer", "BertPreTokenizer"},
                                   {"post_processor", "RobertaProcessing"},
                                   {"decoder", "WordPiece"},
                                   {"decoder", "CTC"}}) {
    Json json = byte_level_json();
    json[part] = {{"type", type}};
    expect_refused(json, type);
  }
}

TEST(tokenizer_refuses, elements_inside_a_sequence) {
  for (const auto& [part, list] : {std::pair{"normalizer", "normalizers"},
                                   {"pre_tokenizer", "pretokenizers"},
                                   {"post_processor", "processors"},
                                   {"decoder", "decoders"}}) {
    Json json = byte_level_json();
    json[part] = {{"type", "Sequence"}, {list, {{{"type", "Unheard"}}}}};
    expect_refused(json, "Unheard");
  }
}

TEST(tokenizer_refuses, models_and_options_it_does_not_have) {
  Json json = byte_level_json();
  json["model"]["type"] = "Unigram";
  expect_refused(json, "Unigram");
  json = byte_level_json();
  json["model"]["dropout"] = 0.1;
  expect_refused(json, "dropout");
  json = byte_level_json();
  json["model"]["end_of_word_suffix"] = "</w>";
  expect_refused(json, "end_of_word_suffix");
  json = byte_level_json();
  json["model"]["dropout"] = nullptr;
  json["model"]["continuing_subword_prefix"] = "";
  EXPECT_EQ(refusal(json), "");
}

TEST(tokenizer_refuses, vocabularies_and_merges_that_contradict_themselves) {
  Json json = byte_level_json();
  json["model"]["merges"] = {"a zz"};
  expect_refused(json, "zz");
  json["model"]["merges"] = {"a b"};
  expect_refused(json, "\"ab\"");
  json["model"]["merges"] = {"a b c"};
  expect_refused(json, "merge 0");
  json["model"]["merges"] = {7};
  expect_refused(json, "merge 0");
  json = byte_level_json();
  json["model"]["unk_token"] = "<nowhere>";
  expect_refused(json, "<nowhere>");
  for (const Json& bad : {Json(-1), Json("1"), Json(1e9), Json(1.5), Json(std::int64_t{1} << 40)}) {
    json = byte_level_json();
    json["model"]["vocab"]["a"] = bad;
    EXPECT_NE(refusal(json), "") << bad;
    json = byte_level_json();
    json["added_tokens"] = Json::array({{{"id", bad}, {"content", "<x>"}}});
    EXPECT_NE(refusal(json), "") << bad;
  }
}

TEST(tokenizer_refuses, a_template_with_ids_that_no_token_has) {
  Json json = sentencepiece_json({"\u2581"});
  for (const Json& bad : {Json(10'000), Json(-1), Json("<s>"), Json(nullptr)}) {
    json["post_processor"]["special_tokens"]["<s>"]["ids"] = Json::array({bad});
    expect_refused(json, "post_processor");
  }
  json["post_processor"]["special_tokens"] = Json::object();
  EXPECT_NE(refusal(json), "");
}

TEST(tokenizer_refuses, what_is_no_tokenizer_at_all) {
  for (const char* text : {"", "{", "[]", "7", "null", "{}", R"({"model": 7})", R"({"model": {}})",
                           "{\"model\": \"\xFF\"}"}) {
    const std::string message =
        message_of<Error>([&] { Tokenizer::parse(text, "tokenizer.json"); });
    EXPECT_TRUE(has(message, "tokenizer.json")) << text << ": " << message;
  }
  const TemporaryFolder folder;
  const auto file = folder.path() / "none.json";
  EXPECT_TRUE(has(message_of<Error>([&] { Tokenizer::load(file); }), file.string()));
  const auto good = folder.write("tokenizer.json", byte_level_json().dump());
  folder.write("tokenizer_config.json", "{");
  EXPECT_TRUE(has(message_of<Error>([&] { Tokenizer::load(good); }), "tokenizer_config.json"));
}

TEST(tokenizer_refuses, nesting_without_end) {
  std::string text(200'000, '[');
  EXPECT_NE(message_of<Error>([&] { Tokenizer::parse(text, "f"); }), "");
  std::string open, close;
  for (int i = 0; i < 50'000; ++i) {
    open += R"({"type": "Sequence", "normalizers": [)";
    close += "]}";
  }
  Json json = byte_level_json();
  text = json.dump();
  text.insert(1, "\"normalizer\": " + open + close + ", ");
  EXPECT_TRUE(has(message_of<Error>([&] { Tokenizer::parse(text, "f"); }), "deep"));
}

/// Opened or refused with an Error that names the file; opened ones must also work.
bool opens(const std::string& text) {
  try {
    const Tokenizer tokenizer = Tokenizer::parse(text, "tokenizer.json");
    tokenizer.decode(tokenizer.encode("Some text,  \u00E9 12 <s>\n"));
    return true;
  } catch (const Error& error) {
    EXPECT_TRUE(has(error.what(), "tokenizer.json")) << error.what();
    return false;
  }
}

std::vector<std::string> small_files() {
  const std::string blank = "\u2581";
  Json bytes = byte_level_json({{"a", "b"}, {"\u0120", "a"}});
  Json pieces = sentencepiece_json({blank, "a", "b", "e"}, {{blank, "a"}});
  bytes["normalizer"] = {{"type", "NFC"}};
  bytes["pre_tokenizer"] = {
      {"type", "Sequence"},
      {"pretokenizers",
       {{{"type", "Split"}, {"pattern", {{"Regex", "\\p{N}{1,3}"}}}, {"behavior", "Isolated"}},
        bytes["pre_tokenizer"]}}};
  return {bytes.dump(), pieces.dump()};
}

TEST(tokenizer_fuzz, files_cut_short_are_refused) {
  for (const std::string& file : small_files()) {
    EXPECT_TRUE(opens(file));
    for (std::size_t i = 0; i < 40; ++i) EXPECT_FALSE(opens(file.substr(0, i * file.size() / 40)));
  }
}

TEST(tokenizer_fuzz, files_with_flipped_bits_are_refused_or_work) {
  std::mt19937_64 random(9);
  int refused = 0;
  for (const std::string& file : small_files()) {
    for (int i = 0; i < 200; ++i) {
      std::string text = file;
      for (std::uint64_t n = 1 + random() % 4; n > 0; --n) {
        char& byte = text[random() % text.size()];
        byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << (random() % 8)));
      }
      refused += opens(text) ? 0 : 1;
    }
  }
  EXPECT_GT(refused, 50);
}

TEST(tokenizer_fuzz, members_of_another_type_are_refused_or_work) {
  std::mt19937_64 random(10);
  const std::vector<Json> strange = {nullptr,       true,           -1,  1e300,    "",
                                     Json::array(), Json::object(), "x", 1U << 31U};
  for (const std::string& file : small_files()) {
    const Json flat = Json::parse(file).flatten();
    for (int i = 0; i < 200; ++i) {
      const auto nth = static_cast<std::ptrdiff_t>(random() % flat.size());
      std::string pointer = std::next(flat.begin(), nth).key();
      for (std::uint64_t up = random() % 3; up > 0 && pointer.rfind('/') > 0; --up)
        pointer.resize(pointer.rfind('/'));
      Json json = Json::parse(file);
      json[Json::json_pointer(pointer)] = strange[random() % strange.size()];
      opens(json.dump());
    }
  }
}

}  // namespace
}  // namespace moe
