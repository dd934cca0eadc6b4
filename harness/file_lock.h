// A lock that one process at a time holds, by a file. The kernel gives it back when the process
// ends, however it ends.
#pragma once

#include <filesystem>

namespace moe {

class FileLock {
 public:
  /// Makes the file where there is none. Error, which names it, where another process holds it.
  explicit FileLock(const std::filesystem::path&);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int file_ = -1;
};

}  // namespace moe
