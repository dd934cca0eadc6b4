#include "models/tokenizer/pre_tokenizer.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "models/tokenizer/byte_level.h"
#include "models/tokenizer/normalizer.h"
#include "models/tokenizer/utf8.h"

namespace moe {
namespace {

void add_word(std::string_view word, std::vector<std::string_view>& out) {
  if (!word.empty()) out.push_back(word);
}

/// Patterns of which no alternative has a blank behind another character than white space, or looks
/// further than the one behind its match: text is cut before every blank behind a letter or digit,
/// whatever follows. cl100k (GPT-4, Llama 3), Qwen 2, o200k, and GPT-2's own, as the files have
/// them.
constexpr auto kCutsBeforeBlank = std::to_array<std::string_view>(
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)"});

}  // namespace

PreTokenizer::PreTokenizer(const nlohmann::json& json, std::string_view where) {
  if (!json.is_null()) add(json, where);
}

void PreTokenizer::add(const nlohmann::json& json, std::string_view where) {
  const std::string type = json.at("type");
  if (type == "Sequence") {
    for (const auto& one : json.at("pretokenizers")) add(one, where);
    return;
  }
  require(!byte_level_, "{}: pre_tokenizer \"{}\" behind ByteLevel is not implemented", where,
          type);
  Step step{.form = Form::whole, .regex = {}, .literal = {}, .replacement = {}};
  if (type == "ByteLevel") {
    byte_level_ = true;
    step.form = json.value("use_regex", true) ? Form::gpt2 : Form::whole;
    step.add_prefix_space = json.value("add_prefix_space", true);
  } else if (type == "Split") {
    step.form = Form::pattern;
    const Pattern pattern = pattern_of(json.at("pattern"), where);
    if (pattern.is_regex) {
      step.regex.emplace_back(pattern.text);
    } else {
      step.literal = pattern.text;
    }
    constexpr std::pair<std::string_view, Behaviour> kBehaviours[] = {
        {"Removed", Behaviour::removed},
        {"Isolated", Behaviour::isolated},
        {"MergedWithPrevious", Behaviour::merged_with_previous},
        {"MergedWithNext", Behaviour::merged_with_next},
        {"Contiguous", Behaviour::contiguous}};
    const auto found = std::ranges::find(kBehaviours, json.at("behavior").get<std::string>(),
                                         &std::pair<std::string_view, Behaviour>::first);
    require(found != std::end(kBehaviours),
            "{}: pre_tokenizer Split: behavior {} is not implemented", where,
            json.at("behavior").dump());
    step.behaviour = found->second;
    step.invert = json.value("invert", false);
    step.cuts_before_blank =
        pattern.is_regex && step.behaviour == Behaviour::isolated && !step.invert &&
        std::ranges::find(kCutsBeforeBlank, pattern.text) != kCutsBeforeBlank.end();
  } else if (type == "Metaspace") {
    step.form = Form::metaspace;
    step.replacement = json.at("replacement");
    const std::string scheme =
        json.value("prepend_scheme", json.value("add_prefix_space", true) ? "always" : "never");
    require(scheme == "always" || scheme == "first" || scheme == "never",
            "{}: pre_tokenizer Metaspace: prepend_scheme \"{}\"", where, scheme);
    step.prepend = scheme == "always"  ? Step::Prepend::always
                   : scheme == "first" ? Step::Prepend::first
                                       : Step::Prepend::never;
    step.cut = json.value("split", true);
  } else if (type == "Digits") {
    step.form = Form::digits;
    step.cut = json.value("individual_digits", false);
  } else {
    require(false, "{}: pre_tokenizer \"{}\" is not implemented", where, type);
  }
  steps_.push_back(std::move(step));
}

PreTokenizer::Blank PreTokenizer::blank() const {
  bool begins = false;
  for (const Step& step : steps_) {
    if (step.form == Form::pattern && !step.cuts_before_blank) return Blank::unknown;
    begins = begins || step.form == Form::gpt2 || step.form == Form::pattern ||
             (step.form == Form::metaspace && step.cut);
  }
  return begins ? Blank::begins_a_word : Blank::joins;
}

void PreTokenizer::run_pattern(const Step& step, std::string_view word,
                               std::vector<std::string_view>& out) {
  const Spans matches =
      step.regex.empty() ? literal_matches(word, step.literal) : step.regex.front().matches(word);
  split_at(word, matches, step.behaviour, step.invert, out);
}

void PreTokenizer::run_metaspace(const Step& step, std::string_view word, bool first,
                                 std::deque<std::string>& storage,
                                 std::vector<std::string_view>& out) {
  std::string text(word);
  replace_all(text, " ", step.replacement);
  const bool prepend =
      step.prepend == Step::Prepend::always || (step.prepend == Step::Prepend::first && first);
  if (prepend && !text.starts_with(step.replacement)) text.insert(0, step.replacement);
  const std::string_view kept = storage.emplace_back(std::move(text));
  if (!step.cut) return add_word(kept, out);
  std::size_t at = 0;
  for (const auto& [begin, end] : literal_matches(kept, step.replacement)) {
    add_word(kept.substr(at, begin - at), out);
    at = begin;
  }
  add_word(kept.substr(at), out);
}

void PreTokenizer::run(const Step& step, std::string_view word, bool first,
                       std::deque<std::string>& storage, std::vector<std::string_view>& out) {
  if (step.form == Form::pattern) return run_pattern(step, word, out);
  if (step.form == Form::metaspace) return run_metaspace(step, word, first, storage, out);
  if (step.form == Form::digits) {
    std::size_t begin = 0;
    for (std::size_t at = 0; at < word.size();) {
      const CodePoint point = first_code_point(word.substr(at));
      const bool digit = is_number(point.value);
      const bool before = at > begin && is_number(first_code_point(word.substr(begin)).value);
      if (at > begin && (digit != before || (digit && step.cut))) {
        out.push_back(word.substr(begin, at - begin));
        begin = at;
      }
      at += point.bytes;
    }
    return add_word(word.substr(begin), out);
  }
  if (step.add_prefix_space && !word.empty() && !word.starts_with(' '))
    word = storage.emplace_back(" " + std::string(word));
  if (step.form == Form::gpt2) return split_gpt2(word, out);
  add_word(word, out);
}

void PreTokenizer::split(std::string_view text, bool first, std::deque<std::string>& storage,
                         std::vector<std::string_view>& words) const {
  if (steps_.empty()) return add_word(text, words);
  std::vector<std::string_view> now = {text}, next;
  for (const Step& step : steps_) {
    next.clear();
    bool is_first = first;
    for (const std::string_view word : now) {
      run(step, word, is_first, storage, next);
      is_first = false;
    }
    now.swap(next);
  }
  words.insert(words.end(), now.begin(), now.end());
}

}  // namespace moe
