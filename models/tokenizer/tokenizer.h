// Text to token ids and back, exactly as Hugging Face `tokenizers` reads tokenizer.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/ids.h"

namespace moe {

class Tokenizer {
 public:
  /// Reads `tokenizer.json` (and `tokenizer_config.json` beside it, for the names of the special
  /// tokens). An element that is not implemented is an Error that names it. The post-processor of
  /// tokenizer.json alone says what stands around a text: transformers 5 drops "add_bos_token" and
  /// "add_eos_token" where there is a tokenizer.json, and so do we.
  static Tokenizer load(const std::filesystem::path& tokenizer_json);
  static Tokenizer parse(std::string_view tokenizer_json, std::string_view where);
  /// One token per byte, for models without a tokenizer of their own: ids 0..255, then <s> and
  /// </s>.
  static Tokenizer bytes();

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  /// With `add_special_tokens` the post-processor's template is applied (BOS of Llama and Mistral).
  std::vector<TokenId> encode(std::string_view text, bool add_special_tokens = true) const;

  /// Where `text` may be cut, counted in bytes, such that whatever is put behind it,
  /// encode(text + more) is encode() of what stands before the cut and encode_rest() of what stands
  /// behind it; the last such place that is known. 0: there is none.
  std::size_t last_cut(std::string_view text) const;
  std::vector<TokenId> encode_rest(std::string_view) const;

  std::string decode(std::span<const TokenId>, bool skip_special_tokens = true) const;

  std::int64_t size() const;  // highest id + 1
  std::optional<TokenId> bos() const;
  std::optional<TokenId> eos() const;
  std::string token(TokenId) const;  // as it stands in the vocabulary
  std::optional<TokenId> id_of(std::string_view token) const;
  const std::string& digest() const;  // sha256 of the file

 private:
  struct State;
  explicit Tokenizer(std::unique_ptr<State>);
  std::unique_ptr<State> state_;
};

}  // namespace moe
