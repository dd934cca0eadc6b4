#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "datasets/world/questions.h"
#include "harness/error.h"

namespace moe {
namespace {

TEST(world, is_the_same_for_a_seed_and_another_for_another) {
  const World world = make_world(1), again = make_world(1), other = make_world(2);
  ASSERT_GE(world.subjects.size(), 8U);
  const auto first = [](const World& w) { return world_questions(w, "planets", 0, 40); };
  const auto a = first(world), b = first(again), c = first(other);
  ASSERT_EQ(a.size(), 40U);
  std::size_t differ = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].question, b[i].question);
    EXPECT_EQ(a[i].choices, b[i].choices);
    differ += a[i].question != c[i].question || a[i].choices != c[i].choices ? 1 : 0;
  }
  EXPECT_GT(differ, 30U);
}

TEST(world, spreads_answers_over_places_and_has_four_distinct_choices) {
  const World world = make_world(1);
  for (const Subject& subject : world.subjects) {
    std::array<int, 4> places{};
    for (const WorldQuestion& q : world_questions(world, subject.name, 0, 40)) {
      ASSERT_EQ(q.choices.size(), 4U);
      EXPECT_EQ(std::set(q.choices.begin(), q.choices.end()).size(), 4U) << q.question;
      ++places.at(static_cast<std::size_t>(q.gold));
    }
    EXPECT_EQ(places, (std::array{10, 10, 10, 10})) << subject.name;
  }
}

TEST(world, asks_no_question_in_two_series_or_twice) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const World world = make_world(seed);
    std::set<std::string> asked;
    for (const Subject& subject : world.subjects) {
      for (const std::int64_t series : {0, 1}) {
        for (const WorldQuestion& q : world_questions(world, subject.name, series, 60))
          EXPECT_TRUE(asked.insert(q.question).second) << q.question;
      }
    }
  }
}

TEST(world, answers_of_recall_questions_are_facts_of_the_world) {
  const World world = make_world(1);
  for (const Subject& subject : world.subjects) {
    for (const WorldQuestion& q : world_questions(world, subject.name, 0, 40)) {
      if (!q.type.starts_with("recall")) continue;
      bool found = false;
      for (const Entity& entity : subject.entities) {
        for (std::size_t a = 0; a < subject.attributes.size(); ++a) {
          const Attribute& attribute = subject.attributes[a];
          if (q.question.find(" " + attribute.name + " of") == std::string::npos ||
              !q.question.ends_with(" " + entity.name + "?"))
            continue;
          found = found || world.types[attribute.type].values[entity.values[a]] ==
                               q.choices[static_cast<std::size_t>(q.gold)];
        }
      }
      EXPECT_TRUE(found) << q.question;
    }
  }
}

TEST(world, entities_have_names_of_their_own_and_a_partner) {
  const World world = make_world(1);
  for (const Subject& subject : world.subjects) {
    std::set<std::string> names;
    for (const Entity& entity : subject.entities) {
      EXPECT_TRUE(names.insert(entity.name).second) << subject.name << " " << entity.name;
      ASSERT_LT(entity.partner, subject.entities.size());
      EXPECT_NE(&subject.entities[entity.partner], &entity);
      ASSERT_EQ(entity.values.size(), subject.attributes.size());
    }
  }
}

TEST(world, refuses_more_questions_than_there_are_facts) {
  const World world = make_world(1);
  EXPECT_THROW(world_questions(world, "planets", 0, 61), Error);
  EXPECT_THROW(world_questions(world, "planets", 2, 1), Error);
  EXPECT_THROW(world_questions(world, "dragons", 0, 1), Error);
}

}  // namespace
}  // namespace moe
