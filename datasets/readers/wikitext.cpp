// WikiText: pages of one file, cut before each top-level heading (` = Title = `), as the
// document-level dataset has them.
#include "datasets/dataset.h"
#include "datasets/file_text.h"
#include "harness/error.h"

namespace moe {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

std::string_view stripped(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

/// Lower headings are ` = = Title = = ` and ` = = = Title = = = `.
bool is_title(std::string_view line) {
  const std::string_view inside = stripped(line);
  return inside.size() > 3 && inside.starts_with("= ") && inside.ends_with(" =") &&
         !inside.starts_with("= =") && !inside.ends_with("= =");
}

std::vector<Item> read(const Dataset&, const std::filesystem::path& file, std::string_view,
                       std::string_view) {
  const std::string text = read_utf8(file);
  std::vector<Item> pages;
  std::string page;
  bool first_line = true;
  const auto end_page = [&] {
    if (!stripped(page).empty())
      pages.push_back(
          {.index = static_cast<std::int64_t>(pages.size()), .question = page, .choices = {}});
    page.clear();
    first_line = true;
  };
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    if (is_title(line)) end_page();
    page.append(first_line ? "" : "\n").append(line);
    first_line = false;
    at = end + 1;
  }
  end_page();
  require(!pages.empty(), "{}: no text", file.string());
  return pages;
}

}  // namespace

extern const Reader wikitext = {.name = "wikitext", .generated = false, .read = read};

}  // namespace moe
