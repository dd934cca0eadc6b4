// The records of a JSON file, for readers.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>
#include <nlohmann/json_fwd.hpp>

#include "datasets/dataset.h"

namespace moe {

/// A record, keys in their order, and its place for errors: "test.jsonl, line 3".
using MakeItem =
    std::function<Item(const nlohmann::ordered_json& record, const std::string& where)>;

/// One item a record: of lines where the file's name ends in .jsonl, blank ones left out, of a list
/// else. Error names the file, the record, and what is no JSON or not as expected.
std::vector<Item> items_of(const std::filesystem::path& file, const MakeItem& make);

}  // namespace moe
