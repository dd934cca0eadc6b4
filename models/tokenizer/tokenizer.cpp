#include "models/tokenizer/tokenizer.h"

#include <cctype>
#include <deque>
#include <utility>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "harness/json_text.h"
#include "harness/sha256.h"
#include "models/tokenizer/added_tokens.h"
#include "models/tokenizer/bpe.h"
#include "models/tokenizer/byte_tokenizer.h"
#include "models/tokenizer/detokenizer.h"
#include "models/tokenizer/normalizer.h"
#include "models/tokenizer/pre_tokenizer.h"
#include "models/tokenizer/template.h"
#include "models/tokenizer/utf8.h"
#include "models/tokenizer/vocabulary.h"

namespace moe {
namespace {

using Json = nlohmann::json;

Json member(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() ? Json(nullptr) : *found;
}

}  // namespace

struct Tokenizer::State {
  State(const Json& json, std::string_view where)
      : normalizer(member(json, "normalizer"), where),
        pre_tokenizer(member(json, "pre_tokenizer"), where),
        bpe(json.at("model"), pre_tokenizer.byte_level(), where),
        added(member(json, "added_tokens"), normalizer, where),
        detokenizer(member(json, "decoder"), where),
        around(read_template(member(json, "post_processor"), where)),
        vocabulary(bpe.vocabulary(), added.all(), where) {
    for (const auto* ids : {&around.before, &around.after}) {
      for (const TokenId id : *ids) {
        require(vocabulary.text_of(id) != nullptr, "{}: post_processor: no token has the id {}",
                where, id);
      }
    }
    keeps_cuts = may_be_cut();
  }

  Normalizer normalizer;
  PreTokenizer pre_tokenizer;
  Bpe bpe;
  AddedTokens added;
  Detokenizer detokenizer;
  Template around;
  Vocabulary vocabulary;
  std::optional<TokenId> bos, eos;
  std::string digest;
  bool keeps_cuts = false;

  /// Without a tokenizer_config.json: what stands before every text, and the usual names of an end.
  void guess_ends() {
    if (!around.before.empty()) bos = around.before.front();
    for (const std::string_view name : {"</s>", "<|endoftext|>", "<|end_of_text|>"}) {
      if (!eos) eos = vocabulary.id_of(name);
    }
  }

  /// A key that is absent leaves the guess; null says that there is no such token.
  void read_ends(const Json& config) {
    const auto named = [&](const char* key,
                           std::optional<TokenId> guess) -> std::optional<TokenId> {
      if (!config.contains(key)) return guess;
      const Json& value = config.at(key);
      if (value.is_string()) return vocabulary.id_of(value.get<std::string>());
      if (value.is_object() && member(value, "content").is_string())
        return vocabulary.id_of(value.at("content").get<std::string>());
      return std::nullopt;
    };
    bos = named("bos_token", bos);
    eos = named("eos_token", eos);
  }

  /// A blank behind an ASCII letter or digit begins a word, or no merge goes across it; nothing
  /// else that reads text looks further back, and nothing stands behind a text.
  bool may_be_cut() const {
    using Blank = PreTokenizer::Blank;
    const Blank blank = pre_tokenizer.blank();
    const bool apart = blank == Blank::begins_a_word ||
                       (blank == Blank::joins && !bpe.byte_level() && bpe.may_cut_before_blank());
    return apart && normalizer.keeps_cuts() && added.keep_cuts() && around.after.empty();
  }

  /// `at_start`: no rest of a text that was cut.
  void encode_pieces(std::string_view given, bool at_start, std::vector<TokenId>& ids) const {
    const std::string mended = is_utf8(given) ? std::string() : to_utf8(given);
    const std::string_view text = mended.empty() ? given : std::string_view(mended);
    bool first = at_start, starts = at_start;
    for (const TextPiece& raw : added.split(text, /*normalized=*/false)) {
      const bool whole = std::exchange(starts, true);
      if (raw.id) {
        ids.push_back(*raw.id);
        first = false;
        continue;
      }
      const std::string normal =
          normalizer.is_identity() ? std::string() : normalizer.apply(std::string(raw.text), whole);
      for (const TextPiece& piece :
           added.split(normalizer.is_identity() ? raw.text : std::string_view(normal),
                       /*normalized=*/true)) {
        if (piece.id) {
          ids.push_back(*piece.id);
        } else {
          encode_text(piece.text, first, ids);
        }
        first = false;
      }
    }
  }

