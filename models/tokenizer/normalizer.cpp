#include "models/tokenizer/normalizer.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "models/tokenizer/utf8.h"

namespace moe {
namespace {

struct Free {
  void operator()(void* memory) const {
    std::free(memory);
  }  // NOLINT(cppcoreguidelines-no-malloc): utf8proc allocates so
};

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string unicode_form(const std::string& text, int options) {
  utf8proc_uint8_t* out = nullptr;
  // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): flags, as C's enums hold them
  const auto flags = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | options);
  const utf8proc_ssize_t size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &out, flags);
  const std::unique_ptr<utf8proc_uint8_t, Free> owner(out);
  require(size >= 0, "Unicode normalisation failed: {}", utf8proc_errmsg(size));
  return {reinterpret_cast<const char*>(out), static_cast<std::size_t>(size)};
}

/// Code point by code point, so a sigma at a word's end stays a plain one.
std::string lowercase(const std::string& text) {
  // The one code point whose small form is two (Unicode, SpecialCasing.txt, unconditional).
  constexpr std::int32_t kCapitalDottedI = 0x130, kDotAbove = 0x307;
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    const CodePoint point = first_code_point(rest);
    if (point.value == kCapitalDottedI) {
      append_utf8(out.append("i"), kDotAbove);
    } else {
      append_utf8(out, utf8proc_tolower(point.value));
    }
    rest.remove_prefix(point.bytes);
  }
  return out;
}

std::string strip(std::string_view text, bool left, bool right) {
  while (left && !text.empty() && is_space(first_code_point(text).value))
    text.remove_prefix(first_code_point(text).bytes);
  while (right && !text.empty()) {
    const std::size_t last = last_code_point(text);
    if (!is_space(first_code_point(text.substr(last)).value)) break;
    text = text.substr(0, last);
  }
  return std::string(text);
}

std::string replace_matches(const std::string& text, const Regex& regex, std::string_view with) {
  std::string out;
  std::size_t at = 0;
  for (const auto& [begin, end] : regex.matches(text)) {
    out.append(text, at, begin - at).append(with);
    at = end;
  }
  return out.append(text, at);
}

}  // namespace

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  if (what.empty() || text.find(what) == std::string::npos) return;
  std::string out;
  std::size_t at = 0;
  for (std::size_t found = text.find(what); found != std::string::npos;
       found = text.find(what, at)) {
    out.append(text, at, found - at).append(with);
    at = found + what.size();
  }
  text = out.append(text, at);
}

Pattern pattern_of(const nlohmann::json& json, std::string_view where) {
  require(
      json.is_object() && json.size() == 1 && (json.contains("String") || json.contains("Regex")),
      "{}: pattern {}: expected {{\"String\": ...}} or {{\"Regex\": ...}}", where,
      json.dump().substr(0, 80));
  const bool is_regex = json.contains("Regex");
  return {is_regex, json.begin()->get<std::string>()};
}

Normalizer::Normalizer(const nlohmann::json& json, std::string_view where) {
  if (!json.is_null()) add(json, where);
}

void Normalizer::add(const nlohmann::json& json, std::string_view where) {
  const std::string type = json.at("type");
  if (type == "Sequence") {
    for (const auto& one : json.at("normalizers")) add(one, where);
  } else if (type == "Prepend") {
    steps_.push_back({.form = Form::prepend, .what = {}, .with = json.at("prepend"), .regex = {}});
  } else if (type == "Replace") {
    const Pattern pattern = pattern_of(json.at("pattern"), where);
    Step& step =
        steps_.emplace_back(Step{.form = pattern.is_regex ? Form::replace_regex : Form::replace,
                                 .what = pattern.text,
                                 .with = json.at("content"),
                                 .regex = {}});
    if (pattern.is_regex) step.regex.emplace_back(pattern.text);
  } else if (type == "Strip") {
    steps_.push_back({.form = Form::strip,
                      .what = {},
                      .with = {},
                      .regex = {},
                      .left = json.value("strip_left", true),
                      .right = json.value("strip_right", true)});
  } else {
    constexpr std::pair<std::string_view, Form> kPlain[] = {{"NFC", Form::nfc},
                                                            {"NFD", Form::nfd},
                                                            {"NFKC", Form::nfkc},
                                                            {"NFKD", Form::nfkd},
                                                            {"Lowercase", Form::lowercase}};
    const auto found = std::ranges::find(kPlain, type, &std::pair<std::string_view, Form>::first);
    require(found != std::end(kPlain), "{}: normalizer \"{}\" is not implemented", where, type);
    steps_.push_back({.form = found->second, .what = {}, .with = {}, .regex = {}});
  }
}

std::string Normalizer::run(const Step& step, const std::string& text) {
  const bool changes_ascii = step.form != Form::nfc && step.form != Form::nfd &&
                             step.form != Form::nfkc && step.form != Form::nfkd;
  if (!changes_ascii && is_ascii(text)) return text;
  std::string out = text;
  switch (step.form) {
    case Form::nfc:
      return unicode_form(text, UTF8PROC_COMPOSE);
    case Form::nfd:
      return unicode_form(text, UTF8PROC_DECOMPOSE);
    case Form::nfkc:
      return unicode_form(text, UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
    case Form::nfkd:
      return unicode_form(text, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
    case Form::lowercase:
      return lowercase(text);
    case Form::strip:
      return strip(text, step.left, step.right);
    case Form::prepend:
      return text.empty() ? text : step.with + text;
    case Form::replace:
      replace_all(out, step.what, step.with);
      return out;
    case Form::replace_regex:
      return replace_matches(text, step.regex.front(), step.with);
  }
  return out;
}

std::string Normalizer::apply(std::string text, bool at_start) const {
  for (const Step& step : steps_) {
    if (at_start || step.form != Form::prepend) text = run(step, text);
  }
  return text;
}

/// Composition never joins a blank to what stands before it, nor does it change either.
bool Normalizer::keeps_cuts() const {
  return std::ranges::all_of(steps_, [](const Step& step) {
    switch (step.form) {
      case Form::strip:  // takes blanks at the beginning of the second part
      case Form::replace_regex:
        return false;
      case Form::replace:
        return step.what == " ";
      default:
        return true;
    }
  });
}

}  // namespace moe
