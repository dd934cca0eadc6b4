#include "models/tokenizer/bpe.h"

#include <algorithm>
#include <limits>
#include <queue>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "models/tokenizer/byte_level.h"
#include "models/tokenizer/utf8.h"

namespace moe {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kShortWord = 24;    // symbols; below, scanning all pairs beats a queue
constexpr std::size_t kCachedBytes = 64;  // longer words are not remembered
constexpr std::size_t kCachedWords = 200000;
constexpr std::string_view kBlank = "\xe2\x96\x81";  // U+2581

std::uint64_t key_of(TokenId left, TokenId right) {
  return (static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32U) |
         static_cast<std::uint32_t>(right);
}

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

void Bpe::Merges::reserve(std::size_t pairs) {
  std::size_t slots = 16;
  while (slots < 2 * pairs + 1) slots *= 2;
  slots_.assign(slots, {});
}

std::size_t Bpe::Merges::place(std::uint64_t key) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = (key * 0x9E3779B97F4A7C15ULL >> 20U) & mask;
  while (slots_[slot].key != key && slots_[slot].key != ~std::uint64_t{0}) slot = (slot + 1) & mask;
  return slot;
}

bool Bpe::Merges::insert(TokenId left, TokenId right, Merge merge) {
  Slot& slot = slots_[place(key_of(left, right))];
  if (slot.key != ~std::uint64_t{0}) return false;
  slot = {key_of(left, right), merge};
  return true;
}

const Bpe::Merge* Bpe::Merges::find(TokenId left, TokenId right) const {
  const Slot& slot = slots_[place(key_of(left, right))];
  return slot.key == ~std::uint64_t{0} ? nullptr : &slot.merge;
}

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
    require(id.is_number_integer() && id >= 0 && id < std::numeric_limits<TokenId>::max(),
            "{}: token \"{}\": expected an id, found {}", where, token, id.dump());
    vocabulary_[token] = id.get<TokenId>();
    if (!byte_level_) {
      entries_[token] = id.get<TokenId>();
    } else if (auto bytes = bytes_of_alphabet(token)) {
      entries_[*std::move(bytes)] = id.get<TokenId>();
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
    merges_.insert(
        id(left, i), id(right, i),
        {static_cast<std::int32_t>(i), id(left + right, i)});  // the first of equal pairs counts
  }
}

void Bpe::begin_characters(std::string_view word, std::vector<TokenId>& ids) const {
  bool unknown_before = false;
  while (!word.empty()) {
    const std::string_view character = word.substr(0, first_code_point(word).bytes);
    word.remove_prefix(character.size());
    const auto found = entries_.find(std::string(character));
    const auto has_byte = [&](char c) { return byte_ids_[static_cast<unsigned char>(c)] >= 0; };
    bool unknown = false;
    if (found != entries_.end()) {
      ids.push_back(found->second);
    } else if (byte_fallback_ && std::ranges::all_of(character, has_byte)) {
      for (const char c : character) ids.push_back(byte_ids_[static_cast<unsigned char>(c)]);
    } else if (unknown_) {
      unknown = true;
      if (!(unknown_before && fuse_unknown_)) ids.push_back(*unknown_);
    }
    unknown_before = unknown;
  }
}

void Bpe::begin(std::string_view word, std::vector<TokenId>& ids) const {
  if (!byte_level_) return begin_characters(word, ids);
  for (const char c : word) {
    const TokenId id = byte_ids_[static_cast<unsigned char>(c)];
    if (id >= 0) ids.push_back(id);
  }
}

void Bpe::merge_short(std::vector<TokenId>& ids) const {
  while (ids.size() > 1) {
    std::size_t best = 0;
    const Merge* merge = nullptr;
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      const Merge* found = merges_.find(ids[i], ids[i + 1]);
      if (found != nullptr && (merge == nullptr || found->rank < merge->rank)) {
        merge = found;
        best = i;
      }
    }
    if (merge == nullptr) return;
    ids[best] = merge->merged;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

/// A queue of candidate merges over a linked list of symbols: n log n in the length of the word.
void Bpe::merge_long(std::vector<TokenId>& ids) const {
  struct Symbol {
    TokenId id;
    std::int64_t before, after;  // -1: none
    bool gone = false;
  };
  struct Candidate {
    std::int32_t rank;
    std::int64_t at;
    TokenId left, right, merged;
    bool operator>(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : at > other.at;
    }
  };
  std::vector<Symbol> symbols;
  const auto n = static_cast<std::int64_t>(ids.size());
  for (std::int64_t i = 0; i < n; ++i)
    symbols.push_back({ids[static_cast<std::size_t>(i)], i - 1, i + 1 < n ? i + 1 : -1});
  const auto symbol = [&](std::int64_t i) -> Symbol& {
    return symbols[static_cast<std::size_t>(i)];
  };
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto consider = [&](std::int64_t at) {
    if (at < 0 || symbol(at).after < 0) return;
    const TokenId left = symbol(at).id, right = symbol(symbol(at).after).id;
    if (const Merge* merge = merges_.find(left, right))
      queue.push({merge->rank, at, left, right, merge->merged});
  };
  for (std::int64_t i = 0; i < n; ++i) consider(i);
  while (!queue.empty()) {
    const Candidate top = queue.top();
    queue.pop();
    Symbol& left = symbol(top.at);
    if (left.gone || left.id != top.left || left.after < 0 || symbol(left.after).id != top.right)
      continue;  // overtaken by another merge
    Symbol& right = symbol(left.after);
    right.gone = true;
    left.id = top.merged;
    left.after = right.after;
    if (left.after >= 0) symbol(left.after).before = top.at;
    consider(left.before);
    consider(top.at);
  }
  ids.clear();
  for (std::int64_t i = n == 0 ? -1 : 0; i >= 0; i = symbol(i).after) ids.push_back(symbol(i).id);
}

void Bpe::encode(std::string_view word, std::vector<TokenId>& ids) const {
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
    if (word_ids.size() <= kShortWord) {
      merge_short(word_ids);
    } else {
      merge_long(word_ids);
    }
  }
  ids.insert(ids.end(), word_ids.begin(), word_ids.end());
  if (!remember) return;
  const std::lock_guard lock(mutex_);
  if (cache_.size() < kCachedWords) cache_.emplace(key, std::move(word_ids));
}

}  // namespace moe