  void encode_text(std::string_view text, bool first, std::vector<TokenId>& ids) const {
    std::deque<std::string> storage;
    std::vector<std::string_view> words;
    pre_tokenizer.split(text, first, storage, words);
    for (const std::string_view word : words) bpe.encode(word, ids);
  }
};

Tokenizer::Tokenizer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokenizer Tokenizer::parse(std::string_view text, std::string_view where) {
  const Json json = read_json(text, where);
  require(json.is_object() && json.contains("model") && json["model"].is_object(),
          "{}: expected a JSON object with \"model\"", where);
  try {
    auto state = std::make_unique<State>(json, where);
    state->digest = sha256_hex(text);
    state->guess_ends();
    return Tokenizer(std::move(state));
  } catch (const Json::exception& error) {
    throw Error(fmt::format("{}: {}", where, reason_of(error)), std::source_location::current());
  } catch (const Error& error) {
    if (std::string_view(error.what()).starts_with(where)) throw;
    throw error.while_doing(std::string(where));
  }
}

Tokenizer Tokenizer::load(const std::filesystem::path& file) {
  Tokenizer tokenizer = parse(read_text(file), file.string());
  const std::filesystem::path beside = file.parent_path() / "tokenizer_config.json";
  if (std::filesystem::exists(beside)) {
    const Json config = read_json(read_text(beside), beside.string());
    require(config.is_object(), "{}: expected a JSON object", beside.string());
    tokenizer.state_->read_ends(config);
  }
  return tokenizer;
}

Tokenizer Tokenizer::bytes() {
  Tokenizer tokenizer = parse(byte_tokenizer_json(), "bytes");
  tokenizer.state_->bos = 256;
  tokenizer.state_->eos = 257;
  return tokenizer;
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, bool add_special_tokens) const {
  const State& s = *state_;
  std::vector<TokenId> ids;
  if (add_special_tokens) ids = s.around.before;
  s.encode_pieces(text, /*at_start=*/true, ids);
  if (add_special_tokens) ids.insert(ids.end(), s.around.after.begin(), s.around.after.end());
  return ids;
}

std::vector<TokenId> Tokenizer::encode_rest(std::string_view text) const {
  std::vector<TokenId> ids;
  state_->encode_pieces(text, /*at_start=*/false, ids);
  return ids;
}

std::size_t Tokenizer::last_cut(std::string_view text) const {
  if (!state_->keeps_cuts) return 0;
  for (std::size_t at = text.rfind(' '); at != std::string_view::npos && at > 0;
       at = text.rfind(' ', at - 1)) {
    if (std::isalnum(static_cast<unsigned char>(text[at - 1]))) return at;
  }
  return 0;
}

std::string Tokenizer::decode(std::span<const TokenId> ids, bool skip_special_tokens) const {
  std::vector<std::string> tokens;
  for (const TokenId id : ids) {
    const std::string* text = state_->vocabulary.text_of(id);
    if (text == nullptr) continue;  // as Hugging Face does: an id without a token is no text
    if (!skip_special_tokens || !state_->vocabulary.is_special(id)) tokens.push_back(*text);
  }
  return state_->detokenizer.join(std::move(tokens));
}

std::int64_t Tokenizer::size() const {
  return state_->vocabulary.size();
}

std::optional<TokenId> Tokenizer::bos() const {
  return state_->bos;
}

std::optional<TokenId> Tokenizer::eos() const {
  return state_->eos;
}

std::string Tokenizer::token(TokenId id) const {
  const std::string* text = state_->vocabulary.text_of(id);
  require(text != nullptr, "no token has the id {}; the largest is {}", id, size() - 1);
  return *text;
}

std::optional<TokenId> Tokenizer::id_of(std::string_view token) const {
  return state_->vocabulary.id_of(token);
}

const std::string& Tokenizer::digest() const {
  return state_->digest;
}

}  // namespace moe
