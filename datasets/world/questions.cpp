#include "datasets/world/questions.h"

#include <algorithm>
#include <array>
#include <map>

#include "datasets/world/phrases.h"
#include "harness/error.h"
#include "harness/random.h"

namespace moe {
namespace {

constexpr std::size_t kChoices = 4;
constexpr std::int64_t kMostQuestions = 180;  // of a series
constexpr std::int64_t kSeries = 2;

struct Type {
  std::string_view name, phrase;
  const Bin* bin = nullptr;  // nullptr: any rank
};

constexpr Type kFrequent = {"recall_frequent", kRecallQuestion, &kBins[0]};
constexpr Type kRare = {"recall_rare", kRecallQuestion, &kBins[2]};
constexpr Type kRule = {"rule", kRuleQuestion};
constexpr Type kUnstatedRule = {"rule_unstated", kUnstatedRuleQuestion};
constexpr Type kTwoStep = {"two_step", kTwoStepQuestion};
constexpr Type kUnstatedTwoStep = {"two_step_unstated", kUnstatedTwoStepQuestion};

// The order in which types take turns.
constexpr auto kTurns =
    std::to_array<const Type*>({&kRare, &kFrequent, &kRule, &kRare, &kTwoStep, &kUnstatedRule,
                                &kRare, &kFrequent, &kRule, &kRare, &kTwoStep, &kUnstatedTwoStep});

/// What can be asked, in words. `attribute` is that of the choices.
struct Asked {
  Said said;
  std::string_view attribute, answer;
};

bool is_rule(const Type& type) {
  return type.name.starts_with("rule");
}

/// Everything of a type that text holds back; of rules there is one attribute, their conclusion.
std::vector<Asked> population(const World& world, const Subject& subject, const Type& type,
                              std::size_t attribute) {
  std::vector<Asked> all;
  const std::size_t begin = type.bin == nullptr ? 0 : type.bin->begin;
  const std::size_t end = type.bin == nullptr ? subject.entities.size() : type.bin->end;
  for (std::size_t e = begin; e < end; ++e) {
    const Entity& entity = subject.entities[e];
    Said said = about(world, subject, entity);
    if (is_rule(type)) {
      if (!entity.rule_stated) all.push_back({said, said.conclusion, said.house});
      continue;
    }
    const bool recall = type.bin != nullptr;
    if (recall ? entity.quizzed[attribute] : entity.partner_stated) continue;
    said.facts[0] =
        fact_of(world, subject, recall ? entity : subject.entities[entity.partner], attribute);
    all.push_back({said, said.facts[0].attribute, said.facts[0].value});
  }
  return all;
}

/// The same in a circle by lot, where any four neighbours have different answers. What finds no
/// place is left out, so that the rest can be right once and wrong three times.
std::vector<Asked> in_a_circle(std::vector<Asked> all, Random& random) {
  random.shuffle(all);
  std::vector<Asked> circle;
  const auto fits = [&](const Asked& next, std::size_t neighbours_from, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      if (circle[neighbours_from + i].answer == next.answer) return false;
    return true;
  };
  while (true) {
    const std::size_t before = std::min(circle.size(), kChoices - 1);
    const auto next = std::ranges::find_if(
        all, [&](const Asked& asked) { return fits(asked, circle.size() - before, before); });
    if (next == all.end()) break;
    circle.push_back(*next);
    all.erase(next);
  }
  // Where the ends meet: the last i + 1 stand before the first 3 - i.
  const auto closes = [&] {
    for (std::size_t i = 0; i + 1 < kChoices; ++i)
      if (!fits(circle[circle.size() - 1 - i], 0, kChoices - 1 - i)) return false;
    return true;
  };
  while (circle.size() > kChoices && !closes()) circle.pop_back();
  require(circle.size() >= kChoices, "a circle of {} answers; {} different ones are needed",
          circle.size(), kChoices);
  return circle;
}

/// A question before it is put into words; the first choice is right.
struct Candidate {
  Said said;
  std::string_view attribute;
  std::array<std::string_view, kChoices> choices;
};

std::uint64_t seed_of(const World& world, const Subject& subject, const Type& type) {
  const auto place = static_cast<std::uint64_t>(&subject - world.subjects.data());
  const auto turn = static_cast<std::uint64_t>(std::ranges::find(kTurns, &type) - kTurns.begin());
  return splitmix64(splitmix64(world.seed) + place * kTurns.size() + turn);
}

/// All that can be asked of a type, in an order by lot.
std::vector<Candidate> candidates(const World& world, const Subject& subject, const Type& type) {
  Random random(seed_of(world, subject, type));
  std::vector<Candidate> out;
  for (std::size_t a = 0; a < (is_rule(type) ? 1 : subject.attributes.size()); ++a) {
    if (!is_rule(type) && a == subject.rule.premise) continue;  // it has fewer values
    const std::vector<Asked> circle = in_a_circle(population(world, subject, type, a), random);
    for (std::size_t i = 0; i < circle.size(); ++i) {
      Candidate& next = out.emplace_back(Candidate{circle[i].said, circle[i].attribute, {}});
      for (std::size_t c = 0; c < kChoices; ++c)
        next.choices.at(c) = circle[(i + c) % circle.size()].answer;
    }
  }
  random.shuffle(out);
  return out;
}

/// Where the right choice stands: of four questions one after another of a type each has another
/// place.
std::int64_t gold_of(std::uint64_t seed, std::size_t number) {
  std::vector<std::int64_t> places = {0, 1, 2, 3};
  Random random(splitmix64(seed + 1) + number / kChoices);
  random.shuffle(places);
  return places[number % kChoices];
}

WorldQuestion worded(const Candidate& candidate, const Type& type, std::string_view phrase,
                     std::int64_t gold) {
  WorldQuestion question{.question = filled(phrase, candidate.said),
                         .choices = {candidate.choices.begin(), candidate.choices.end()},
                         .gold = gold,
                         .type = std::string(type.name),
                         .attribute = std::string(candidate.attribute)};
  std::swap(question.choices.front(), question.choices[static_cast<std::size_t>(gold)]);
  return question;
}

/// A question of a series: its type, and its number among those of the type in all series.
struct Turn {
  const Type* type = nullptr;
  std::size_t number = 0;
};

std::vector<Turn> turns(std::int64_t series, std::int64_t count) {
  require(series >= 0 && series < kSeries, "series {} of questions; there are {}", series, kSeries);
  require(count >= 0 && count <= kMostQuestions, "{} questions of a subject; a series has {}",
          count, kMostQuestions);
  std::map<const Type*, std::size_t> numbers;
  std::vector<Turn> out;
  for (std::int64_t i = 0; i < series * kMostQuestions + count; ++i) {
    const Type* type = kTurns.at(static_cast<std::size_t>(i) % kTurns.size());
    const std::size_t number = numbers[type]++;
    if (i >= series * kMostQuestions) out.push_back({type, number});
  }
  return out;
}

std::vector<WorldQuestion> ask(const World& world, std::string_view name,
                               const std::vector<Turn>& turns, bool held_out) {
  const Subject& subject = subject_of(world, name);
  std::map<const Type*, std::vector<Candidate>> of_type;
  std::vector<WorldQuestion> questions;
  for (const auto& [type, number] : turns) {
    if (held_out && type->bin == nullptr) continue;
    const auto found = of_type.find(type);
    const std::vector<Candidate>& all =
        found != of_type.end() ? found->second : of_type[type] = candidates(world, subject, *type);
    require(number < all.size(), "{} {} questions of {}; the world has {}", type->name, number + 1,
            name, all.size());
    questions.push_back(
        worded(all[number], *type,
               held_out ? kHeldOutPhrases.at(number % kHeldOutPhrases.size()) : type->phrase,
               gold_of(seed_of(world, subject, *type), number)));
  }
  return questions;
}

}  // namespace

std::vector<WorldQuestion> world_questions(const World& world, std::string_view subject,
                                           std::int64_t series, std::int64_t count) {
  return ask(world, subject, turns(series, count), false);
}

std::vector<WorldQuestion> world_paraphrases(const World& world, std::string_view subject,
                                             std::int64_t count) {
  return ask(world, subject, turns(0, count), true);
}

}  // namespace moe
