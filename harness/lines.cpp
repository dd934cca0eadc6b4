#include "harness/lines.h"

#include <utility>

namespace moe {

void Lines::add(std::string_view bytes) {
  text_.erase(0, begin_);
  scanned_ -= begin_;
  begin_ = 0;
  text_.append(bytes);
}

std::optional<std::string> Lines::next() {
  const std::size_t end = text_.find('\n', scanned_);
  if (end == std::string::npos) {
    scanned_ = text_.size();
    return std::nullopt;
  }
  std::string line = text_.substr(begin_, end - begin_);
  begin_ = scanned_ = end + 1;
  return line;
}

std::string Lines::rest() {
  std::string line = text_.substr(begin_);
  text_.clear();
  begin_ = scanned_ = 0;
  return line;
}

}  // namespace moe
