// Text line by line, counting, so that an error can say where it is.
#pragma once

#include <algorithm>
#include <string_view>

namespace moe {

class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  bool more() const { return !rest_.empty(); }
  int number() const { return number_; }  // of the line last taken, from 1

  /// Without its line end; "" where there is no more.
  std::string_view take() {
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number_;
    return line;
  }

 private:
  std::string_view rest_;
  int number_ = 0;
};

}  // namespace moe
