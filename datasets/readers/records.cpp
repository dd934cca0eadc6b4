// Records of a JSON Lines file, or of a JSON file that is a list, mapped by the dataset's [record].
#include <nlohmann/json.hpp>

#include "datasets/json_records.h"
#include "datasets/record.h"

namespace moe {
namespace {

std::vector<Item> read(const Dataset& dataset, const std::filesystem::path& file, std::string_view,
                       std::string_view) {
  return items_of(file, [&](const nlohmann::ordered_json& record, const std::string& where) {
    return item_of(dataset.record, record, where);
  });
}

}  // namespace

extern const Reader records = {.name = "records", .generated = false, .read = read};

}  // namespace moe
