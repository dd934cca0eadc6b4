#include "datasets/world/world.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "harness/error.h"
#include "harness/random.h"

namespace moe {
namespace {

constexpr std::size_t kEntities = 100;  // a subject
constexpr std::size_t kAttributes = 4;  // a subject
constexpr std::size_t kPremises = 16;   // values of the type that rules start from

struct SubjectName {
  std::string_view name, singular, conclusion;
};

constexpr auto kSubjects = std::to_array<SubjectName>({{"alchemy", "elixir", "guild"},
                                                       {"animals", "animal", "keeper"},
                                                       {"cities", "city", "ruling house"},
                                                       {"crafts", "craft", "patron"},
                                                       {"dishes", "dish", "kitchen"},
                                                       {"people", "person", "clan"},
                                                       {"planets", "planet", "survey"},
                                                       {"plants", "plant", "garden"}});

struct TypeName {
  std::string_view name;
  std::string_view attribute;
  std::string_view words;  // separated by blanks
};

constexpr auto kTypes = std::to_array<TypeName>({
    {"color", "color",
     "amber azure black bronze copper coral crimson emerald golden gray indigo ivory jade ochre "
     "pearl scarlet"},
    {"material", "material",
     "bone brass clay cotton felt flint glass granite iron leather linen marble oak paper silver "
     "wool"},
    {"season", "season",
     "dawn drought dusk equinox fog frost harvest monsoon noon rain snow solstice spring summer "
     "thaw winter"},
    {"number", "number",
     "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
     "seventeen"},
    {"instrument", "instrument",
     "bell bugle cello cymbal drum fiddle flute gong harp horn lute lyre organ pipe rattle viola"},
    {"taste", "taste",
     "bitter bland briny burnt earthy floral fruity minty nutty peppery sharp smoky sour spicy "
     "sweet tangy"},
    {"house", "house",
     "Arden Belmor Corwin Dunmar Elstow Farrow Galden Harrow Ismere Joldan Kestrel Lorwen Marrow "
     "Norvale Orrin Penrose"},
});
constexpr std::size_t kConclusionType = kTypes.size() - 1;  // only rules lead to it

constexpr auto kFirstSyllables = std::to_array<std::string_view>(
    {"al",  "ber", "cor", "dra", "el", "fen", "gor",  "hal", "ist", "jor",
     "kel", "lum", "mar", "nor", "or", "pel", "quin", "ros", "sel", "tor"});
constexpr auto kLastSyllables = std::to_array<std::string_view>(
    {"ada", "bin", "cus", "dor", "eth", "fin", "gus", "hem", "ion", "jan",
     "kor", "lis", "mun", "nel", "ova", "pis", "rik", "sun", "tis", "vor"});

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    words.emplace_back(word);
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  return words;
}

/// Two syllables, capitalised; no name is given twice in the world.
std::string new_name(Random& random, std::set<std::string>& taken) {
  while (true) {
    const auto first = static_cast<std::size_t>(random.below(kFirstSyllables.size()));
    const auto middle = static_cast<std::size_t>(random.below(kFirstSyllables.size()));
    const auto last = static_cast<std::size_t>(random.below(kLastSyllables.size()));
    std::string name = std::string(kFirstSyllables[first]) + std::string(kFirstSyllables[middle]) +
                       std::string(kLastSyllables[last]);
    name[0] = static_cast<char>(name[0] - 'a' + 'A');
    if (taken.insert(name).second) return name;
  }
}

Subject make_subject(const SubjectName& about, const std::vector<ValueType>& types, Random& random,
                     std::set<std::string>& taken) {
  Subject subject{.name = std::string(about.name),
                  .singular = std::string(about.singular),
                  .attributes = {},
                  .entities = {},
                  .rule = {}};
  std::vector<std::size_t> order;
  for (std::size_t t = 0; t < kConclusionType; ++t) order.push_back(t);
  random.shuffle(order);
  for (std::size_t a = 0; a < kAttributes; ++a)
    subject.attributes.push_back({std::string(kTypes[order[a]].attribute), order[a]});
  for (std::size_t e = 0; e < kEntities; ++e) {
    Entity entity{.name = new_name(random, taken), .values = {}};
    for (const Attribute& attribute : subject.attributes) {
      entity.values.push_back(static_cast<std::size_t>(
          random.below(static_cast<std::int64_t>(types[attribute.type].values.size()))));
    }
    entity.partner = (e + 1 + static_cast<std::size_t>(random.below(kEntities - 1))) %
                     kEntities;  // never itself
    subject.entities.push_back(std::move(entity));
  }
  subject.rule = {.premise = 0,
                  .conclusion = std::string(about.conclusion),
                  .conclusion_type = kConclusionType,
                  .table = {}};
  for (std::size_t v = 0; v < kPremises; ++v) subject.rule.table.push_back(v);
  random.shuffle(subject.rule.table);
  return subject;
}

}  // namespace

World make_world(std::uint64_t seed) {
  Random random(seed);
  World world{.seed = seed, .types = {}, .subjects = {}};
  for (const TypeName& type : kTypes)
    world.types.push_back({std::string(type.name), words_of(type.words)});
  std::set<std::string> taken;
  for (const SubjectName& subject : kSubjects)
    world.subjects.push_back(make_subject(subject, world.types, random, taken));
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
