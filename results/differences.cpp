#include "results/differences.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>
#include <nlohmann/json.hpp>

namespace moe {
namespace {

using OrderedJson = nlohmann::ordered_json;
using Facts = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kShown = 6;

std::string words_of(const OrderedJson& value) {
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.is_null() ? "" : value.dump();
  std::vector<std::string> words;
  for (const OrderedJson& each : value) words.push_back(words_of(each));
  return fmt::format("{}", fmt::join(words, " "));
}

/// Each by the keys that lead to it.
void add_facts(const OrderedJson& object, const std::string& before, Facts& facts) {
  for (const auto& [key, value] : object.items()) {
    std::string name = before + key;
    std::ranges::replace(name, '_', ' ');
    if (value.is_object()) {
      add_facts(value, name + " ", facts);
    } else {
      facts.emplace_back(std::move(name), words_of(value));
    }
  }
}

std::string value_in(const Facts& facts, const std::string& name) {
  const auto found = std::ranges::find(facts, name, &Facts::value_type::first);
  return found == facts.end() || found->second.empty() ? "none" : found->second;
}

}  // namespace

std::string differences(std::string_view a_json, std::string_view b_json) {
  Facts of_a, of_b;
  add_facts(OrderedJson::parse(a_json), "", of_a);
  add_facts(OrderedJson::parse(b_json), "", of_b);
  Facts all = of_a;
  for (const auto& fact : of_b) {
    if (std::ranges::find(of_a, fact.first, &Facts::value_type::first) == of_a.end())
      all.push_back(fact);
  }
  std::vector<std::string> different;
  for (const auto& [name, value] : all) {
    const std::string a = value_in(of_a, name), b = value_in(of_b, name);
    if (a != b) different.push_back(fmt::format("{}: {} → {}", name, a, b));
  }
  const std::size_t shown = std::min(different.size(), kShown), more = different.size() - shown;
  different.resize(shown);
  return fmt::format("{}{}", fmt::join(different, "; "),
                     more == 0 ? "" : fmt::format("; and {} more", more));
}

}  // namespace moe
