// Held-out sentences of the bundled world.
#include "datasets/world/probes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "datasets/world/phrases.h"
#include "datasets/world/questions.h"
#include "harness/error.h"

namespace moe {
namespace {

/// The entity that the text names first.
const Entity* first_named(const Subject& subject, const std::string& text) {
  const Entity* first = nullptr;
  std::size_t at = std::string::npos;
  for (const Entity& entity : subject.entities) {
    const std::size_t here = text.find(entity.name);
    if (here < at) first = &entity, at = here;
  }
  return first;
}

/// What a question asks, "Keldor Amun, color"; of one about a partner, the partner's.
std::string fact_asked(const Subject& subject, const WorldQuestion& question) {
  const Entity* entity = first_named(subject, question.question);
  EXPECT_NE(entity, nullptr) << question.question;
  if (question.type.starts_with("two_step")) entity = &subject.entities[entity->partner];
  return entity->name + ", " + question.attribute;
}

TEST(probes, ask_no_fact_of_a_question) {
  const World world = make_world(1);
  std::set<std::string> asked, types;
  for (const Subject& subject : world.subjects) {
    for (const std::int64_t series : {0, 1}) {
      for (const WorldQuestion& question :
           world_questions(world, subject.name, series, series == 0 ? 180 : 5)) {
        types.insert(question.type);
        if (!question.type.starts_with("rule")) asked.insert(fact_asked(subject, question));
      }
    }
  }
  EXPECT_EQ(types.size(), 6U);
  ASSERT_GT(asked.size(), 900U);
  for (const Probe& probe : world_probes(world, 10000, 1)) {
    const Subject& subject = subject_of(world, probe.subject);
    const Entity* entity = first_named(subject, probe.prompt);
    ASSERT_NE(entity, nullptr) << probe.prompt;
    for (const Attribute& attribute : subject.attributes) {
      if (probe.prompt.find(" " + attribute.name + " ") == std::string::npos) continue;
      EXPECT_FALSE(asked.contains(entity->name + ", " + attribute.name)) << probe.prompt;
    }
  }
}

TEST(probes, have_wordings_of_their_own) {
  for (const std::string_view phrase : kProbePhrases)
    EXPECT_EQ(std::ranges::find(kHeldOutPhrases, phrase), kHeldOutPhrases.end()) << phrase;
}

TEST(probes, of_a_bin_differ_and_are_true) {
  const World world = make_world(1);
  std::map<std::string, int> types;
  std::set<std::string> prompts;
  for (const Probe& probe : world_probes(world, 200, 7)) {
    ++types[probe.type];
    EXPECT_TRUE(prompts.insert(probe.prompt).second) << probe.prompt;
    EXPECT_TRUE(probe.answer.starts_with(' ')) << probe.answer;
    const Bin& bin = *std::ranges::find(kBins, probe.type, &Bin::name);
    const Subject& subject = subject_of(world, probe.subject);
    bool found = false;
    for (std::size_t e = bin.begin; e < bin.end; ++e) {
      const Entity& entity = subject.entities[e];
      if (probe.prompt.find(entity.name) == std::string::npos) continue;
      for (std::size_t a = 0; a < subject.attributes.size(); ++a) {
        const Said::Fact fact = fact_of(world, subject, entity, a);
        found = found || (probe.prompt.find(fact.attribute) != std::string::npos &&
                          probe.answer.substr(1) == fact.value);
      }
    }
    EXPECT_TRUE(found) << probe.prompt << probe.answer;
  }
  EXPECT_GT(types["frequent"], 150);  // all there are
  EXPECT_EQ(types["mid"], 200);
  EXPECT_EQ(types["rare"], 200);
}

}  // namespace
}  // namespace moe
