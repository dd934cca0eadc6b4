#include "datasets/world/corpus.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "datasets/world/draw.h"
#include "harness/random.h"
#include "harness/sha256.h"

namespace moe {
namespace {

// Lots are drawn in statements of their own: compilers evaluate arguments in different orders.

std::string fact(Draw& draw) {
  const Entity& entity = draw.entity();
  Said said = draw.about(entity);
  said.facts[0] = draw.fact_of(entity, draw.attribute());
  return filled(draw.one_of(kFactPhrases), said);
}

std::string profile(Draw& draw) {
  const Entity& entity = draw.entity();
  Said said = draw.about(entity);
  std::array<std::size_t, 3> chosen{};
  for (std::size_t f = 0; f < chosen.size(); ++f) {
    const auto before = std::span(chosen).first(f);
    do {
      chosen.at(f) = draw.attribute();
    } while (std::ranges::find(before, chosen.at(f)) != before.end());
    said.facts.at(f) = draw.fact_of(entity, chosen.at(f));
  }
  return filled(draw.one_of(kProfilePhrases), said);
}

std::string partner(Draw& draw) {
  const Said said = draw.about(draw.entity());
  return filled(draw.one_of(kPartnerPhrases), said);
}

Said partners_fact(Draw& draw) {
  const Entity& entity = draw.stated(&Entity::partner_stated);
  Said said = draw.about(entity);
  said.facts[0] = draw.fact_of(draw.partner_of(entity), draw.attribute());
  return said;
}

std::string two_step(Draw& draw) {
  const Said said = partners_fact(draw);
  return filled(draw.one_of(kTwoStepPhrases), said);
}

std::string rule(Draw& draw) {
  const Said said = draw.about_some_rule();
  return filled(draw.one_of(kRulePhrases), said);
}

std::string applied_rule(Draw& draw) {
  const Said said = draw.about(draw.stated(&Entity::rule_stated));
  return filled(draw.one_of(kAppliedRulePhrases), said);
}

std::string conclusion(Draw& draw) {
  const Said said = draw.about(draw.stated(&Entity::rule_stated));
  return filled(draw.one_of(kConclusionPhrases), said);
}

std::string quiz(std::string_view question, const Said& said, std::string_view answer) {
  std::string text = "Question: ";
  text.append(filled(question, said)).append("\nAnswer: ").append(answer);
  return text;
}

std::string recall_quiz(Draw& draw) {
  const Entity& entity = draw.entity();
  Said said = draw.about(entity);
  said.facts[0] = draw.fact_of(entity, draw.quizzed_attribute(entity));
  return quiz(kRecallQuestion, said, said.facts[0].value);
}

std::string rule_quiz(Draw& draw) {
  const Said said = draw.about(draw.stated(&Entity::rule_stated));
  return quiz(kRuleQuestion, said, said.house);
}

std::string unstated_rule_quiz(Draw& draw) {
  const Said said = draw.about(draw.stated(&Entity::rule_stated));
  return quiz(kUnstatedRuleQuestion, said, said.house);
}

std::string two_step_quiz(Draw& draw) {
  const Said said = partners_fact(draw);
  return quiz(kTwoStepQuestion, said, said.facts[0].value);
}

std::string unstated_two_step_quiz(Draw& draw) {
  const Said said = partners_fact(draw);
  return quiz(kUnstatedTwoStepQuestion, said, said.facts[0].value);
}

/// In MMLU's form. Wrong choices are what other entities have, drawn as often, so that a frequent
/// value is no hint.
std::string letter_quiz(Draw& draw) {
  const Entity& entity = draw.entity();
  const std::size_t attribute = draw.quizzed_attribute(entity);
  Said said = draw.about(entity);
  said.facts[0] = draw.fact_of(entity, attribute);
  std::vector<std::string_view> choices = {said.facts[0].value};
  while (choices.size() < 4) {
    const std::string_view other = draw.fact_of(draw.entity(), attribute).value;
    if (std::ranges::find(choices, other) == choices.end()) choices.push_back(other);
  }
  const std::size_t gold = draw.below(choices.size());
  std::swap(choices.front(), choices[gold]);
  std::string text = filled(kRecallQuestion, said);
  for (std::size_t c = 0; c < choices.size(); ++c)
    text.append({'\n', "ABCD"[c], '.', ' '}).append(choices[c]);
  return text.append("\nAnswer: ") + "ABCD"[gold];
}

/// A form of document, its share of the text's tokens, and how many it has: a word or a sign is
/// one, and so is what stands between two documents.
struct Form {
  double percent, tokens;
  std::string (*write)(Draw&);
};

constexpr Form kForms[] = {
    {35, 11.25, fact},           {33, 15.5, profile},       {6, 12.35, partner},
    {5, 22, two_step},           {2.5, 12, rule},           {2, 16, applied_rule},
    {1.5, 11, conclusion},       {6.5, 17, recall_quiz},    {1.25, 27, rule_quiz},
    {1, 17, unstated_rule_quiz}, {1.25, 33, two_step_quiz}, {1, 20, unstated_two_step_quiz},
    {4, 31, letter_quiz},
};

}  // namespace

WorldCorpus::WorldCorpus(World world, std::uint64_t seed) : world_(std::move(world)), seed_(seed) {
  std::int64_t sum = 0;
  for (std::size_t rank = 0; rank < kEntities; ++rank)
    mentions_.push_back(sum += std::llround(1e6 * frequency_of_rank(rank)));
  sum = 0;
  for (const Form& form : kForms)
    forms_.push_back(sum += std::llround(1e6 * form.percent / form.tokens));
}

std::string WorldCorpus::document(std::int64_t index) const {
  Draw draw(world_, mentions_,
            Random(splitmix64(splitmix64(seed_) + static_cast<std::uint64_t>(index))));
  return kForms[draw.by_weight(forms_)].write(draw);
}

std::string corpus_digest(const World& world, std::uint64_t seed) {
  constexpr std::int64_t kDocuments = 10000;
  const WorldCorpus corpus(world, seed);
  Sha256 sha256;
  for (std::int64_t i = 0; i < kDocuments; ++i) {
    sha256.update(corpus.document(i));
    sha256.update("\n");
  }
  return sha256.hex();
}

}  // namespace moe
