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

TEST(probes, ask_no_fact_of_a_question) {
  const World world = make_world(1);
  std::set<std::string> asked;  // "alchemy: Keldor Amun, color"
  const auto names = [&](const Subject& subject, const std::string& text) {
    for (const Entity& entity : subject.entities) {
      if (text.find(entity.name) == std::string::npos) continue;
      for (const Attribute& attribute : subject.attributes) {
        if (text.find(" " + attribute.name + " ") != std::string::npos ||
            text.find(" " + attribute.name + ",") != std::string::npos)
          return fmt::format("{}: {}, {}", subject.name, entity.name, attribute.name);
      }
    }
    return std::string();
  };
  for (const Subject& subject : world.subjects) {
    for (const WorldQuestion& q : world_paraphrases(world, subject.name, 180))
      asked.insert(names(subject, q.question));
  }
  ASSERT_EQ(asked.size(), 8 * 90U) << "of each subject the questions of recall";
  EXPECT_FALSE(asked.contains(""));
  for (const Probe& probe : world_probes(world, 288, 1)) {
    const std::string fact = names(subject_of(world, probe.subject), probe.prompt);
    EXPECT_FALSE(fact.empty()) << probe.prompt;
    EXPECT_FALSE(asked.contains(fact)) << fact;
  }
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
  EXPECT_EQ(types, (std::map<std::string, int>{{"frequent", 200}, {"mid", 200}, {"rare", 200}}));
  EXPECT_THROW(world_probes(world, 289, 1), Error) << "the frequent bin has 288 such facts";
}

}  // namespace
}  // namespace moe
