// Reading the table that says how JSON records become items (record_map.h), and making them.
#pragma once

#include <string>
#include <string_view>
#include <vector>
#include <nlohmann/json_fwd.hpp>
#include <toml++/toml.h>

#include "datasets/dataset.h"

namespace moe {

/// The keys of a table that read_record_map reads.
std::vector<std::string_view> record_keys();

/// Error names the line and the key.
RecordMap read_record_map(std::string_view whose, const toml::table&);

/// `where`: the record's place, for errors, which name the path and what was found. The index is
/// left to the caller.
Item item_of(const RecordMap&, const nlohmann::ordered_json& record, const std::string& where);

}  // namespace moe
