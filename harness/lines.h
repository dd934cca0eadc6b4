// Cuts a stream of bytes into lines.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace moe {

/// Takes bytes as they come and gives whole lines, without their newlines. Takes time linear in the
/// bytes, however they are cut. For one thread.
class Lines {
 public:
  void add(std::string_view bytes);
  /// The next whole line, if there is one.
  std::optional<std::string> next();
  /// Bytes that are not yet given, once next() gives nothing: those of the unfinished line.
  std::size_t pending() const { return text_.size() - begin_; }
  /// The unfinished line, at the end of the stream.
  std::string rest();

 private:
  std::string text_;
  std::size_t begin_ = 0;    // of what is not yet given
  std::size_t scanned_ = 0;  // no newline in [begin_, scanned_)
};

}  // namespace moe
