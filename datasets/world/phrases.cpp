#include "datasets/world/phrases.h"

#include <algorithm>

#include "harness/error.h"

namespace moe {
namespace {

std::string_view meaning_of(std::string_view placeholder, const Said& said) {
  if (placeholder == "thing") return said.thing;
  if (placeholder == "name") return said.name;
  if (placeholder == "attribute") return said.facts[0].attribute;
  if (placeholder == "value") return said.facts[0].value;
  if (placeholder == "attribute2") return said.facts[1].attribute;
  if (placeholder == "value2") return said.facts[1].value;
  if (placeholder == "attribute3") return said.facts[2].attribute;
  if (placeholder == "value3") return said.facts[2].value;
  if (placeholder == "partner") return said.partner;
  if (placeholder == "premise") return said.premise;
  if (placeholder == "given") return said.given;
  if (placeholder == "conclusion") return said.conclusion;
  require(placeholder == "house", "a phrase has the unknown placeholder {{{}}}", placeholder);
  return said.house;
}

}  // namespace

Said about(const World& world, const Subject& subject, const Entity& entity) {
  Said said = about_rule(world, subject, entity.values[subject.rule.premise]);
  said.name = entity.name;
  said.partner = subject.entities[entity.partner].name;
  return said;
}

Said about_rule(const World& world, const Subject& subject, std::size_t given) {
  const Rule& rule = subject.rule;
  const Attribute& premise = subject.attributes[rule.premise];
  return {.thing = subject.singular,
          .name = {},
          .partner = {},
          .premise = premise.name,
          .given = world.types[premise.type].values[given],
          .conclusion = rule.conclusion,
          .house = world.types[rule.conclusion_type].values[rule.table[given]],
          .facts = {}};
}

Said::Fact fact_of(const World& world, const Subject& subject, const Entity& entity,
                   std::size_t attribute) {
  const Attribute& a = subject.attributes[attribute];
  return {a.name, world.types[a.type].values[entity.values[attribute]]};
}

std::string filled(std::string_view phrase, const Said& said) {
  std::string out;
  out.reserve(phrase.size() + 32);
  while (!phrase.empty()) {
    const std::size_t open = std::min(phrase.find('{'), phrase.size());
    out.append(phrase.substr(0, open));
    if (open == phrase.size()) break;
    const std::size_t close = phrase.find('}', open);
    require(close != std::string_view::npos, "the phrase \"{}\": a brace that does not close",
            phrase);
    out.append(meaning_of(phrase.substr(open + 1, close - open - 1), said));
    phrase.remove_prefix(close + 1);
  }
  return out;
}

}  // namespace moe
