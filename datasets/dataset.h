// Pinned data. A dataset is a TOML file (source, revision, licence, splits with their digests) and
// a reader that turns its files into items. Digests are over canonical records, so that CSV and
// JSON Lines of the same data agree.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/record_map.h"

namespace moe {

/// One record. `index` counts in file order within (subset, split) and is never renumbered.
struct Item {
  std::int64_t index = 0;
  std::string question;              // multiple choice: as it stands; text: the document
  std::vector<std::string> choices;  // empty for text
  std::int64_t gold = -1;            // index into choices; -1: none
  // NOLINTBEGIN(readability-redundant-member-init): else g++ wants them named
  std::vector<std::int64_t> right = {};   // of choices, ascending; empty: the gold one alone
  std::vector<std::string> answers = {};  // texts that are right where there are no choices
  std::map<std::string, std::string> fields = {};  // further texts for prompts: "passage"
  // NOLINTEND(readability-redundant-member-init)
  std::string facts_json = "{}";  // what a report may group by: {"type": "rare"}
};

struct Split {
  std::string name;    // "test", "dev"
  std::string file;    // under the dataset's folder, or "bundled:NAME.jsonl", which comes with the
                       // program; {subset} is replaced; alternatives joined by "|"
  std::string sha256;  // of the canonical records of all subsets; "" where nobody has seen them
};

struct Dataset {
  std::string name, reader, source, revision, licence;
  std::string directory;      // under the data root
  std::string configuration;  // of the source, where that has several; "" else
  std::string
      split_by;  // the source's field that names a record's subset; "": it has files of each
  std::vector<std::string> subsets;  // {""} where there is one
  std::vector<Split> splits;
  RecordMap record;  // of reader "records"
  // What questions that are not independent of each other share: a field of theirs ("passage"), or
  // "subset"; "": nothing.
  std::string cluster;
};

/// How files of a dataset become items. Named in its TOML.
struct Reader {
  std::string_view name;
  bool generated = false;  // makes items from nothing but the subset's and split's names
  /// Items of one file. Error names the file, the record and what was expected.
  std::vector<Item> (*read)(const Dataset&, const std::filesystem::path& file,
                            std::string_view subset, std::string_view split);
};
std::span<const Reader* const> readers();

/// The bundled datasets; find_dataset's Error names them.
const std::vector<Dataset>& datasets();
const Dataset& find_dataset(std::string_view name);
/// Error names the line of an unknown key, a missing one, or an unknown reader.
Dataset parse_dataset(std::string_view name, std::string_view toml);

const Split& find_split(const Dataset&, std::string_view split);

/// Items of one split of one subset. Error where its file is missing (with the fetch command),
/// broken, or where the split's records do not have the pinned digest (with both).
std::vector<Item> load(const Dataset&, std::string_view subset, std::string_view split,
                       const std::filesystem::path& data_root);

/// sha256 over the canonical records of a split, all subsets in order; checked against the pinned
/// one, or where none is, against the one that was recorded beside the data.
std::string digest(const Dataset&, std::string_view split, const std::filesystem::path& data_root);

/// Records the digest of what is there now beside the data, for splits that have no pinned one:
/// other data in its place is refused from then on.
void record_digest(const Dataset&, std::string_view split, const std::filesystem::path& data_root);

/// The text of a split's file as it stands; for datasets of one subset whose file is text.
std::string whole_text(const Dataset&, std::string_view split,
                       const std::filesystem::path& data_root);

/// The record as it is digested: one JSON line of question, choices, gold and facts, and of what
/// else it has.
std::string canonical(const Item&);

/// $MOEBENCH_DATA, else the cache that `fetch` fills ($XDG_CACHE_HOME or ~/.cache, moebench/data).
std::filesystem::path default_data_root();

}  // namespace moe
