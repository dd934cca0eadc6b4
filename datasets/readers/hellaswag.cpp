// HellaSwag: the hub's JSON Lines (activity_label, ctx_a, ctx_b, endings, label), put together as
// lm-evaluation-harness does it; or the text file of six lines a question (context, number of the
// right ending, four endings) whose texts were cleaned already, but for the capital.
#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "datasets/file_text.h"
#include "datasets/json_records.h"
#include "harness/error.h"

namespace moe {
namespace {

constexpr std::size_t kEndings = 4;

using Point = utf8proc_int32_t;

/// The code point at the beginning of UTF-8, and its bytes.
std::pair<Point, std::size_t> first_point(std::string_view text) {
  Point point = 0;
  const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                       static_cast<utf8proc_ssize_t>(text.size()), &point);
  require(length > 0, "text that is not UTF-8: \"{}\"", text.substr(0, 20));
  return {point, static_cast<std::size_t>(length)};
}

void append(std::string& out, Point point) {
  utf8proc_uint8_t bytes[4];
  const auto length = static_cast<std::size_t>(utf8proc_encode_char(point, bytes));
  out.append(reinterpret_cast<const char*>(bytes), length);
}

/// Python's str.capitalize: the first as a title has it, all others lower, each by itself.
std::string capitalised(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto [point, length] = first_point(text);
    append(out, out.empty() ? utf8proc_totitle(point) : utf8proc_tolower(point));
    text.remove_prefix(length);
  }
  return out;
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
}

/// Of the hub's texts: " [title]" is the end of a sentence, other brackets are none of the text.
std::string cleaned(std::string_view raw) {
  constexpr std::string_view kBlank = " \t\n\v\f\r";
  const std::size_t begin = std::min(raw.find_first_not_of(kBlank), raw.size());
  std::string text(raw.substr(begin, raw.find_last_not_of(kBlank) + 1 - begin));
  replace_all(text, " [title]", ". ");
  for (std::size_t open = 0; (open = text.find('[', open)) != std::string::npos;) {
    const std::size_t close = text.find_first_of("]\n", open);  // a bracket ends on its line
    if (close != std::string::npos && text[close] == ']') {
      text.erase(open, close + 1 - open);
    } else {
      ++open;
    }
  }
  replace_all(text, "  ", " ");
  return text;
}

Item from_json(const nlohmann::ordered_json& json, const std::string& where) {
  Item item;
  const std::string context =
      json.at("ctx_a").get<std::string>() + " " + capitalised(json.at("ctx_b").get<std::string>());
  item.question = cleaned(json.at("activity_label").get<std::string>() + ": " + context);
  for (const auto& ending : json.at("endings"))
    item.choices.push_back(cleaned(ending.get<std::string>()));
  const auto& label = json.at("label");
  const std::string gold = label.is_string() ? label.get<std::string>() : label.dump();
  require(item.choices.size() == kEndings && gold.size() == 1 && gold[0] >= '0' && gold[0] <= '3',
          "{}: {} endings and label {}: expected 4 and a number from 0 to 3", where,
          item.choices.size(), label.dump());
  item.gold = gold[0] - '0';
  return item;
}

/// Where a context ends in no mark, its last sentence is `ctx_b`, which was put in with a capital.
std::string with_capital(const std::string& context) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i + 1 < context.size(); ++i) {
    if (std::string_view(".!?:").find(context[i]) != std::string_view::npos &&
        context[i + 1] == ' ')
      begin = i + 2;
  }
  const bool ended = std::string_view(".!?:;\"").find(context.back()) != std::string_view::npos;
  const std::string_view last = std::string_view(context).substr(begin);
  if (ended || last.empty() || utf8proc_islower(first_point(last).first) == 0) return context;
  return context.substr(0, begin) + capitalised(last);
}

std::vector<Item> from_text(const std::filesystem::path& file) {
  const std::string text = read_utf8(file);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  require(!lines.empty() && lines.size() % (kEndings + 2) == 0,
          "{}: {} lines, expected 6 a question: context, number of the right ending, 4 endings",
          file.string(), lines.size());
  std::vector<Item> items;
  for (std::size_t at = 0; at < lines.size(); at += kEndings + 2) {
    const std::string& gold = lines[at + 1];
    require(!lines[at].empty() && gold.size() == 1 && gold[0] >= '0' && gold[0] <= '3',
            "{}, line {}: \"{}\": expected the number of an ending, 0 to 3, behind a context",
            file.string(), at + 2, gold);
    Item& item = items.emplace_back();
    item.index = std::ssize(items) - 1;
    item.question = with_capital(lines[at]);
    item.choices.assign(lines.begin() + static_cast<std::ptrdiff_t>(at + 2),
                        lines.begin() + static_cast<std::ptrdiff_t>(at + 2 + kEndings));
    item.gold = gold[0] - '0';
  }
  return items;
}

std::vector<Item> read(const Dataset&, const std::filesystem::path& file, std::string_view,
                       std::string_view) {
  return file.extension() == ".txt" ? from_text(file) : items_of(file, from_json);
}

}  // namespace

extern const Reader hellaswag = {.name = "hellaswag", .generated = false, .read = read};

}  // namespace moe
