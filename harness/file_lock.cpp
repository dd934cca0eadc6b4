#include "harness/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "harness/error.h"

namespace moe {

FileLock::FileLock(const std::filesystem::path& path)
    : file_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  require(file_ >= 0, "{}: cannot be opened: {}", path.string(),
          std::generic_category().message(errno));
  if (flock(file_, LOCK_EX | LOCK_NB) == 0) return;
  const int reason = errno;
  close(file_);
  require(reason != EWOULDBLOCK, "{}: another process works in this folder", path.string());
  require(false, "{}: cannot be locked: {}", path.string(),
          std::generic_category().message(reason));
}

FileLock::~FileLock() {
  close(file_);
}

}  // namespace moe
