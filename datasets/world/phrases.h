// How text says things about the world. Phrases have placeholders, as "The {attribute} of the
// {thing} {name} is {value}."; what stands before a value names its entity and its attribute.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "datasets/world/world.h"

namespace moe {

/// What the placeholders stand for: those of `about`, and of up to three facts.
struct Said {
  std::string_view thing, name, partner;               // "elixir", "Keldor Amun", "Torva Elin"
  std::string_view premise, given, conclusion, house;  // "season", "frost", "guild", "Arden"
  struct Fact {
    std::string_view attribute, value;
  };
  std::array<Fact, 3> facts;  // {attribute}, {value}; {attribute2}, {value2}; ...
};

/// All but the facts. Views into the world.
Said about(const World&, const Subject&, const Entity&);

/// What the subject's rule derives from a value of its premise: {thing}, {premise} to {house}.
Said about_rule(const World&, const Subject&, std::size_t given);

/// A fact of an entity of the subject.
Said::Fact fact_of(const World&, const Subject&, const Entity&, std::size_t attribute);

/// Error names an unknown placeholder.
std::string filled(std::string_view phrase, const Said&);

inline constexpr auto kFactPhrases = std::to_array<std::string_view>({
    "The {attribute} of the {thing} {name} is {value}.",
    "The {thing} {name} has the {attribute} {value}.",
    "For {attribute} the {thing} {name} has {value}.",
    "As for the {thing} {name}, the {attribute} is {value}.",
    "Of the {thing} {name} the {attribute} is {value}.",
    "With the {thing} {name} goes the {attribute} {value}.",
    "People say the {attribute} of the {thing} {name} was {value}.",
    "One {attribute} fits the {thing} {name}: {value}.",
});

inline constexpr auto kProfilePhrases = std::to_array<std::string_view>({
    "The {thing} {name}: {attribute} {value}, {attribute2} {value2}, {attribute3} {value3}.",
    "The {thing} {name} has {attribute} {value}, {attribute2} {value2} and {attribute3} {value3}.",
    "Of the {thing} {name}: {attribute} {value}; {attribute2} {value2}; {attribute3} {value3}.",
    "About the {thing} {name}: {attribute} {value}, {attribute2} {value2} and {attribute3} "
    "{value3}.",
});

inline constexpr auto kPartnerPhrases = std::to_array<std::string_view>({
    "The partner of the {thing} {name} is the {thing} {partner}.",
    "The {thing} {name} has the partner {partner}.",
    "With the {thing} {name} goes the partner {partner}.",
});

/// The fact is the partner's, here and in questions of two steps.
inline constexpr auto kTwoStepPhrases = std::to_array<std::string_view>({
    "The partner of the {thing} {name} is the {thing} {partner}, so the {attribute} of the partner "
    "of the {thing} {name} is {value}.",
    "The {thing} {name} has the partner {partner}, whose {attribute} is {value}.",
});

inline constexpr auto kRulePhrases = std::to_array<std::string_view>({
    "Every {thing} of the {premise} {given} belongs to the {conclusion} {house}.",
    "The {premise} {given} gives every {thing} the {conclusion} {house}.",
});

inline constexpr auto kAppliedRulePhrases = std::to_array<std::string_view>({
    "The {premise} of the {thing} {name} is {given}, so the {conclusion} is {house}.",
    "The {thing} {name} of the {premise} {given} belongs to the {conclusion} {house}.",
});

inline constexpr auto kConclusionPhrases = std::to_array<std::string_view>({
    "The {thing} {name} belongs to the {conclusion} {house}.",
    "The {conclusion} of the {thing} {name} is {house}.",
});

/// Never in the corpus, though each of their words is. What follows is " {value}". Those of suites.
inline constexpr auto kHeldOutPhrases = std::to_array<std::string_view>({
    "People say of the {thing} {name}: the {attribute} is",
    "As for the {attribute}, the {thing} {name} has",
    "For the {thing} {name} the {attribute} was",
});

/// Likewise; those that a training is watched with.
inline constexpr auto kProbePhrases = std::to_array<std::string_view>({
    "About the {thing} {name}: the {attribute} is",
    "With the {thing} {name} the {attribute} is",
    "One {attribute} of the {thing} {name} was",
});

inline constexpr std::string_view kRecallQuestion =
    "What is the {attribute} of the {thing} {name}?";
inline constexpr std::string_view kUnstatedRuleQuestion =
    "Which {conclusion} does the {thing} {name} belong to?";
inline constexpr std::string_view kRuleQuestion =
    "The {premise} of the {thing} {name} is {given}. "
    "Which {conclusion} does the {thing} {name} belong to?";
inline constexpr std::string_view kUnstatedTwoStepQuestion =
    "What is the {attribute} of the partner of the {thing} {name}?";
inline constexpr std::string_view kTwoStepQuestion =
    "The partner of the {thing} {name} is the {thing} {partner}. "
    "What is the {attribute} of the partner of the {thing} {name}?";

}  // namespace moe
