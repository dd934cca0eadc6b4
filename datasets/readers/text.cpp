// A plain text file as one document.
#include "datasets/dataset.h"
#include "datasets/file_text.h"
#include "harness/error.h"

namespace moe {
namespace {

std::vector<Item> read(const Dataset&, const std::filesystem::path& file, std::string_view,
                       std::string_view) {
  std::string text = read_utf8(file);
  require(!text.empty(), "{}: no text", file.string());
  std::vector<Item> items;
  items.push_back({.index = 0, .question = std::move(text), .choices = {}});
  return items;
}

}  // namespace

extern const Reader text = {.name = "text", .generated = false, .read = read};

}  // namespace moe
