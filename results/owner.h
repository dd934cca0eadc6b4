// Which process carries a run on: named so that a dead process, a later one with its number, one in
// another container and one before the last boot are told apart.
#pragma once

#include <cstdint>
#include <string>

namespace moe {

/// unseen: a process of another boot or another PID namespace (a container, another machine), of
/// which nothing can be said from here. Its sign of life is the time it last wrote (run.alive_at):
/// a living owner writes at least every kBeatSeconds, and one that was silent for kSilenceSeconds
/// is taken for dead.
enum class OwnerState : std::uint8_t { alive, dead, unseen };

inline constexpr double kBeatSeconds = 5;
inline constexpr double kSilenceSeconds = 60;

/// "BOOT NAMESPACE PROCESS START" of this process. Error where /proc is not mounted.
std::string this_owner();

OwnerState state_of(const std::string& owner);

}  // namespace moe
