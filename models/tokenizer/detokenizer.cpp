#include "models/tokenizer/detokenizer.h"

#include <charconv>
#include <optional>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "models/tokenizer/byte_level.h"
#include "models/tokenizer/normalizer.h"
#include "models/tokenizer/utf8.h"

namespace moe {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

std::string fused(const std::vector<std::string>& tokens) {
  std::string out;
  for (const std::string& token : tokens) out += token;
  return out;
}

/// The byte of "<0x41>".
std::optional<char> byte_of(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return std::nullopt;
  unsigned value = 0;
  const auto [end, error] = std::from_chars(token.data() + 3, token.data() + 5, value, 16);
  if (error != std::errc() || end != token.data() + 5) return std::nullopt;
  return static_cast<char>(value);
}

/// Runs of byte tokens become their text; a run that is no UTF-8 becomes one U+FFFD a byte.
std::vector<std::string> without_byte_tokens(const std::vector<std::string>& tokens) {
  std::vector<std::string> out;
  std::string run;
  const auto end_run = [&] {
    if (run.empty()) return;
    if (is_utf8(run)) {
      out.push_back(run);
    } else {
      for (std::size_t i = 0; i < run.size(); ++i) out.emplace_back(kReplacement);
    }
    run.clear();
  };
  for (const std::string& token : tokens) {
    if (const auto byte = byte_of(token)) {
      run += *byte;
    } else {
      end_run();
      out.push_back(token);
    }
  }
  end_run();
  return out;
}

std::string stripped(std::string_view token, std::string_view what, std::int64_t start,
                     std::int64_t stop) {
  for (std::int64_t i = 0; i < start && !what.empty() && token.starts_with(what); ++i)
    token.remove_prefix(what.size());
  for (std::int64_t i = 0; i < stop && !what.empty() && token.ends_with(what); ++i)
    token.remove_suffix(what.size());
  return std::string(token);
}

}  // namespace

Detokenizer::Detokenizer(const nlohmann::json& json, std::string_view where)
    : none_(json.is_null()) {
  if (!none_) add(json, where);
}

void Detokenizer::add(const nlohmann::json& json, std::string_view where) {
  const std::string type = json.at("type");
  if (type == "Sequence") {
    for (const auto& one : json.at("decoders")) add(one, where);
  } else if (type == "ByteLevel") {
    steps_.push_back({.form = Form::byte_level, .what = {}, .with = {}});
  } else if (type == "Replace") {
    const Pattern pattern = pattern_of(json.at("pattern"), where);
    require(!pattern.is_regex, "{}: decoder Replace with a regular expression is not implemented",
            where);
    steps_.push_back({.form = Form::replace, .what = pattern.text, .with = json.at("content")});
  } else if (type == "ByteFallback") {
    steps_.push_back({.form = Form::byte_fallback, .what = {}, .with = {}});
  } else if (type == "Fuse") {
    steps_.push_back({.form = Form::fuse, .what = {}, .with = {}});
  } else if (type == "Strip") {
    steps_.push_back({.form = Form::strip,
                      .what = json.at("content"),
                      .with = {},
                      .start = json.at("start"),
                      .stop = json.at("stop")});
  } else if (type == "Metaspace") {
    const std::string scheme =
        json.value("prepend_scheme", json.value("add_prefix_space", true) ? "always" : "never");
    steps_.push_back({.form = Form::metaspace,
                      .what = json.at("replacement"),
                      .with = {},
                      .prepends = scheme != "never"});
  } else {
    require(false, "{}: decoder \"{}\" is not implemented", where, type);
  }
}

void Detokenizer::run(const Step& step, std::vector<std::string>& tokens) {
  switch (step.form) {
    case Form::byte_level: {
      std::string bytes;
      for (const std::string& token : tokens) bytes += bytes_of_alphabet(token).value_or(token);
      tokens = {to_utf8(bytes)};
      break;
    }
    case Form::replace:
      for (std::string& token : tokens) replace_all(token, step.what, step.with);
      break;
    case Form::byte_fallback:
      tokens = without_byte_tokens(tokens);
      break;
    case Form::fuse:
      tokens = {fused(tokens)};
      break;
    case Form::strip:
      for (std::string& token : tokens) token = stripped(token, step.what, step.start, step.stop);
      break;
    case Form::metaspace:
      // Hugging Face drops all of them from the first token, not only the one it prepended.
      for (std::size_t i = 0; i < tokens.size(); ++i)
        replace_all(tokens[i], step.what, i == 0 && step.prepends ? "" : " ");
      break;
  }
}

std::string Detokenizer::join(std::vector<std::string> tokens) const {
  if (none_) {
    std::string out;
    for (const std::string& token : tokens) out += (out.empty() ? "" : " ") + token;
    return out;
  }
  for (const Step& step : steps_) run(step, tokens);
  return fused(tokens);
}

}  // namespace moe
