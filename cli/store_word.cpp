#include "cli/store_word.h"

#include "harness/error.h"
#include "models/checkpoint/weights.h"
#include "models/target.h"
#include "reports/find_target.h"

namespace moe {

namespace fs = std::filesystem;

fs::path store_file(const std::string& db, std::string_view otherwise) {
  const fs::path file = db.empty() ? default_store(otherwise) : fs::path(db);
  const std::string name = file.string();
  require(name != ":memory:" && !name.starts_with("file:"),
          "store {}: expected the name of a file; what is measured is kept", name);
  std::error_code failed;
  require(!fs::is_directory(file, failed), "store {}: a folder; expected a file, such as {}", name,
          (file / "moebench.sqlite").string());
  const fs::path folder = fs::absolute(file, failed).parent_path();
  failed.clear();
  const bool there = fs::is_directory(folder, failed);
  require(there, "store {}: {}: {}", name, folder.string(),
          failed ? failed.message() : "not a folder");
  return file;
}

std::string target_word(const Store& store, const std::string& word) {
  if (find_target(store, word)) return word;
  if (word.find_first_of("@:/") == std::string::npos) return word;  // a name, or a run's number
  try {
    const Target target = resolve_target(word);
    const std::string identity =
        identity_of(target, open_weights(target, config_of(target))->digest());
    const Table found = store.query("SELECT '#' || id FROM target WHERE identity = :identity",
                                    {{"identity", identity}});
    return found.rows.empty() ? word : to_text(found.rows.at(0).at(0));
  } catch (const Error& error) {
    throw error.while_doing(fmt::format("'{}' is not in {}", word, store.file().string()));
  } catch (const fs::filesystem_error& error) {
    throw Error(fmt::format("'{}' is not in {}: {}", word, store.file().string(), error.what()),
                std::source_location::current());
  }
}

}  // namespace moe
