// Broken files: each opens, or is refused with an Error that names it; none does anything worse.
#include <gtest/gtest.h>

#include <random>

#include "models/cost.h"
#include "tests/models/checkpoint/small_checkpoint.h"

namespace moe {
namespace {

void flip_bits(std::string& text, std::mt19937_64& random, std::size_t end) {
  for (std::uint64_t n = 1 + random() % 3; n > 0; --n) {
    char& byte = text[random() % end];
    byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << (random() % 8)));
  }
}

/// Whether `act` ends without an Error; the Error's message must name `path`.
template <typename F>
bool succeeds(const std::filesystem::path& path, F&& act) {
  try {
    act();
    return true;
  } catch (const Error& error) {
    EXPECT_TRUE(has(error.what(), path.string())) << error.what();
    return false;
  }
}

class BrokenCheckpoint : public testing::Test {
 protected:
  /// Opens the folder and reads every byte of every weight.
  bool opens() const {
    return succeeds(folder_.path(), [&] {
      Checkpoint checkpoint(folder_.path(), config_);
      unsigned sum = 0;
      for (const ParameterShape& parameter : parameters(config_)) {
        for (const std::byte byte : checkpoint.weight(parameter.name).bytes)
          sum += std::to_integer<unsigned>(byte);
      }
      EXPECT_GT(sum, 0U);
    });
  }

  Config config_ = small_config();
  TemporaryFolder folder_;
};

TEST_F(BrokenCheckpoint, bits_flipped_in_the_header) {
  const auto file = folder_.path() / "model.safetensors";
  write_tensors(file, small_tensors(config_));
  const std::string good = text_of(file);
  const std::size_t header = 8 + static_cast<unsigned char>(good[0]) +
                             256 * static_cast<std::size_t>(static_cast<unsigned char>(good[1]));
  ASSERT_LT(header, good.size());
  std::mt19937_64 random(1);
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    std::string text = good;
    flip_bits(text, random, i % 5 == 0 ? 8 : header);
    folder_.write("model.safetensors", text);
    refused += opens() ? 0 : 1;
  }
  EXPECT_GT(refused, 200);
}

TEST_F(BrokenCheckpoint, bits_flipped_in_the_weights_are_other_weights) {
  const auto file = folder_.path() / "model.safetensors";
  write_tensors(file, small_tensors(config_));
  std::string text = text_of(file);
  for (std::size_t i = 1; i <= 100; ++i) text[text.size() - i] ^= 1;
  folder_.write("model.safetensors", text);
  EXPECT_TRUE(opens());
}

TEST_F(BrokenCheckpoint, files_cut_short_or_with_a_tail) {
  const auto file = folder_.path() / "model.safetensors";
  write_tensors(file, small_tensors(config_));
  const std::string good = text_of(file);
  for (std::size_t i = 0; i < 100; ++i) {
    folder_.write("model.safetensors", good.substr(0, i * good.size() / 100));
    EXPECT_FALSE(opens());
    folder_.write("model.safetensors", good + std::string(i + 1, '\0'));
    EXPECT_FALSE(opens());
  }
}

TEST_F(BrokenCheckpoint, bits_flipped_in_the_index) {
  const std::string good = write_shards(folder_.path(), small_tensors(config_), 2).dump();
  std::mt19937_64 random(2);
  int refused = 0;
  for (int i = 0; i < 200; ++i) {
    std::string text = good;
    flip_bits(text, random, text.size());
    folder_.write("model.safetensors.index.json", text);
    refused += opens() ? 0 : 1;
  }
  EXPECT_GT(refused, 150);
}

/// Reads a config and asks everything of it that is asked before its weights are there.
bool config_opens(const TemporaryFolder& folder, const std::string& text) {
  const auto file = folder.write("config.json", text);
  return succeeds(file, [&] {
    const Config config = read_config(file);
    EXPECT_GT(parameter_counts(config).total(), 0);
    EXPECT_GT(weight_bytes(config, DType::f32).total(), 0);
    EXPECT_GT(step_flops(config, {.batch = 4, .new_tokens = 2, .context = 9, .scored = 8}).total(),
              0);
    EXPECT_GE(config.layers.front().attention.heads, 1);
  });
}

TEST(broken_config, bits_flipped) {
  const TemporaryFolder folder;
  std::mt19937_64 random(3);
  for (const Family* family : families()) {
    const std::string good = small_config_json(family->architecture).dump();
    EXPECT_TRUE(config_opens(folder, good));
    int refused = 0;
    for (int i = 0; i < 100; ++i) {
      std::string text = good;
      flip_bits(text, random, text.size());
      refused += config_opens(folder, text) ? 0 : 1;
    }
    EXPECT_GT(refused, 50) << family->name;
  }
}

TEST(broken_config, cut_short) {
  const TemporaryFolder folder;
  const std::string good = small_config_json().dump();
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(config_opens(folder, good.substr(0, size)));
}

TEST(broken_config, members_of_another_type_or_size) {
  const TemporaryFolder folder;
  for (const Family* family : families()) {
    const Json good = small_config_json(family->architecture);
    for (const auto& [key, value] : good.items()) {
      for (const Json& strange :
           {Json(nullptr), Json(true), Json(-1), Json(0), Json(1e300), Json("x"), Json::array(),
            Json::object(), Json(std::int64_t{1} << 31U), Json(~std::uint64_t{0})}) {
        Json json = good;
        json[key] = strange;
        config_opens(folder, json.dump());
      }
    }
  }
  config_opens(folder, std::string(100'000, '['));
}

}  // namespace
}  // namespace moe
