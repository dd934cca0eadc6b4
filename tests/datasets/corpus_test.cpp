#include "datasets/world/corpus.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "datasets/world/phrases.h"
#include "datasets/world/probes.h"
#include "datasets/world/questions.h"
#include "datasets/world/words.h"

namespace moe {
namespace {

constexpr std::int64_t kDocuments = 300000;
constexpr std::int64_t kTest = 180, kDev = 5;

/// The question of a document that has one.
std::string question_in(std::string_view document) {
  constexpr std::string_view kMark = "Question: ";
  if (document.starts_with(kMark)) {
    document.remove_prefix(kMark.size());
  } else if (document.find("\nA. ") == std::string_view::npos) {
    return "";
  }
  return std::string(document.substr(0, document.find('\n')));
}

TEST(corpus, is_the_pinned_one) {
  EXPECT_EQ(corpus_digest(make_world(kWorldSeed), 1),
            "879be7a61fe9fc87504b5ca47897d9bb205d500daeea5e94d988ec0db812f702")
      << "models were trained on it: another text is another revision of datasets/world.toml";
}

TEST(corpus, documents_depend_on_world_seed_and_index_alone) {
  const World world = make_world(1);
  const WorldCorpus corpus(world, 1), again(world, 1), other(world, 2);
  int differ = 0;
  for (std::int64_t i = 99; i >= 0; --i) {
    EXPECT_EQ(corpus.document(i), again.document(i));
    differ += corpus.document(i) != other.document(i) ? 1 : 0;
  }
  EXPECT_GT(differ, 95);
}

TEST(corpus, has_no_question_that_is_asked) {
  const World world = make_world(1);
  std::set<std::string> asked;
  for (const Subject& subject : world.subjects) {
    for (const std::int64_t series : {0, 1}) {
      for (WorldQuestion& q :
           world_questions(world, subject.name, series, series == 0 ? kTest : kDev))
        asked.insert(std::move(q.question));
    }
  }
  const WorldCorpus corpus(world, 1);
  std::int64_t questions = 0;
  for (std::int64_t i = 0; i < kDocuments; ++i) {
    const std::string question = question_in(corpus.document(i));
    questions += question.empty() ? 0 : 1;
    ASSERT_FALSE(asked.contains(question)) << question;
  }
  EXPECT_GT(questions, kDocuments / 20);
}

/// Every sentence that says what text holds back of this entity.
void add_held_back(const World& world, const Subject& subject, const Entity& entity,
                   std::set<std::string>& sentences) {
  Said said = about(world, subject, entity);
  const auto add = [&](const auto& phrases) {
    for (const std::string_view phrase : phrases) sentences.insert(filled(phrase, said));
  };
  if (!entity.rule_stated) {
    add(kAppliedRulePhrases);
    add(kConclusionPhrases);
  }
  if (entity.partner_stated) return;
  for (std::size_t a = 0; a < subject.attributes.size(); ++a) {
    said.facts[0] = fact_of(world, subject, subject.entities[entity.partner], a);
    add(kTwoStepPhrases);
  }
}

TEST(corpus, never_states_what_it_holds_back) {
  const World world = make_world(1);
  std::set<std::string> held_back;
  for (const Subject& subject : world.subjects) {
    for (const Entity& entity : subject.entities) add_held_back(world, subject, entity, held_back);
  }
  const WorldCorpus corpus(world, 1);
  for (std::int64_t i = 0; i < kDocuments; ++i)
    ASSERT_FALSE(held_back.contains(corpus.document(i))) << corpus.document(i);
}

/// Words with the signs that stand at them.
std::vector<std::string> pieces_of(std::string document) {
  std::ranges::replace(document, '\n', ' ');
  return split_words(document);
}

TEST(corpus, has_every_word_of_a_probe_but_none_of_its_prompts) {
  const World world = make_world(1);
  std::set<std::string> prompts, words, known;
  for (const Probe& probe : world_probes(world, 10000, 1)) {
    prompts.insert(probe.prompt);
    for (const std::string& word : pieces_of(probe.prompt + probe.answer + ".")) words.insert(word);
  }
  for (const Subject& subject : world.subjects) {
    for (const WorldQuestion& q : world_paraphrases(world, subject.name, kTest))
      prompts.insert(q.question);
  }
  const WorldCorpus corpus(world, 1);
  for (std::int64_t i = 0; i < kDocuments; ++i) {
    const std::string document = corpus.document(i);
    for (std::size_t at = document.find(' '); at != std::string::npos;
         at = document.find(' ', at + 1))
      ASSERT_FALSE(prompts.contains(document.substr(0, at))) << document;
    for (std::string& word : pieces_of(document)) {
      known.insert(word);
      if (word.ends_with(':') || word.ends_with(',')) known.insert(word.substr(0, word.size() - 1));
    }
  }
  std::set<std::string> missing;
  for (const std::string& word : words) {
    if (!known.contains(word) && !known.contains(word.substr(0, word.size() - 1)))
      missing.insert(word);
  }
  EXPECT_EQ(missing, std::set<std::string>());
}

TEST(corpus, mentions_entities_by_rank_and_states_facts_more_than_anything_else) {
  const World world = make_world(1);
  const WorldCorpus corpus(world, 1);
  const Subject& subject = subject_of(world, "plants");
  std::array<std::int64_t, 3> mentions{};
  const std::array<std::string, 3> names = {subject.entities[0].name, subject.entities[20].name,
                                            subject.entities[110].name};
  std::int64_t sentences = 0;
  for (std::int64_t i = 0; i < kDocuments; ++i) {
    const std::string document = corpus.document(i);
    for (std::size_t n = 0; n < names.size(); ++n)
      mentions.at(n) += document.find(names.at(n)) == std::string::npos ? 0 : 1;
    sentences += question_in(document).empty() ? 1 : 0;
  }
  EXPECT_GT(mentions[0], 4 * mentions[1]);
  EXPECT_GT(mentions[1], 2 * mentions[2]);
  EXPECT_GT(mentions[2], 100);
  EXPECT_GT(sentences, kDocuments * 8 / 10);
}

}  // namespace
}  // namespace moe
