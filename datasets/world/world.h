// A small world whose facts are known: entities of several subjects, their attributes, a partner of
// each, and a rule a subject that derives one attribute from another. Everything follows from one
// seed.
//
// Entities have ranks: text about the world (corpus.h) mentions rank r with a frequency
// proportional to 1 / (r + 3)^0.8 (Zipf), so facts of low ranks are frequent and facts of high
// ranks rare.
//
// The world also says what its text holds back, so that questions (questions.h) can ask what was
// never stated in their form: of every two neighbours in rank one keeps an attribute for questions,
// the rule's conclusion, and what follows about its partner; the other one's are stated.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moe {

/// What an attribute can be: "color" has "amber", "azure", ...
struct ValueType {
  std::string name;
  std::vector<std::string> values;
};

struct Attribute {
  std::string name;      // as text says it: "color"
  std::size_t type = 0;  // index into the world's value types
};

/// If an entity's `premise` attribute has value v, its `conclusion` is of `conclusion_type` with
/// value table[v].
struct Rule {
  std::size_t premise = 0;  // index into the subject's attributes: the last
  std::string conclusion;   // "guild"
  std::size_t conclusion_type = 0;
  std::vector<std::size_t> table;
};

struct Entity {
  std::string name;                 // two words: "Keldor Amun"
  std::vector<std::size_t> values;  // of each attribute: index into its type's values
  std::size_t partner = 0;          // index into the subject's entities
  std::vector<bool> quizzed;        // of each attribute: text asks for it, and answers
  bool rule_stated = false;         // text says what the rule derives for it
  bool partner_stated = false;      // text says what attributes its partner has, as its partner's
};

struct Subject {
  std::string name;      // "planets"
  std::string singular;  // "planet"
  std::vector<Attribute> attributes;
  std::vector<Entity> entities;  // by rank, the most frequent first
  Rule rule;
};

struct World {
  std::uint64_t seed = 0;
  std::vector<ValueType> types;
  std::vector<Subject> subjects;  // by name
};

/// Ranks [begin, end): the tenth mentioned most, and the half mentioned least.
struct Bin {
  std::string_view name;
  std::size_t begin, end;
};
inline constexpr std::size_t kEntities = 120;  // a subject
inline constexpr std::array<Bin, 3> kBins = {
    {{"frequent", 0, 12}, {"mid", 12, 60}, {"rare", 60, kEntities}}};

inline constexpr std::uint64_t kWorldSeed = 1;  // of the world that the bundled questions are about
World make_world(std::uint64_t seed);

/// Error names the subjects there are.
const Subject& subject_of(const World&, std::string_view name);

/// Relative frequency with which text mentions the entity of this rank.
double frequency_of_rank(std::size_t rank);

}  // namespace moe
