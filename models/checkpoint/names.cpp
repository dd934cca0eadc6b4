#include "models/checkpoint/names.h"

#include <source_location>

#include "harness/error.h"

namespace moe {
namespace {

std::string filled(std::string_view pattern, const std::vector<std::string>& numbers) {
  std::string out;
  std::size_t next = 0;
  for (std::size_t p = 0; p < pattern.size(); ++p) {
    if (pattern[p] != '{') {
      out += pattern[p];
    } else {
      out += numbers.at(next++);
      p = pattern.find('}', p);
    }
  }
  return out;
}

/// A family's name for a parameter, and the numbers in it.
struct FoundName {
  std::size_t turn = 0;
  std::vector<std::string> numbers;
};

FoundName find_name(const Family& family, std::string_view parameter) {
  for (std::size_t i = 0; i < family.weights.size(); ++i) {
    FoundName found{.turn = i, .numbers = {}};
    if (matches(family.weights[i].parameter, parameter, &found.numbers)) return found;
  }
  throw Error(fmt::format("family {} has no name for parameter {}", family.name, parameter),
              std::source_location::current());
}

}  // namespace

bool matches(std::string_view pattern, std::string_view name, std::vector<std::string>* numbers) {
  std::size_t p = 0, n = 0;
  while (p < pattern.size()) {
    if (pattern[p] != '{') {
      if (n >= name.size() || pattern[p] != name[n]) return false;
      ++p;
      ++n;
      continue;
    }
    p = pattern.find('}', p) + 1;
    const std::size_t begin = n;
    while (n < name.size() && name[n] >= '0' && name[n] <= '9') ++n;
    if (n == begin) return false;
    if (numbers != nullptr) numbers->emplace_back(name.substr(begin, n - begin));
  }
  return n == name.size();
}

std::string tensor_name(const Family& family, std::string_view parameter) {
  const auto [turn, numbers] = find_name(family, parameter);
  return filled(family.weights[turn].checkpoint, numbers);
}

std::map<std::string, std::vector<FedParameter>> fed_by_tensor(const Family& family,
                                                               const Config& config) {
  std::map<std::string, std::vector<FedParameter>> fed;
  for (const ParameterShape& parameter : parameters(config)) {
    const auto [turn, numbers] = find_name(family, parameter.name);
    const WeightName& weight = family.weights[turn];
    fed[filled(weight.checkpoint, numbers)].push_back(
        {.name = parameter.name,
         .shape = parameter.shape,
         .recipe = weight.recipe,
         .expert = weight.recipe.by_expert ? std::stoll(numbers.back()) : 0,
         .turn = turn});
  }
  return fed;
}

}  // namespace moe
