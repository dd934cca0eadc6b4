#include "models/checkpoint/file_mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "harness/error.h"

namespace moe {
namespace {

/// Of the pages that these bytes of a mapping are on, whole or in part.
void advise(std::span<const std::byte> bytes, int advice) {
  if (bytes.empty()) return;
  static const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
  const std::uintptr_t first = begin / page * page;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): rounding an address has no other way
  madvise(reinterpret_cast<void*>(first), begin + bytes.size() - first, advice);
}

}  // namespace

FileMapping::FileMapping(const std::filesystem::path& file) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  require(descriptor >= 0, "{}: cannot be opened: {}", file.string(), std::strerror(errno));
  struct stat about{};
  const bool known = fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode);
  size_ = known ? static_cast<std::size_t>(about.st_size) : 0;
  void* data = size_ == 0 ? nullptr : mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
  const int failure = errno;
  close(descriptor);
  require(known, "{}: not a file", file.string());
  require(data != MAP_FAILED, "{}: cannot be mapped: {}", file.string(), std::strerror(failure));
  data_ = static_cast<const std::byte*>(data);
}

FileMapping::~FileMapping() {
  if (data_ != nullptr) munmap(const_cast<std::byte*>(data_), size_);
}

FileMapping::FileMapping(FileMapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

FileMapping& FileMapping::operator=(FileMapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void FileMapping::release(std::span<const std::byte> of_bytes) const {
  advise(of_bytes, MADV_DONTNEED);
}

void FileMapping::will_read(std::span<const std::byte> of_bytes) const {
  advise(of_bytes, MADV_WILLNEED);
}

}  // namespace moe
