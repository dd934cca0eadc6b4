// Oniguruma: the engine that Hugging Face tokenizers uses, so classes and look-ahead mean the same.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moe {

class Regex {
 public:
  /// Error names the pattern and what is wrong with it.
  explicit Regex(const std::string& pattern);
  ~Regex();
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;

  /// [begin, end) of all matches from left to right, not overlapping; `text` is UTF-8. An empty
  /// match counts, except right behind another match.
  std::vector<std::pair<std::size_t, std::size_t>> matches(std::string_view text) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

/// Classes of code points as Oniguruma has them: \p{L}, \p{N}, \s. A word is \w of Unicode's
/// regular expressions (UTS 18): letters, marks, decimal digits, connectors and joiners.
bool is_letter(std::int32_t code_point);
bool is_number(std::int32_t code_point);
bool is_word(std::int32_t code_point);
bool is_space(std::int32_t code_point);

}  // namespace moe
