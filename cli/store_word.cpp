#include "cli/store_word.h"

#include "harness/error.h"
#include "models/checkpoint/weights.h"
#include "models/target.h"
#include "reports/find_target.h"

namespace moe {

namespace fs = std::filesystem;

fs::path store_file(const std::string& db) {
  const fs::path file = db.empty() ? default_store() : fs::path(db);
  const std::string name = file.string();
  require(name != ":memory:" && !name.starts_with("file:"),
          "--db {}: expected the name of a file; what is measured is kept", name);
  require(!fs::is_directory(file), "--db {}: a folder; expected a file, such as {}", name,
          (file / "moebench.sqlite").string());
  const fs::path folder = fs::absolute(file).parent_path();
  require(fs::is_directory(folder), "--db {}: no such folder: {}", name, folder.string());
  return file;
}

std::string target_word(const Store& store, const std::string& word) {
  if (find_target(store, word)) return word;
  std::string identity;
  try {
    const Target target = resolve_target(word);
    identity = identity_of(target, open_weights(target, config_of(target))->digest());
  } catch (const Error&) {
    return word;  // nothing on this machine: whoever asked says what the store has
  }
  const Table found = store.query("SELECT '#' || id FROM target WHERE identity = :identity",
                                  {{"identity", identity}});
  return found.rows.empty() ? word : to_text(found.rows.at(0).at(0));
}

}  // namespace moe
