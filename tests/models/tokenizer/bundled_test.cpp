// The tokenizer of the bundled models, lab/train_tokenizer.py's.
#include <gtest/gtest.h>

#include <algorithm>

#include "datasets/world/corpus.h"
#include "datasets/world/phrases.h"
#include "datasets/world/words.h"
#include "harness/error.h"
#include "harness/sha256.h"
#include "models/tokenizer/tokenizer.h"

namespace moe {
namespace {

const Tokenizer& bundled() {
  static const Tokenizer kTokenizer =
      Tokenizer::load(MOE_SOURCE_DIR "/models/bundled/tokenizer/tokenizer.json");
  return kTokenizer;
}

std::size_t tokens_of(std::string_view text) {
  return bundled().encode(text, /*add_special_tokens=*/false).size();
}

TEST(BundledTokenizer, is_small_and_begins_and_ends_a_text_with_one_mark) {
  EXPECT_LE(bundled().size(), 1200);
  EXPECT_EQ(bundled().bos(), TokenId{0});
  EXPECT_EQ(bundled().eos(), TokenId{0});
  EXPECT_EQ(bundled().encode("")[0], 0);
}

TEST(BundledTokenizer, gives_every_word_of_the_world_one_token) {
  std::string words(name_words());
  for (const TypeWords& type : type_words()) words += fmt::format(" {} {}", type.name, type.values);
  words += fmt::format(" {} {}", premise_words().name, premise_words().values);
  words += fmt::format(" {}", conclusion_words().values);
  for (const SubjectWords& subject : subject_words())
    words += fmt::format(" {} {}", subject.singular, subject.conclusion);
  for (const std::string& word : split_words(words)) EXPECT_EQ(tokens_of(" " + word), 1U) << word;
}

/// Letters in a row, with the blank before them, and signs in a row are one token each.
std::size_t words_and_signs(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == ' ') continue;
    count += at == 0 || !is_letter(text[at]) || !is_letter(text[at - 1]) ? 1 : 0;
  }
  return count;
}

TEST(BundledTokenizer, reads_the_worlds_text_word_by_word_and_writes_it_back) {
  const WorldCorpus corpus(make_world(kWorldSeed), 1);
  for (std::int64_t i = 0; i < 5000; ++i) {
    const std::string document = corpus.document(i);
    EXPECT_EQ(tokens_of(document), words_and_signs(document)) << document;
    EXPECT_EQ(bundled().decode(bundled().encode(document)), document);
  }
}

TEST(BundledTokenizer, states_a_fact_in_fourteen_tokens_or_fewer) {
  const World world = make_world(kWorldSeed);
  std::size_t tokens = 0, sentences = 0;
  for (const Subject& subject : world.subjects) {
    for (const Entity& entity : subject.entities) {
      Said said = about(world, subject, entity);
      said.facts[0] = fact_of(world, subject, entity, sentences % subject.attributes.size());
      tokens += tokens_of(filled(kFactPhrases.at(sentences % kFactPhrases.size()), said));
      ++sentences;
    }
  }
  EXPECT_LE(tokens, 14 * sentences);
}

TEST(BundledTokenizer, gives_the_ids_that_hugging_faces_does) {
  const WorldCorpus corpus(make_world(kWorldSeed), 1);
  Sha256 sha256;
  for (std::int64_t i = 0; i < 2000; ++i) {
    for (const TokenId id : bundled().encode(corpus.document(i)))
      sha256.update(fmt::format("{} ", id));
    sha256.update("\n");
  }
  EXPECT_EQ(sha256.hex(), "1444a0e0fcf9251cf61f6f6897a1479fd3bc246ca29194672241524f6955c3f6")
      << "of transformers.AutoTokenizer: each id and a blank, then a "
         "new line, of documents 0 to 1999 of seed 1";
}

}  // namespace
}  // namespace moe
