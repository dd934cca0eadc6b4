// A small world whose facts are known: entities of several subjects, their attributes, a partner of
// each, and rules that derive one attribute from another. Everything follows from one seed.
//
// Entities have ranks: text about the world mentions rank r with a frequency proportional to
// 1 / (r + 3)^0.8 (Zipf), so facts of low ranks are frequent and facts of high ranks rare.
#pragma once

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
  std::string name;      // as text says it: "favorite color"
  std::size_t type = 0;  // index into the world's value types
};

/// If an entity's `premise` attribute has value v, its `conclusion` is of `conclusion_type` with
/// value table[v].
struct Rule {
  std::size_t premise = 0;  // index into the subject's attributes
  std::string conclusion;   // "guild"
  std::size_t conclusion_type = 0;
  std::vector<std::size_t> table;
};

struct Entity {
  std::string name;
  std::vector<std::size_t> values;  // of each attribute: index into its type's values
  std::size_t partner = 0;          // index into the subject's entities
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

World make_world(std::uint64_t seed);

/// Error names the subjects there are.
const Subject& subject_of(const World&, std::string_view name);

/// Relative frequency with which text mentions the entity of this rank.
double frequency_of_rank(std::size_t rank);

}  // namespace moe
