#include "models/tokenizer/tokenizer.h"

#include <algorithm>
#include <array>
#include <deque>
#include <fstream>
#include <sstream>
#include <unordered_map>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "harness/sha256.h"
#include "models/tokenizer/added_tokens.h"
#include "models/tokenizer/bpe.h"
#include "models/tokenizer/detokenizer.h"
#include "models/tokenizer/normalizer.h"
#include "models/tokenizer/pre_tokenizer.h"
#include "models/tokenizer/utf8.h"

namespace moe {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kBlank = "\xe2\x96\x81";  // U+2581

/// Ids before and after the text, from "post_processor".
struct Template {
  std::vector<TokenId> before, after;
};

void read_template(const Json& json, std::string_view where, Template& out) {
  const std::string type = json.at("type");
  if (type == "ByteLevel") return;  // only offsets
  if (type == "Sequence") {
    for (const Json& one : json.at("processors")) read_template(one, where, out);
    return;
  }
  require(type == "TemplateProcessing", "{}: post_processor \"{}\" is not implemented", where,
          type);
  bool text_seen = false;
  for (const Json& piece : json.at("single")) {
    if (piece.contains("Sequence")) {
      text_seen = true;
      continue;
    }
    const std::string name = piece.at("SpecialToken").at("id");
    for (const Json& id : json.at("special_tokens").at(name).at("ids"))
      (text_seen ? out.after : out.before).push_back(id.get<TokenId>());
  }
  require(text_seen, "{}: post_processor TemplateProcessing without a sequence", where);
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  require(in.good(), "{}: cannot be read", file.string());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Json member(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() ? Json(nullptr) : *found;
}

/// 256 bytes, <s> and </s>, as a tokenizer.json.
std::string byte_tokenizer() {
  Json vocab = Json::object();
  std::string alphabet;
  std::int32_t next = 0x100;
  for (int byte = 0; byte < 256; ++byte) {
    const bool printable =
        (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    std::string token;
    append_utf8(token, printable ? byte : next++);
    vocab[token] = byte;
  }
  const Json byte_level = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}};
  const auto special = [](int id, const char* text) {
    return Json{{"id", id}, {"content", text}, {"special", true}, {"normalized", false}};
  };
  const Json post = {
      {"type", "TemplateProcessing"},
      {"single", {{{"SpecialToken", {{"id", "<s>"}}}}, {{"Sequence", {{"id", "A"}}}}}},
      {"special_tokens", {{"<s>", {{"ids", {256}}}}}}};
  return Json{{"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", Json::array()}}},
              {"added_tokens", {special(256, "<s>"), special(257, "</s>")}},
              {"pre_tokenizer", byte_level},
              {"decoder", {{"type", "ByteLevel"}}},
              {"post_processor", post}}
      .dump();
}

}  // namespace

struct Tokenizer::State {
  State(const Json& json, std::string_view where)
      : normalizer(member(json, "normalizer"), where),
        pre_tokenizer(member(json, "pre_tokenizer"), where),
        bpe(json.at("model"), pre_tokenizer.byte_level(), where),
        added(member(json, "added_tokens"), normalizer, where),
        detokenizer(member(json, "decoder"), where) {
    if (const Json post = member(json, "post_processor"); !post.is_null())
      read_template(post, where, around);
    for (const auto& [token, id] : bpe.vocabulary()) tokens[id] = token;
    for (const AddedToken& token : added.all()) tokens[token.id] = token.content;
    for (const auto& [id, token] : tokens) size = std::max<std::int64_t>(size, id + 1);
    constexpr std::int64_t kMost = std::int64_t{1} << 24U;
    require(size <= kMost, "{}: an id of {}", where, size - 1);
  }

  Normalizer normalizer;
  PreTokenizer pre_tokenizer;
  Bpe bpe;
  AddedTokens added;
  Detokenizer detokenizer;
  Template around;
  std::unordered_map<TokenId, std::string> tokens;
  std::int64_t size = 0;
  std::optional<TokenId> bos, eos;
  std::string digest;

  std::optional<TokenId> find(std::string_view token) const {
    const auto added_token = std::ranges::find(added.all(), token, &AddedToken::content);
    if (added_token != added.all().end()) return added_token->id;
    const auto found = bpe.vocabulary().find(std::string(token));
    if (found == bpe.vocabulary().end()) return std::nullopt;
    return found->second;
  }

  /// Without a tokenizer_config.json: what stands before every text, and the usual names of an end.
  void guess_ends() {
    if (!around.before.empty()) bos = around.before.front();
    for (const std::string_view name : {"</s>", "<|endoftext|>", "<|end_of_text|>"}) {
      if (!eos) eos = find(name);
    }
  }

  void read_ends(const Json& config) {
    const auto named = [&](const char* key) -> std::optional<TokenId> {
      const Json value = member(config, key);
      if (value.is_string()) return find(value.get<std::string>());
      if (value.is_object() && value.contains("content"))
        return find(value.at("content").get<std::string>());
      return std::nullopt;
    };
    bos = named("bos_token");
    eos = named("eos_token");
  }

