// Where the files of a target lie.
#pragma once

#include <span>

#include "models/library.h"
#include "models/target.h"

namespace moe {

/// What comes before the name of a config whose weights are seeded.
inline constexpr std::string_view kSynthetic = "synthetic:";

/// Fills in kind, name and directory from what the target was called: synthetic:CONFIG, a folder,
/// the name of one of `cards`, org/name. Error where nothing is there; it says what was looked for.
void place(Target&, std::span<const Card> cards);

}  // namespace moe
