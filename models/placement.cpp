#include "models/placement.h"

#include <algorithm>

#include "harness/error.h"
#include "harness/program_folder.h"
#include "models/bundled.h"
#include "models/hub_cache.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

bool is_repository(std::string_view what) {
  return std::ranges::count(what, '/') == 1 && what.front() != '/' && what.back() != '/' &&
         what.front() != '.';
}

/// A folder's own name; of the Hugging Face cache (models--org--name/snapshots/<commit>) the
/// model's; of a folder that only says what format it holds, its parent's.
std::string model_name(const fs::path& directory) {
  constexpr std::string_view kModels = "models--";
  const fs::path above = directory.parent_path();
  const std::string repository = above.parent_path().filename().string();
  if (above.filename() == "snapshots" && repository.starts_with(kModels)) {
    const std::size_t name = repository.find("--", kModels.size());
    return repository.substr(name == std::string::npos ? kModels.size() : name + 2);
  }
  return (directory.filename() == "hf" ? above : directory).filename().string();
}

void refuse_revision(const Target& target, std::string_view what) {
  const auto revision = target.keys.find("revision");
  require(revision == target.keys.end(),
          "target {}: key revision={}: {} has none; it is for repositories (org/name)", target.what,
          revision == target.keys.end() ? "" : revision->second, what);
}

void place_synthetic(Target& target) {
  target.kind = TargetKind::synthetic;
  const fs::path config = target.what.substr(kSynthetic.size());
  target.name = (config.extension() == ".json" ? config.stem() : config.filename()).string();
}

void place_folder(Target& target) {
  target.directory = fs::canonical(target.what);
  target.name = model_name(target.directory);
  require(fs::exists(target.directory / "config.json"), "target {}: the folder has no config.json",
          target.what);
  refuse_revision(target, "a folder");
}

void place_bundled(Target& target, const Card& card) {
  refuse_revision(target, "what comes with the program");
  try {
    target.directory = find_bundled(card.bundled, bundled_places(program_folder()));
  } catch (const Error& error) {
    throw error.while_doing("target " + target.what);
  }
  target.name = card.name;
}

/// Without a card, `target.what` is the repository.
void place_repository(Target& target, const Card* card) {
  const std::string repository = card != nullptr ? card->repository : target.what;
  const auto revision = target.keys.find("revision");
  const std::string wanted = revision != target.keys.end() ? revision->second
                             : card != nullptr             ? card->revision
                                                           : "main";
  target.directory = required(
      hub_snapshot(repository, wanted),
      "target {}: no such folder, and {} at revision {} is not in the Hugging Face cache {}; "
      "bring it with: "
      "moebench fetch model {}{}",
      target.what, repository, wanted, hub_cache().string(), repository,
      wanted == "main" ? "" : " --revision " + wanted);
  target.name = card != nullptr ? card->name : repository.substr(repository.find('/') + 1);
}

}  // namespace

void place(Target& target, std::span<const Card> cards) {
  if (target.what.starts_with(kSynthetic)) return place_synthetic(target);
  require(
      !target.what.starts_with("http://") && !target.what.starts_with("https://"),
      "target {}: this build measures models it loads itself; a server's URL is no target of it",
      target.what);
  if (fs::is_directory(target.what)) return place_folder(target);
  const auto card = std::ranges::find(cards, target.what, &Card::name);
  const bool known = card != cards.end();
  require(
      known || is_repository(target.what),
      "target {}: no such folder, no card of that name (`moebench list targets`), and not org/name",
      target.what);
  if (known && !card->bundled.empty()) return place_bundled(target, *card);
  place_repository(target, known ? &*card : nullptr);
}

}  // namespace moe
