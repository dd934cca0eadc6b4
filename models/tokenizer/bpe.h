// Byte-pair encoding (Sennrich et al. 2016): the pair of neighbours that was merged first in
// training is merged first, the leftmost of equals.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>
#include <nlohmann/json_fwd.hpp>

#include "models/ids.h"
#include "models/tokenizer/merges.h"

namespace moe {

class Bpe {
 public:
  /// Reads "model" of a tokenizer.json. With `byte_level` the vocabulary is in GPT-2's alphabet and
  /// words are bytes; else words are characters, with bytes (<0x41>) or the unknown token for those
  /// that have no entry. Error names what is missing, broken or not implemented.
  Bpe(const nlohmann::json& model, bool byte_level, std::string_view where);

  /// Appends the ids of one word, as a pre-tokenizer cuts them.
  void encode(std::string_view text, std::vector<TokenId>& ids) const;

  const std::unordered_map<std::string, TokenId>& vocabulary() const { return vocabulary_; }
  bool byte_level() const { return byte_level_; }
  /// No token has a U+2581 behind another character, and none is made of bytes that have: a text
  /// may be cut before one.
  bool may_cut_before_blank() const { return may_cut_before_blank_; }

 private:
  void read_vocabulary(const nlohmann::json& vocab, std::string_view where);
  void read_merges(const nlohmann::json& merges, std::string_view where);
  void begin(std::string_view word, std::vector<TokenId>& ids) const;
  void encode_word(std::string_view word, std::vector<TokenId>& ids) const;

  bool byte_level_, fuse_unknown_ = false, byte_fallback_ = false, ignore_merges_ = false;
  /// No merge crosses the start of a U+2581 that follows another character: text may be cut there.
  bool may_cut_before_blank_ = false;
  std::unordered_map<std::string, TokenId> vocabulary_;  // as written in the file
  std::unordered_map<std::string, TokenId> entries_;     // as words have it: bytes, with byte_level
  Merges merges_;
  std::optional<TokenId> unknown_;
  std::vector<TokenId> byte_ids_;  // of the 256 bytes; -1: none

  mutable std::mutex mutex_;  // guards the cache
  mutable std::unordered_map<std::string, std::vector<TokenId>> cache_;
};

}  // namespace moe
