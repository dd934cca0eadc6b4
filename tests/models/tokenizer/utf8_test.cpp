#include "models/tokenizer/utf8.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/models/tokenizer/tokenizer_json.h"

namespace moe {
namespace {

TEST(utf8, code_points_survive_being_written_and_read) {
  for (std::int32_t c = 0; c < 0x110000; c += c < 0x900 ? 1 : 37) {
    if (c >= 0xD800 && c < 0xE000) continue;
    std::string text;
    append_utf8(text, c);
    const CodePoint read = first_code_point(text + "x");
    EXPECT_TRUE(read.valid);
    EXPECT_EQ(read.value, c);
    EXPECT_EQ(read.bytes, text.size());
  }
}

TEST(utf8, broken_sequences_are_replaced_once_each) {
  const std::string r = "\uFFFD";
  EXPECT_EQ(to_utf8("a\xF0\x9F\xA6"
                    "b"),
            "a" + r + "b");                               // cut short
  EXPECT_EQ(to_utf8("\xFF\xFE"), r + r);                  // no lead bytes
  EXPECT_EQ(to_utf8("\xC0\x80"), r + r);                  // overlong NUL
  EXPECT_EQ(to_utf8("\xED\xA0\x80"), r + r + r);          // a surrogate
  EXPECT_EQ(to_utf8("\xF4\x90\x80\x80"), r + r + r + r);  // beyond U+10FFFF
  EXPECT_EQ(to_utf8("\xE2\x96"), r);
  EXPECT_EQ(to_utf8(""), "");
}

TEST(utf8, any_bytes_become_utf8_and_utf8_stays) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes(random() % 20, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    const std::string mended = to_utf8(bytes);
    EXPECT_TRUE(is_utf8(mended));
    EXPECT_EQ(to_utf8(mended), mended);
    EXPECT_EQ(is_utf8(bytes), mended == bytes);
  }
}

}  // namespace
}  // namespace moe
