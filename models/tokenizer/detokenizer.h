// "decoder" of a tokenizer.json: from tokens back to text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include <nlohmann/json_fwd.hpp>

namespace moe {

class Detokenizer {
 public:
  /// null: tokens joined by blanks. Error names an element that is not implemented.
  Detokenizer(const nlohmann::json& json, std::string_view where);

  std::string join(std::vector<std::string> tokens) const;

 private:
  enum class Form : std::uint8_t { byte_level, replace, byte_fallback, fuse, strip, metaspace };
  struct Step {
    Form form;
    std::string what, with;
    std::int64_t start = 0, stop = 0;  // strip
    bool prepends = true;              // metaspace
  };
  void add(const nlohmann::json& json, std::string_view where);
  static void run(const Step&, std::vector<std::string>& tokens);

  std::vector<Step> steps_;
  bool none_ = false;
};

}  // namespace moe
