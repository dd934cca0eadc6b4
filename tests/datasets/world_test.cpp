#include "datasets/world/world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "datasets/world/words.h"
#include "harness/error.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

/// As a set; an EXPECT fails for every word that `all` had before.
std::set<std::string> with(std::set<std::string> all, std::string_view words) {
  for (const std::string& word : split_words(words))
    EXPECT_TRUE(all.insert(word).second) << word << " has two meanings";
  return all;
}

TEST(world, says_every_thing_with_a_word_of_its_own) {
  std::set<std::string> all;
  for (const TypeWords& type : type_words()) {
    all = with(std::move(all), type.name);
    all = with(std::move(all), type.values);
  }
  for (const TypeWords& type : {premise_words(), conclusion_words()}) {
    all = with(std::move(all), type.name);
    all = with(std::move(all), type.values);
  }
  for (const SubjectWords& subject : subject_words())
    all = with(with(std::move(all), subject.singular), subject.conclusion);
  all = with(std::move(all), name_words());
  for (const std::string& word : all) {
    EXPECT_TRUE(word.size() >= 3 && word.size() <= 10) << word;
    EXPECT_TRUE(std::ranges::all_of(word, [](char c) { return std::isalpha(c) != 0; })) << word;
  }
}

TEST(world, has_six_bits_a_fact_and_four_a_premise) {
  const World world = make_world(1);
  ASSERT_EQ(world.subjects.size(), 8U);
  for (const Subject& subject : world.subjects) {
    ASSERT_EQ(subject.attributes.size(), 7U);
    for (std::size_t a = 0; a < subject.attributes.size(); ++a)
      EXPECT_EQ(world.types[subject.attributes[a].type].values.size(),
                a == subject.rule.premise ? 16U : 64U);
    EXPECT_EQ(world.types[subject.rule.conclusion_type].values.size(), 16U);
    EXPECT_EQ(std::set(subject.rule.table.begin(), subject.rule.table.end()).size(), 16U)
        << "every premise has a conclusion of its own";
  }
}

TEST(world, entities_have_names_of_their_own_and_a_partner) {
  const World world = make_world(1);
  std::set<std::multiset<std::string>> names;
  for (const Subject& subject : world.subjects) {
    ASSERT_EQ(subject.entities.size(), kEntities);
    for (const Entity& entity : subject.entities) {
      const std::vector<std::string> words = split_words(entity.name);
      EXPECT_EQ(words.size(), 2U) << entity.name;
      EXPECT_TRUE(names.emplace(words.begin(), words.end()).second) << entity.name;
      ASSERT_LT(entity.partner, subject.entities.size());
      EXPECT_NE(&subject.entities[entity.partner], &entity);
      ASSERT_EQ(entity.values.size(), subject.attributes.size());
      for (std::size_t a = 0; a < entity.values.size(); ++a)
        EXPECT_LT(entity.values[a], world.types[subject.attributes[a].type].values.size());
    }
  }
}

TEST(world, holds_back_half_of_what_neighbours_in_rank_have) {
  for (const Subject& subject : make_world(1).subjects) {
    for (std::size_t e = 0; e < kEntities; e += 2) {
      const Entity &one = subject.entities[e], &other = subject.entities[e + 1];
      EXPECT_NE(one.rule_stated, other.rule_stated);
      EXPECT_NE(one.partner_stated, other.partner_stated);
      for (std::size_t a = 0; a < subject.attributes.size(); ++a) {
        if (a == subject.rule.premise) {
          EXPECT_TRUE(one.quizzed[a] && other.quizzed[a]);
        } else {
          EXPECT_NE(one.quizzed[a], other.quizzed[a]);
        }
      }
      EXPECT_EQ(std::ranges::count(one.quizzed, false), 3);
    }
  }
}

TEST(world, bins_are_the_tenth_mentioned_most_and_the_half_mentioned_least) {
  EXPECT_EQ(kBins[0].end, kEntities / 10);
  EXPECT_EQ(kBins[1].begin, kBins[0].end);
  EXPECT_EQ(kBins[1].end, kBins[2].begin);
  EXPECT_EQ(kBins[2].begin, kEntities / 2);
  EXPECT_GT(frequency_of_rank(kBins[0].end - 1) / frequency_of_rank(kEntities - 1), 5);
}

TEST(world, names_its_subjects_where_one_is_unknown) {
  const World world = make_world(1);
  const std::string message = message_of<Error>([&] { subject_of(world, "dragons"); });
  EXPECT_NE(message.find("alchemy"), std::string::npos) << message;
}

}  // namespace
}  // namespace moe
