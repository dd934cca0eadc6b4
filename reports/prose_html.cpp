#include "reports/prose_html.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>

#include "reports/escape.h"
#include "reports/lines.h"

namespace moe {
namespace {

bool is_link(std::string_view target) {
  return target.starts_with("https://") || target.starts_with("http://") || target.starts_with('#');
}

/// Where the `[` at the front of `text` is closed; npos where it is not. What is escaped is text.
std::size_t closing_bracket(std::string_view text) {
  int depth = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '[') {
      ++depth;
    } else if (text[at] == ']' && --depth == 0) {
      return at;
    }
  }
  return std::string_view::npos;
}

/// Copies `[text](target)` at the front of `rest`, or nothing where there is none.
bool take_link(std::string_view& rest, std::string& out) {
  const std::size_t middle = closing_bracket(rest);
  if (middle == std::string_view::npos || !rest.substr(middle).starts_with("](")) return false;
  const std::size_t end = rest.find(')', middle);
  if (end == std::string_view::npos) return false;
  const std::string_view target = rest.substr(middle + 2, end - middle - 2);
  if (!is_link(target)) return false;
  out += fmt::format("<a href=\"{}\">{}</a>", escape_html(target),
                     inline_html(rest.substr(1, middle - 1)));
  rest.remove_prefix(end + 1);
  return true;
}

/// Copies what stands between two `mark`s at the front of `rest`, as an element.
bool take_between(std::string_view& rest, std::string_view mark, std::string_view element,
                  std::string& out) {
  if (!rest.starts_with(mark)) return false;
  const std::size_t end = rest.find(mark, mark.size());
  if (end == std::string_view::npos || end == mark.size()) return false;
  const std::string_view inner = rest.substr(mark.size(), end - mark.size());
  out += fmt::format("<{0}>{1}</{0}>", element,
                     element == "code" ? escape_html(inner) : inline_html(inner));
  rest.remove_prefix(end + mark.size());
  return true;
}

enum class Block : std::uint8_t { none, paragraph, bullets, numbers, quotation };

constexpr std::array<std::string_view, 5> kOpen = {"", "<p>", "<ul>\n", "<ol>\n",
                                                   "<blockquote><p>"};
constexpr std::array<std::string_view, 5> kClose = {"", "</p>\n", "</li>\n</ul>\n",
                                                    "</li>\n</ol>\n", "</p></blockquote>\n"};

/// "1. text": how long the marker is; 0 where there is none.
std::size_t number_marker(std::string_view line) {
  std::size_t at = 0;
  while (at < line.size() && std::isdigit(static_cast<unsigned char>(line[at])) != 0) ++at;
  return at > 0 && line.substr(at).starts_with(". ") ? at + 2 : 0;
}

/// "## text" and a "##" alone: 2; 0 where the line is no heading.
std::size_t heading_level(std::string_view line) {
  const std::size_t level = std::min(line.find_first_not_of('#'), line.size());
  const bool ends = level == line.size() || line[level] == ' ';
  return level >= 1 && level <= 6 && ends ? level : 0;
}

class Converter {
 public:
  std::string convert(std::string_view markdown) {
    Lines lines(markdown);
    while (lines.more()) {
      const std::string_view line = lines.take();
      if (line.starts_with("```")) {
        copy_code(lines);
      } else if (line.find_first_not_of(' ') == std::string_view::npos) {
        enter(Block::none);
      } else if (const std::size_t level = heading_level(line); level > 0) {
        heading(line, level);
      } else {
        text(line);
      }
    }
    enter(Block::none);
    return std::move(out_);
  }

 private:
  void enter(Block block) {
    if (block == block_) return;
    out_ += kClose.at(static_cast<std::size_t>(block_));
    out_ += kOpen.at(static_cast<std::size_t>(block));
    block_ = block;
    items_ = 0;
    fresh_ = block == Block::paragraph;
  }

  void copy_code(Lines& lines) {
    enter(Block::none);
    out_ += "<pre><code>";
    while (lines.more()) {
      const std::string_view line = lines.take();
      if (line.starts_with("```")) break;
      out_ += escape_html(line) + "\n";
    }
    out_ += "</code></pre>\n";
  }

  void heading(std::string_view line, std::size_t level) {
    enter(Block::none);
    const std::string_view words = line.substr(std::min(level + 1, line.size()));
    out_ += fmt::format("<h{0}>{1}</h{0}>\n", level, inline_html(words));
  }

  void item(Block list, std::string_view words) {
    enter(list);
    out_ += fmt::format("{}<li>{}", items_++ == 0 ? "" : "</li>\n", inline_html(words));
  }

  void text(std::string_view line) {
    const std::size_t marker = number_marker(line);
    if (line.starts_with("- ")) {
      item(Block::bullets, line.substr(2));
    } else if (marker > 0) {
      item(Block::numbers, line.substr(marker));
    } else if (line.starts_with("> ")) {
      enter(Block::quotation);
      out_ += inline_html(line.substr(2)) + "\n";
    } else {
      if (block_ == Block::none || block_ == Block::quotation) enter(Block::paragraph);
      out_ += (fresh_ ? "" : "\n") + inline_html(line);
      fresh_ = false;
    }
  }

  std::string out_;
  Block block_ = Block::none;
  int items_ = 0;
  bool fresh_ = false;  // a paragraph was opened and is empty
};

}  // namespace

std::string inline_html(std::string_view rest) {
  std::string out;
  while (!rest.empty()) {
    if (rest.size() > 1 && rest.front() == '\\' &&
        std::ispunct(static_cast<unsigned char>(rest[1])) != 0) {
      out += escape_html(rest.substr(1, 1));
      rest.remove_prefix(2);
      continue;
    }
    if (rest.front() == '[' && take_link(rest, out)) continue;
    if (take_between(rest, "**", "strong", out) || take_between(rest, "*", "em", out) ||
        take_between(rest, "`", "code", out)) {
      continue;
    }
    out += escape_html(rest.substr(0, 1));
    rest.remove_prefix(1);
  }
  return out;
}

std::string prose_html(std::string_view markdown) {
  return Converter().convert(markdown);
}

}  // namespace moe