  void encode_word(std::string_view word, std::vector<TokenId>& ids) const {
    if (!bpe.may_cut_before_blank()) return bpe.encode(word, ids);
    std::size_t begin = 0;
    for (std::size_t at = word.find(kBlank); at != std::string_view::npos;
         at = word.find(kBlank, at + kBlank.size())) {
      if (at == begin || word.substr(0, at).ends_with(kBlank)) continue;
      bpe.encode(word.substr(begin, at - begin), ids);
      begin = at;
    }
    bpe.encode(word.substr(begin), ids);
  }

  void encode_text(std::string_view text, bool first, std::vector<TokenId>& ids) const {
    std::deque<std::string> storage;
    std::vector<std::string_view> words;
    pre_tokenizer.split(text, first, storage, words);
    for (const std::string_view word : words) encode_word(word, ids);
  }
};

Tokenizer::Tokenizer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokenizer Tokenizer::parse(std::string_view text, std::string_view where) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  require(json.is_object() && json.contains("model") && json["model"].is_object(),
          "{}: expected a JSON object with \"model\"", where);
  try {
    auto state = std::make_unique<State>(json, where);
    state->digest = sha256_hex(text);
    state->guess_ends();
    return Tokenizer(std::move(state));
  } catch (const Json::exception& error) {
    throw Error(fmt::format("{}: {}", where, error.what()), std::source_location::current());
  } catch (const Error& error) {
    if (std::string_view(error.what()).starts_with(where)) throw;
    throw error.while_doing(std::string(where));
  }
}

Tokenizer Tokenizer::load(const std::filesystem::path& file) {
  Tokenizer tokenizer = parse(read_file(file), file.string());
  const std::filesystem::path beside = file.parent_path() / "tokenizer_config.json";
  if (std::filesystem::exists(beside)) {
    const Json config = Json::parse(read_file(beside), nullptr, /*allow_exceptions=*/false);
    require(config.is_object(), "{}: expected a JSON object", beside.string());
    tokenizer.state_->read_ends(config);
  }
  return tokenizer;
}

Tokenizer Tokenizer::bytes() {
  Tokenizer tokenizer = parse(byte_tokenizer(), "bytes");
  tokenizer.state_->bos = 256;
  tokenizer.state_->eos = 257;
  return tokenizer;
}

std::vector<TokenId> Tokenizer::encode(std::string_view given, bool add_special_tokens) const {
  const State& s = *state_;
  const std::string mended = is_utf8(given) ? std::string() : to_utf8(given);
  const std::string_view text = mended.empty() ? given : std::string_view(mended);
  std::vector<TokenId> ids;
  if (add_special_tokens) ids = s.around.before;
  bool first = true;
  for (const TextPiece& raw : s.added.split(text, /*normalized=*/false)) {
    if (raw.id) {
      ids.push_back(*raw.id);
      first = false;
      continue;
    }
    const std::string normal =
        s.normalizer.is_identity() ? std::string() : s.normalizer.apply(std::string(raw.text));
    for (const TextPiece& piece :
         s.added.split(s.normalizer.is_identity() ? raw.text : std::string_view(normal),
                       /*normalized=*/true)) {
      if (piece.id) {
        ids.push_back(*piece.id);
      } else {
        s.encode_text(piece.text, first, ids);
      }
      first = false;
    }
  }
  if (add_special_tokens) ids.insert(ids.end(), s.around.after.begin(), s.around.after.end());
  return ids;
}

std::string Tokenizer::decode(std::span<const TokenId> ids, bool skip_special_tokens) const {
  std::vector<std::string> tokens;
  for (const TokenId id : ids) {
    const auto found = state_->tokens.find(id);
    if (found == state_->tokens.end())
      continue;  // as Hugging Face does: an id without a token is no text
    const auto added = std::ranges::find(state_->added.all(), id, &AddedToken::id);
    if (skip_special_tokens && added != state_->added.all().end() && added->special) continue;
    tokens.push_back(found->second);
  }
  return state_->detokenizer.join(std::move(tokens));
}

std::int64_t Tokenizer::size() const {
  return state_->size;
}

std::optional<TokenId> Tokenizer::bos() const {
  return state_->bos;
}

std::optional<TokenId> Tokenizer::eos() const {
  return state_->eos;
}

std::string Tokenizer::token(TokenId id) const {
  const auto found = state_->tokens.find(id);
  require(found != state_->tokens.end(), "no token has the id {}; the largest is {}", id,
          state_->size - 1);
  return found->second;
}

std::optional<TokenId> Tokenizer::id_of(std::string_view token) const {
  return state_->find(token);
}

const std::string& Tokenizer::digest() const {
  return state_->digest;
}

}  // namespace moe
