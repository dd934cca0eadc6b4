// SHA-256 against the vectors of FIPS 180-4.
#include "harness/sha256.h"

#include <gtest/gtest.h>

#include "harness/error.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

TEST(sha256, known_digests) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(sha256, pieces_are_the_whole) {
  const std::string text = "the same text, however it is cut";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Sha256 sha256;
    sha256.update(std::string_view(text).substr(0, cut));
    sha256.update(std::as_bytes(std::span(text).subspan(cut)));
    EXPECT_EQ(sha256.hex(), sha256_hex(text));
  }
}

TEST(sha256, of_a_file_is_that_of_its_bytes) {
  const TemporaryFolder folder;
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, (std::size_t{1} << 21U) + 3}) {
    const std::string text(size, 'x');
    EXPECT_EQ(sha256_of_file(folder.write("file", text)), sha256_hex(text)) << size;
  }
  EXPECT_THROW(sha256_of_file(folder.path() / "nothing"), Error);
  EXPECT_THROW(sha256_of_file(folder.path()), Error);
}

}  // namespace
}  // namespace moe
