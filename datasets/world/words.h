// The words that the world is made of. All differ, so that a word says what it is: tests see to it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moe {

struct SubjectWords {
  std::string_view name, singular, conclusion;  // "alchemy", "elixir", "guild"
};

struct TypeWords {
  std::string_view name;    // "color": also what an attribute of this type is called
  std::string_view values;  // with blanks between
};

std::span<const SubjectWords> subject_words();
std::span<const TypeWords> type_words();  // 64 values each
TypeWords premise_words();                // what rules start from: 16 values
TypeWords conclusion_words();             // what they lead to: 16 values
std::string_view name_words();            // a name is two of these 128

std::vector<std::string> split_words(std::string_view);

}  // namespace moe
