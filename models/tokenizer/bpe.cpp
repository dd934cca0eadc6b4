#include "models/tokenizer/bpe.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "models/tokenizer/byte_level.h"
#include "models/tokenizer/utf8.h"
#include "models/tokenizer/vocabulary.h"

namespace moe {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kCachedBytes = 64;  // longer words are not remembered
constexpr std::size_t kCachedWords = 200000;
constexpr std::string_view kBlank = "\xe2\x96\x81";  // U+2581

/// null, false, 0 and "" all mean that an option is off.
bool is_off(const Json& model, const char* key) {
  const auto found = model.find(key);
  if (found == model.end() || found->is_null()) return true;
  if (found->is_string()) return found->get<std::string>().empty();
  if (found->is_number()) return found->get<double>() == 0;
  return found->is_boolean() && !found->get<bool>();
}

bool flag(const Json& model, const char* key) {
  return !is_off(model, key);
}

/// The two sides of a merge, which is written "a b" or ["a", "b"].
std::pair<std::string, std::string> sides_of(const Json& merge, std::string_view where,
                                             std::size_t number) {
  if (merge.is_array() && merge.size() == 2)
    return {merge[0].get<std::string>(), merge[1].get<std::string>()};
  require(merge.is_string(), "{}: merge {}: expected \"a b\" or [\"a\", \"b\"], found {}", where,
          number, merge.dump().substr(0, 60));
  const auto text = merge.get<std::string>();
  const std::size_t blank = text.find(' ');
  require(blank != std::string::npos && text.find(' ', blank + 1) == std::string::npos,
          "{}: merge {}: expected two parts, found \"{}\"", where, number, text.substr(0, 60));
  return {text.substr(0, blank), text.substr(blank + 1)};
}

}  // namespace

Bpe::Bpe(const Json& model, bool byte_level, std::string_view where)
    : byte_level_(byte_level), byte_ids_(256, -1) {
  const std::string type = model.value("type", "BPE");
  require(type == "BPE", "{}: model \"{}\" is not implemented; known is BPE", where, type);
  for (const char* option : {"dropout", "continuing_subword_prefix", "end_of_word_suffix"}) {
    if (is_off(model, option)) continue;
    require(false, "{}: model option \"{}\" with value {} is not implemented", where, option,
            model.at(option).dump());
  }
  fuse_unknown_ = flag(model, "fuse_unk");
  byte_fallback_ = flag(model, "byte_fallback");
  ignore_merges_ = flag(model, "ignore_merges");
  read_vocabulary(model.at("vocab"), where);
  read_merges(model.at("merges"), where);
  if (model.contains("unk_token") && model["unk_token"].is_string()) {
    const auto found = vocabulary_.find(model["unk_token"].get<std::string>());
    require(found != vocabulary_.end(), "{}: unk_token \"{}\" is not in the vocabulary", where,
            model["unk_token"].get<std::string>());
    unknown_ = found->second;
  }
  const bool all_bytes = std::ranges::find(byte_ids_, -1) == byte_ids_.end();
  may_cut_before_blank_ =
      !byte_level_ && byte_fallback_ && all_bytes &&
      std::ranges::none_of(entries_, [](const auto& entry) {
        for (std::size_t at = entry.first.find(kBlank); at != std::string::npos;
             at = entry.first.find(kBlank, at + 1)) {
          if (at > 0 && !std::string_view(entry.first).substr(0, at).ends_with(kBlank)) return true;
        }
        return false;
      });
}

void Bpe::read_vocabulary(const Json& vocab, std::string_view where) {
  require(vocab.is_object(), "{}: \"vocab\": expected an object", where);
  for (const auto& [token, id] : vocab.items()) {
    const TokenId read = read_token_id(id, fmt::format("{}: token \"{}\"", where, token));
    vocabulary_[token] = read;
    if (!byte_level_) {
      entries_[token] = read;
    } else if (auto bytes = bytes_of_alphabet(token)) {
      entries_[*std::move(bytes)] = read;
    }
  }
  for (int byte = 0; byte < 256; ++byte) {
    const std::string name =
        byte_level_ ? std::string(1, static_cast<char>(byte)) : fmt::format("<0x{:02X}>", byte);
    const auto found = entries_.find(name);
    if (found != entries_.end()) byte_ids_[static_cast<std::size_t>(byte)] = found->second;
  }
}

