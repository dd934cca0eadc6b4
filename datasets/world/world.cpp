#include "datasets/world/world.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "datasets/world/words.h"
#include "harness/error.h"
#include "harness/random.h"

namespace moe {
namespace {

constexpr std::size_t kAttributes = 6;  // a subject, beside its rule's premise

std::size_t below(Random& random, std::size_t n) {
  return static_cast<std::size_t>(random.below(static_cast<std::int64_t>(n)));
}

std::vector<std::size_t> shuffled(std::size_t n, Random& random) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < n; ++i) order.push_back(i);
  random.shuffle(order);
  return order;
}

std::vector<ValueType> make_types() {
  std::vector<ValueType> types;
  for (const TypeWords& type : type_words())
    types.push_back({std::string(type.name), split_words(type.values)});
  for (const TypeWords& type : {premise_words(), conclusion_words()})
    types.push_back({std::string(type.name), split_words(type.values)});
  return types;
}

/// Two words; no two names of the world have the same two, in whatever order.
std::string new_name(const std::vector<std::string>& words, Random& random,
                     std::set<std::string>& taken) {
  while (true) {
    const std::string& first = words[below(random, words.size())];
    const std::string& last = words[below(random, words.size())];
    if (first == last || taken.contains(fmt::format("{} {}", last, first))) continue;
    std::string name = fmt::format("{} {}", first, last);
    if (taken.insert(name).second) return name;
  }
}

/// What text holds back: of two neighbours in rank one or the other keeps it, by lot.
void hold_back(Subject& subject, Random& random) {
  for (std::size_t e = 0; e + 1 < subject.entities.size(); e += 2) {
    Entity &one = subject.entities[e], &other = subject.entities[e + 1];
    one.quizzed.assign(subject.attributes.size(), true);  // that of the premise stays so
    other.quizzed = one.quizzed;
    const std::vector<std::size_t> order = shuffled(kAttributes, random);
    for (std::size_t a = 0; a < kAttributes; ++a)
      (a < kAttributes / 2 ? one : other).quizzed[order[a]] = false;
    one.rule_stated = below(random, 2) == 0;
    other.rule_stated = !one.rule_stated;
    one.partner_stated = below(random, 2) == 0;
    other.partner_stated = !one.partner_stated;
  }
}

Subject make_subject(const SubjectWords& about, const std::vector<ValueType>& types,
                     const std::vector<std::string>& names, Random& random,
                     std::set<std::string>& taken) {
  const std::size_t conclusion_type = types.size() - 1, premise_type = types.size() - 2;
  Subject subject{.name = std::string(about.name),
                  .singular = std::string(about.singular),
                  .attributes = {},
                  .entities = {},
                  .rule = {}};
  const std::vector<std::size_t> order = shuffled(premise_type, random);
  for (std::size_t a = 0; a < kAttributes; ++a)
    subject.attributes.push_back({types[order[a]].name, order[a]});
  subject.attributes.push_back({types[premise_type].name, premise_type});
  for (std::size_t e = 0; e < kEntities; ++e) {
    Entity entity{.name = new_name(names, random, taken), .values = {}, .quizzed = {}};
    for (const Attribute& attribute : subject.attributes)
      entity.values.push_back(below(random, types[attribute.type].values.size()));
    entity.partner = (e + 1 + below(random, kEntities - 1)) % kEntities;  // never itself
    subject.entities.push_back(std::move(entity));
  }
  hold_back(subject, random);
  subject.rule = {.premise = kAttributes,
                  .conclusion = std::string(about.conclusion),
                  .conclusion_type = conclusion_type,
                  .table = shuffled(types[premise_type].values.size(), random)};
  return subject;
}

}  // namespace

World make_world(std::uint64_t seed) {
  Random random(seed);
  World world{.seed = seed, .types = make_types(), .subjects = {}};
  const std::vector<std::string> names = split_words(name_words());
  std::set<std::string> taken;
  for (const SubjectWords& subject : subject_words())
    world.subjects.push_back(make_subject(subject, world.types, names, random, taken));
  return world;
}

const Subject& subject_of(const World& world, std::string_view name) {
  const auto found = std::ranges::find(world.subjects, name, &Subject::name);
  std::string known;
  for (const Subject& subject : world.subjects)
    known += fmt::format("{}{}", known.empty() ? "" : ", ", subject.name);
  require(found != world.subjects.end(), "the world has no subject \"{}\"; it has {}", name, known);
  return *found;
}

double frequency_of_rank(std::size_t rank) {
  return std::pow(static_cast<double>(rank) + 3, -0.8);
}

}  // namespace moe
