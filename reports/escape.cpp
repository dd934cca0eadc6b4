#include "reports/escape.h"

#include <cctype>

namespace moe {
namespace {

bool is_word(std::string_view text, std::size_t at) {
  // A byte of a multi-byte character counts as part of a word.
  return at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) != 0 ||
                              (static_cast<unsigned char>(text[at]) & 0x80U) != 0);
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string escape_markdown(std::string_view text) {
  constexpr std::string_view kSpecial = "\\`*[]<>|~&#!";
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\n' || c == '\r' || c == '\t') {
      out += ' ';
      continue;
    }
    // Inside a word an underscore is only itself, and names stay readable on a terminal.
    const bool emphasis = c == '_' && !(at > 0 && is_word(text, at - 1) && is_word(text, at + 1));
    const bool marker = at == 0 && (c == '-' || c == '+' || c == '=') && !is_word(text, at + 1);
    if (emphasis || marker || kSpecial.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string unescape_markdown(std::string_view markdown) {
  std::string out;
  for (std::size_t at = 0; at < markdown.size(); ++at) {
    const bool escapes = markdown[at] == '\\' && at + 1 < markdown.size() &&
                         std::ispunct(static_cast<unsigned char>(markdown[at + 1])) != 0;
    out += markdown[escapes ? ++at : at];
  }
  return out;
}

std::string escape_script(std::string_view json) {
  std::string out;
  for (const char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else if (c == '>') {
      out += "\\u003e";
    } else if (c == '&') {
      out += "\\u0026";
    } else {
      out += c;
    }
  }
  return out;
}

std::string escape_csv(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

}  // namespace moe
