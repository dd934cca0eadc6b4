// A file mapped into memory, read-only.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace moe {

class FileMapping {
 public:
  /// Error where the file cannot be opened or mapped.
  explicit FileMapping(const std::filesystem::path&);
  ~FileMapping();
  FileMapping(FileMapping&&) noexcept;
  FileMapping& operator=(FileMapping&&) noexcept;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  /// The pages read so far may go, of all bytes or of some; they come back from the file when
  /// touched.
  void release() const { release(bytes()); }
  void release(std::span<const std::byte> of_bytes) const;
  /// These bytes are read soon: the system may begin.
  void will_read(std::span<const std::byte> of_bytes) const;

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace moe