void Bpe::read_merges(const Json& merges, std::string_view where) {
  require(merges.is_array(), "{}: \"merges\": expected a list", where);
  merges_.reserve(merges.size());
  const auto id = [&](const std::string& token, std::size_t number) {
    const auto found = vocabulary_.find(token);
    require(found != vocabulary_.end(), "{}: merge {}: \"{}\" is not in the vocabulary", where,
            number, token);
    return found->second;
  };
  for (std::size_t i = 0; i < merges.size(); ++i) {
    const auto [left, right] = sides_of(merges[i], where, i);
    merges_.insert(id(left, i), id(right, i), {static_cast<std::int32_t>(i), id(left + right, i)});
  }
}

/// An unknown token is held back until a character of the vocabulary or the end, so that byte
/// tokens between stand before it: what Hugging Face does.
void Bpe::begin(std::string_view word, std::vector<TokenId>& ids) const {
  bool held = false;
  const auto unknown = [&] {
    if (held && !fuse_unknown_) ids.push_back(*unknown_);
    held = unknown_.has_value();
  };
  const auto known = [&](TokenId id) {
    if (held) ids.push_back(*unknown_);
    held = false;
    ids.push_back(id);
  };
  const auto byte_id = [&](char c) { return byte_ids_[static_cast<unsigned char>(c)]; };
  while (!word.empty()) {
    const std::size_t bytes = byte_level_ ? 1 : first_code_point(word).bytes;
    const std::string_view character = word.substr(0, bytes);
    word.remove_prefix(bytes);
    const auto found = byte_level_ ? entries_.end() : entries_.find(std::string(character));
    const bool has_bytes = std::ranges::all_of(character, [&](char c) { return byte_id(c) >= 0; });
    if (found != entries_.end()) {
      known(found->second);
    } else if (byte_level_ && has_bytes) {
      known(byte_id(character[0]));
    } else if (byte_fallback_ && has_bytes) {
      for (const char c : character) ids.push_back(byte_id(c));
    } else {
      unknown();
    }
  }
  if (held) ids.push_back(*unknown_);
}

void Bpe::encode(std::string_view text, std::vector<TokenId>& ids) const {
  std::size_t begin = 0;
  for (std::size_t at = may_cut_before_blank_ ? text.find(kBlank) : std::string_view::npos;
       at != std::string_view::npos; at = text.find(kBlank, at + kBlank.size())) {
    if (at == begin || text.substr(0, at).ends_with(kBlank)) continue;
    encode_word(text.substr(begin, at - begin), ids);
    begin = at;
  }
  encode_word(text.substr(begin), ids);
}

void Bpe::encode_word(std::string_view word, std::vector<TokenId>& ids) const {
  const bool remember = word.size() <= kCachedBytes;
  const std::string key(remember ? word : "");
  if (remember) {
    const std::lock_guard lock(mutex_);
    const auto found = cache_.find(key);
    if (found != cache_.end()) {
      ids.insert(ids.end(), found->second.begin(), found->second.end());
      return;
    }
  }
  std::vector<TokenId> word_ids;
  const auto whole = ignore_merges_ ? entries_.find(std::string(word)) : entries_.end();
  if (whole != entries_.end()) {
    word_ids.push_back(whole->second);
  } else {
    begin(word, word_ids);
    merges_.apply(word_ids);
  }
  ids.insert(ids.end(), word_ids.begin(), word_ids.end());
  if (!remember) return;
  const std::lock_guard lock(mutex_);
  if (cache_.size() < kCachedWords) cache_.emplace(key, std::move(word_ids));
}

}  // namespace moe
