// "normalizer" of a tokenizer.json: what happens to text before it is split.
#pragma once

#include <string>
#include <string_view>
#include <vector>
#include <nlohmann/json_fwd.hpp>

#include "models/tokenizer/regex.h"

namespace moe {

class Normalizer {
 public:
  /// null: leaves text as it is. Error names an element that is not implemented.
  Normalizer(const nlohmann::json& json, std::string_view where);

  /// `at_start`: the text is not the rest of a longer one, whose beginning was apart.
  std::string apply(std::string text, bool at_start = true) const;
  bool is_identity() const { return steps_.empty(); }
  /// Is what a text becomes that is cut before a blank behind an ASCII letter or digit the same,
  /// part by part?
  bool keeps_cuts() const;

 private:
  enum class Form : std::uint8_t {
    nfc,
    nfd,
    nfkc,
    nfkd,
    lowercase,
    strip,
    prepend,
    replace,
    replace_regex
  };
  struct Step {
    Form form;
    std::string what, with;
    std::vector<Regex> regex;        // one, for replace_regex
    bool left = true, right = true;  // strip
  };
  void add(const nlohmann::json& json, std::string_view where);
  static std::string run(const Step&, const std::string& text);

  std::vector<Step> steps_;
};

/// A "pattern": {"String": ...} or {"Regex": ...}.
struct Pattern {
  bool is_regex = false;
  std::string text;
};
Pattern pattern_of(const nlohmann::json& json, std::string_view where);

void replace_all(std::string& text, std::string_view what, std::string_view with);

}  // namespace moe
