// SHA-256, for identities and digests.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace moe {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&);  // goes on from the same beginning, apart
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(const Sha256&) = delete;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::span<const std::byte>);
  void update(std::string_view);
  /// 64 hexadecimal digits; call once.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::string_view);
/// Error names a file that cannot be read.
std::string sha256_of_file(const std::filesystem::path&);

}  // namespace moe
