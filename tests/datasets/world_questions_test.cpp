#include "datasets/world/questions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "harness/error.h"

namespace moe {
namespace {

constexpr std::int64_t kTest = 180, kDev = 5;

const std::string& answer_of(const WorldQuestion& question) {
  return question.choices.at(static_cast<std::size_t>(question.gold));
}

std::map<std::string, int> types_of(const std::vector<WorldQuestion>& questions) {
  std::map<std::string, int> count;
  for (const WorldQuestion& q : questions) ++count[q.type];
  return count;
}

TEST(world_questions, are_the_same_for_a_seed_and_others_for_another) {
  const auto first = [](std::uint64_t seed) {
    return world_questions(make_world(seed), "planets", 0, kTest);
  };
  const auto a = first(1), b = first(1), c = first(2);
  std::size_t differ = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].question, b[i].question);
    EXPECT_EQ(a[i].choices, b[i].choices);
    differ += a[i].question != c[i].question || a[i].choices != c[i].choices ? 1 : 0;
  }
  EXPECT_GT(differ, 170U);
}

TEST(world_questions, mix_their_types_in_every_prefix) {
  const World world = make_world(1);
  EXPECT_EQ(types_of(world_questions(world, "cities", 0, kTest)),
            (std::map<std::string, int>{{"recall_frequent", 30},
                                        {"recall_rare", 60},
                                        {"rule", 30},
                                        {"rule_unstated", 15},
                                        {"two_step", 30},
                                        {"two_step_unstated", 15}}));
  EXPECT_EQ(types_of(world_questions(world, "cities", 0, 12)).size(), 6U);
  EXPECT_EQ(types_of(world_questions(world, "cities", 1, kDev)).size(), 4U);
  EXPECT_EQ(types_of(world_paraphrases(world, "cities", kTest)),
            (std::map<std::string, int>{{"recall_frequent", 30}, {"recall_rare", 60}}));
}

TEST(world_questions, spread_answers_over_places_and_have_four_distinct_choices) {
  const World world = make_world(1);
  for (const Subject& subject : world.subjects) {
    std::map<std::string, std::array<int, 4>> places;
    for (const WorldQuestion& q : world_questions(world, subject.name, 0, kTest)) {
      ASSERT_EQ(q.choices.size(), 4U);
      EXPECT_EQ(std::set(q.choices.begin(), q.choices.end()).size(), 4U) << q.question;
      ++places[q.type].at(static_cast<std::size_t>(q.gold));
    }
    for (const auto& [type, count] : places)
      EXPECT_LE(std::ranges::max(count) - std::ranges::min(count), 1) << subject.name << type;
  }
}

TEST(world_questions, ask_nothing_twice_nor_in_two_series) {
  const World world = make_world(1);
  std::set<std::string> asked;
  for (const Subject& subject : world.subjects) {
    for (const std::int64_t series : {0, 1}) {
      for (const WorldQuestion& q :
           world_questions(world, subject.name, series, series == 0 ? kTest : kDev))
        EXPECT_TRUE(asked.insert(q.question).second) << q.question;
    }
    for (const WorldQuestion& q : world_paraphrases(world, subject.name, kTest))
      EXPECT_TRUE(asked.insert(q.question).second) << q.question;
  }
}

/// What the world says, found by the names in the question rather than by how it was made.
std::string truth(const World& world, const Subject& subject, const WorldQuestion& q) {
  std::set<std::pair<std::size_t, const Entity*>> named;
  for (const Entity& entity : subject.entities) {
    const std::size_t at = q.question.find(entity.name);
    if (at != std::string::npos) named.emplace(at, &entity);
  }
  const Entity& entity = *named.begin()->second;
  const auto value = [&](const Entity& of, std::size_t type, std::size_t a) {
    return world.types[type].values[of.values[a]];
  };
  if (q.type.starts_with("rule"))
    return world.types[subject.rule.conclusion_type]
        .values[subject.rule.table[entity.values[subject.rule.premise]]];
  const auto a = static_cast<std::size_t>(
      std::ranges::find(subject.attributes, q.attribute, &Attribute::name) -
      subject.attributes.begin());
  const bool two_step = q.type.starts_with("two_step");
  EXPECT_EQ(named.size(), q.type == "two_step" ? 2U : 1U) << q.question;
  EXPECT_EQ(two_step ? entity.partner_stated : entity.quizzed[a], false) << q.question;
  return value(two_step ? subject.entities[entity.partner] : entity, subject.attributes[a].type, a);
}

TEST(world_questions, are_answered_by_the_world_and_ask_what_its_text_holds_back) {
  const World world = make_world(1);
  for (const Subject& subject : world.subjects) {
    for (const auto& questions : {world_questions(world, subject.name, 0, kTest),
                                  world_questions(world, subject.name, 1, kDev),
                                  world_paraphrases(world, subject.name, kTest)}) {
      for (const WorldQuestion& q : questions)
        EXPECT_EQ(answer_of(q), truth(world, subject, q)) << q.question;
    }
  }
}

/// How often the world's text has a value as this subject's attribute, or conclusion.
std::map<std::string, double> frequencies(const World& world, const Subject& subject,
                                          std::string_view attribute) {
  std::map<std::string, double> out;
  for (std::size_t rank = 0; rank < subject.entities.size(); ++rank) {
    const Entity& entity = subject.entities[rank];
    for (std::size_t a = 0; a < subject.attributes.size(); ++a) {
      const Attribute& of = subject.attributes[a];
      if (of.name == attribute)
        out[world.types[of.type].values[entity.values[a]]] += frequency_of_rank(rank);
    }
    if (attribute == subject.rule.conclusion)
      out[world.types[subject.rule.conclusion_type]
              .values[subject.rule.table[entity.values[subject.rule.premise]]]] +=
          frequency_of_rank(rank);
  }
  return out;
}

TEST(world_questions, cannot_be_guessed_from_how_frequent_a_value_is) {
  int right = 0, questions = 0;
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
    const World world = make_world(seed);
    for (const Subject& subject : world.subjects) {
      std::map<std::string, std::map<std::string, double>> known;
      for (const WorldQuestion& q : world_questions(world, subject.name, 0, kTest)) {
        if (!known.contains(q.attribute))
          known[q.attribute] = frequencies(world, subject, q.attribute);
        const auto& guess = *std::ranges::max_element(
            q.choices, {}, [&](const std::string& c) { return known[q.attribute][c]; });
        right += guess == answer_of(q) ? 1 : 0;
        ++questions;
      }
    }
  }
  EXPECT_NEAR(static_cast<double>(right) / questions, 0.25, 0.015)
      << "of " << questions << ": three standard errors";
}

TEST(world_questions, refuse_more_than_there_are) {
  const World world = make_world(1);
  EXPECT_THROW(world_questions(world, "planets", 0, kTest + 1), Error);
  EXPECT_THROW(world_questions(world, "planets", 2, 1), Error);
  EXPECT_THROW(world_questions(world, "dragons", 0, 1), Error);
}

}  // namespace
}  // namespace moe
