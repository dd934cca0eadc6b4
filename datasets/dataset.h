// Pinned data. A dataset is a TOML file (source, revision, sha256, licence, splits) and a reader
// that turns its records into items. Digests are over canonical records, so that CSV and JSONL of
// the same data agree.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/embedded.h"

namespace moe {

/// One record. `index` counts in file order within (subset, split) and is never renumbered.
struct Item {
  std::int64_t index = 0;
  std::string question;              // multiple choice: as it stands; plain text: the document
  std::vector<std::string> choices;  // empty for plain text
  std::int64_t gold = -1;            // index into choices; -1: none
  std::string facts_json = "{}";     // what else a report may group by: {"type": "rare"}
};

struct Split {
  std::string name;    // "test", "dev"
  std::string file;    // pattern under the data root; {subset} is replaced; several joined by "|"
  std::string sha256;  // of the canonical records of all subsets; "" where nobody has seen them
};

struct Dataset {
  std::string name;
  std::string reader;  // "mmlu_csv", "mmlu_jsonl", "wikitext", "text", "multiple_choice"
  std::string source, revision, licence;
  std::string directory;             // under the data root
  std::vector<std::string> subsets;  // {""} where there is one
  std::vector<Split> splits;
  std::string sha256;  // of this description
};

/// How records of one file format become items. Named in a dataset's TOML.
struct Reader {
  std::string_view name;
  /// Error names file, line and what was expected.
  std::vector<Item> (*read)(const std::filesystem::path& file);
};
std::span<const Reader* const> readers();

/// All bundled datasets' descriptions; `find_dataset` names the known ones in its Error.
std::vector<Dataset> datasets();
Dataset find_dataset(std::string_view name);
Dataset parse_dataset(std::string_view toml, std::string_view where);

/// Items of one split of one subset. Checks the split's pinned digest once per process and split:
/// a mismatch is an Error that prints both. A missing file's Error names the fetch command.
std::vector<Item> load(const Dataset&, std::string_view subset, std::string_view split,
                       const std::filesystem::path& data_root);

/// sha256 over the canonical records of a split (all subsets), as it is pinned.
std::string digest(const Dataset&, std::string_view split, const std::filesystem::path& data_root);

/// $MOEBENCH_DATA, else the cache that `fetch` fills ($XDG_CACHE_HOME or ~/.cache, /moebench/data).
std::filesystem::path default_data_root();

}  // namespace moe
