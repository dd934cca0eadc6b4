// The data that a suite asks about: a bundled dataset, or files of its own.
//
//   [data]                            # in place of `dataset` and `split`
//   file     = "capitals.jsonl"       # beside the suite file; JSON Lines
//   examples = "more.jsonl"           # whose records are examples; prompts name it "examples"
//   cluster  = "passage"              # the field that questions share which belong together
//   question = "q"                    # and the other keys of datasets/record_map.h
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>
#include <toml++/toml.h>

#include "datasets/dataset.h"
#include "suites/suite.h"

namespace moe {

/// Error names an unknown dataset.
const Dataset& dataset_of(const Suite&);

/// A dataset of the files that [data] names, relative to `folder`: splits "own" and, where there
/// are any, "examples". Their records have no pinned digest.
Dataset own_dataset(std::string_view whose, const toml::table& data,
                    const std::filesystem::path& folder);

/// What templates may name of a dataset's records beside questions and choices; of files of a
/// suite's own only their records tell.
std::vector<std::string> field_names(const Dataset&);

}  // namespace moe
