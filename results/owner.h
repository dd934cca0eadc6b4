// Which process carries a run on: named so that a dead process, a later one with its number, and a
// process before the last boot are told apart.
#pragma once

#include <string>

namespace moe {

std::string this_owner();
bool is_alive(const std::string& owner);

}  // namespace moe
