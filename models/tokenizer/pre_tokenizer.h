// "pre_tokenizer" of a tokenizer.json: how text is cut into the words that the model sees.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>
#include <nlohmann/json_fwd.hpp>

#include "models/tokenizer/regex.h"
#include "models/tokenizer/split.h"

namespace moe {

class PreTokenizer {
 public:
  /// null: the whole text is one word. Error names an element that is not implemented.
  PreTokenizer(const nlohmann::json& json, std::string_view where);

  /// Words are in GPT-2's alphabet, that is bytes.
  bool byte_level() const { return byte_level_; }

  /// What becomes of a blank behind an ASCII letter or digit: always a word's beginning, never, or
  /// as a pattern has it that is not known here.
  enum class Blank : std::uint8_t { begins_a_word, joins, unknown };
  Blank blank() const;

  /// The words of one piece of text between added tokens. `first`: the piece begins the text. The
  /// views point into `text` or into `storage`, which keeps what had to be rewritten.
  void split(std::string_view text, bool first, std::deque<std::string>& storage,
             std::vector<std::string_view>& words) const;

 private:
  enum class Form : std::uint8_t { gpt2, whole, pattern, metaspace, digits };
  struct Step {
    Form form;
    bool add_prefix_space = false;  // gpt2, whole
    std::vector<Regex> regex;       // pattern: one, or none for a literal
    std::string literal;            // pattern
    Behaviour behaviour = Behaviour::isolated;
    bool invert = false;
    std::string replacement;  // metaspace
    enum class Prepend : std::uint8_t { always, first, never } prepend = Prepend::always;
    bool cut = true;                 // metaspace: at every replacement; digits: each alone
    bool cuts_before_blank = false;  // pattern
  };
  void add(const nlohmann::json& json, std::string_view where);
  static void run(const Step&, std::string_view word, bool first, std::deque<std::string>& storage,
                  std::vector<std::string_view>& out);
  static void run_pattern(const Step&, std::string_view word, std::vector<std::string_view>& out);
  static void run_metaspace(const Step&, std::string_view word, bool first,
                            std::deque<std::string>& storage, std::vector<std::string_view>& out);

  std::vector<Step> steps_;
  bool byte_level_ = false;
};

}  // namespace moe
