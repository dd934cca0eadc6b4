// What lm-evaluation-harness computed (make.py beside this file), as JSON.
#pragma once

#include <filesystem>
#include <fstream>
#include <string_view>
#include <nlohmann/json.hpp>

namespace moe {

inline std::filesystem::path lm_eval_goldens() {
  return std::filesystem::path(MOE_SOURCE_DIR) / "tests/goldens/lm_eval";
}

/// "windows.json": the file's content. Throws where it is not there or is not JSON.
inline nlohmann::json lm_eval_golden(std::string_view file) {
  std::ifstream in(lm_eval_goldens() / file);
  return nlohmann::json::parse(in);
}

}  // namespace moe
