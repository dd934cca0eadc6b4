#include "datasets/world/questions.h"

#include <algorithm>
#include <array>
#include <set>

#include "harness/error.h"
#include "harness/random.h"

namespace moe {
namespace {

constexpr std::int64_t kChoices = 4;
constexpr std::int64_t kMostQuestions =
    60;  // a subject and series: five entities of four attributes are the scarcest type
constexpr std::int64_t kSeries =
    2;  // entities are dealt out among series, so that none is asked about in two

struct Asked {
  std::string question;
  std::size_t type = 0, value = 0;  // of the right answer
};

const std::string& value_of(const World& world, std::size_t type, std::size_t value) {
  return world.types[type].values[value];
}

/// A fact as it stands.
Asked recall(const Subject& subject, const Entity& entity, std::size_t attribute) {
  const Attribute& a = subject.attributes[attribute];
  return {fmt::format("What is the {} of the {} {}?", a.name, subject.singular, entity.name),
          a.type, entity.values[attribute]};
}

/// What the subject's rule derives from a fact.
Asked derived(const Subject& subject, const Entity& entity) {
  const Rule& rule = subject.rule;
  return {fmt::format("Which {} does the {} {} belong to?", rule.conclusion, subject.singular,
                      entity.name),
          rule.conclusion_type, rule.table[entity.values[rule.premise]]};
}

/// A fact of the entity's partner.
Asked two_step(const Subject& subject, const Entity& entity, std::size_t attribute) {
  const Attribute& a = subject.attributes[attribute];
  const Entity& partner = subject.entities[entity.partner];
  return {fmt::format("What is the {} of the partner of the {} {}?", a.name, subject.singular,
                      entity.name),
          a.type, partner.values[attribute]};
}

/// An entity of this series: of the tenth mentioned most, of the half mentioned least, or any.
const Entity& pick(const Subject& subject, std::int64_t series, std::string_view type,
                   Random& random) {
  const auto count = static_cast<std::int64_t>(subject.entities.size());
  const std::int64_t begin = type == "recall_rare" ? count / 2 : 0;
  const std::int64_t end = type == "recall_frequent" ? count / 10 : count;
  return subject.entities[static_cast<std::size_t>(
      begin + random.below((end - begin) / kSeries) * kSeries + series)];
}

constexpr auto kTypes =
    std::to_array<std::string_view>({"recall_frequent", "recall_rare", "rule", "two_step"});

Asked ask(const Subject& subject, std::int64_t series, std::string_view type, Random& random) {
  const auto attribute =
      static_cast<std::size_t>(random.below(static_cast<std::int64_t>(subject.attributes.size())));
  const Entity& entity = pick(subject, series, type, random);
  if (type == "rule") return derived(subject, entity);
  if (type == "two_step") return two_step(subject, entity, attribute);
  return recall(subject, entity, attribute);
}

WorldQuestion with_choices(const World& world, Asked asked, std::string_view type,
                           std::int64_t gold, Random& random) {
  std::vector<std::size_t> others;
  for (std::size_t v = 0; v < world.types[asked.type].values.size(); ++v) {
    if (v != asked.value) others.push_back(v);
  }
  random.shuffle(others);
  WorldQuestion question{.question = std::move(asked.question),
                         .choices = {},
                         .gold = gold,
                         .type = std::string(type)};
  for (std::int64_t c = 0; c < kChoices; ++c) {
    const std::size_t value = c == gold ? asked.value : others[static_cast<std::size_t>(c)];
    question.choices.push_back(value_of(world, asked.type, value));
  }
  return question;
}

}  // namespace

std::vector<WorldQuestion> world_questions(const World& world, std::string_view name,
                                           std::int64_t series, std::int64_t count) {
  require(series >= 0 && series < kSeries, "series {} of questions; there are {}", series, kSeries);
  require(count <= kMostQuestions, "{} questions of a subject; it has facts for {}", count,
          kMostQuestions);
  const Subject& subject = subject_of(world, name);
  const auto place = static_cast<std::uint64_t>(&subject - world.subjects.data());
  Random random(world.seed * 1000003 + place * 101 + static_cast<std::uint64_t>(series));
  std::vector<WorldQuestion> questions;
  std::set<std::string> asked_before;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string_view type = kTypes[static_cast<std::size_t>(i % 4)];
    Asked asked = ask(subject, series, type, random);
    while (!asked_before.insert(asked.question).second) asked = ask(subject, series, type, random);
    // The right answer's place moves on with every round of types, so that type and place do not go
    // together.
    questions.push_back(
        with_choices(world, std::move(asked), type, (i + i / 4) % kChoices, random));
  }
  return questions;
}

}  // namespace moe
