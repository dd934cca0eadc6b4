#include "harness/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <vector>

#include "harness/error.h"

namespace moe {

struct Sha256::State {
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  require(EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1,
          "OpenSSL offers no SHA-256");
}

Sha256::Sha256(const Sha256& other) : state_(std::make_unique<State>()) {
  require(EVP_MD_CTX_copy_ex(state_->context.get(), other.state_->context.get()) == 1,
          "a SHA-256 under way cannot be copied");
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const std::byte> bytes) {
  require(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1,
          "SHA-256 failed on {} bytes", bytes.size());
}

void Sha256::update(std::string_view text) {
  update(std::as_bytes(std::span(text)));
}

std::string Sha256::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  require(EVP_DigestFinal_ex(state_->context.get(), digest.data(), &size) == 1,
          "SHA-256 could not be finished");
  std::string out;
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (unsigned int i = 0; i < size; ++i) {
    out += kDigits[digest[i] >> 4U];
    out += kDigits[digest[i] & 15U];
  }
  return out;
}

std::string sha256_hex(std::string_view text) {
  Sha256 sha256;
  sha256.update(text);
  return sha256.hex();
}

std::string sha256_of_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  require(in.good() && std::filesystem::is_regular_file(file), "{}: cannot be read", file.string());
  Sha256 sha256;
  std::vector<char> buffer(std::size_t{1} << 20U);
  while (in.read(buffer.data(), std::ssize(buffer)) || in.gcount() > 0)
    sha256.update(std::string_view(buffer.data(), static_cast<std::size_t>(in.gcount())));
  require(in.eof(), "{}: reading it failed", file.string());
  return sha256.hex();
}

}  // namespace moe
