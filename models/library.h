// What comes with the program: configs by name, cards of checkpoints, pairs of a mixture and a
// dense model.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/config.h"

namespace moe {

/// A checkpoint by a short name: a repository at a revision, or one that comes with the program.
struct Card {
  std::string name, repository, revision;  // of the Hugging Face cache; else empty
  std::string bundled;                     // a folder's name (models/bundled.h); else empty
};

/// Reads a card's text. Error where it has neither or both of "repository" (with "revision") and
/// "bundled".
Card read_card(std::string_view name, std::string_view toml);

/// A mixture and its dense counterpart: what is held equal, what is not.
struct Pair {
  std::string name, moe, dense, note;
  std::vector<std::string> held_equal, differs;
};

const std::vector<Card>& cards();
const std::vector<Pair>& pairs();
std::vector<std::string_view> config_names();
std::optional<Json> bundled_config(std::string_view name);

}  // namespace moe
