#include "models/checkpoint/finite.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "models/checkpoint/rounding.h"
#include "tests/models/checkpoint/small_checkpoint.h"

namespace moe {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(finite, finds_the_first_element_that_is_none_wherever_it_stands_in_every_format) {
  constexpr std::int64_t kCount = 9001;  // no multiple of what is looked at together
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
    const std::int64_t size = size_of(dtype);
    std::vector<std::byte> bytes(static_cast<std::size_t>(kCount * size) + 1);
    const std::span at = std::span(bytes).subspan(1);  // aligned to nothing
    const WeightView view{.bytes = at, .format = format_of(dtype), .shape = {kCount}};
    const auto set = [&](std::int64_t i, float value) {
      store_rounded(at.data() + i * size, value, dtype);
    };
    for (std::int64_t i = 0; i < kCount; ++i) set(i, i % 2 == 0 ? largest(dtype) : -1e-7F);
    EXPECT_EQ(first_beyond(view), std::nullopt);
    for (const std::int64_t i :
         {kCount - 1, std::int64_t{4096}, std::int64_t{4095}, std::int64_t{0}}) {
      set(i, i % 2 == 0 ? kNone : -kInfinity);
      EXPECT_EQ(first_beyond(view), i) << name_of(dtype);
    }
  }
}

/// Of each format, sizes around limits that it holds and limits that lie between its numbers.
TEST(finite, finds_the_first_element_above_a_limit) {
  constexpr std::int64_t kCount = 5000;
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
    for (const float limit : {65504.0F, 1.0F, 1.0F + 0x1p-20F, 0.0F}) {
      std::vector<std::byte> bytes(static_cast<std::size_t>(kCount * size_of(dtype)));
      const WeightView view{.bytes = bytes, .format = format_of(dtype), .shape = {kCount}};
      const auto set = [&](std::int64_t i, float value) {
        store_rounded(bytes.data() + i * size_of(dtype), value, dtype);
      };
      const float below = dtype == DType::bf16 ? 0x1.FEp15F : 65504.0F;  // of what is kept exactly
      for (std::int64_t i = 0; i < kCount; ++i) set(i, std::min(below, std::floor(limit)));
      EXPECT_EQ(first_beyond(view, limit), std::nullopt) << name_of(dtype) << " " << limit;
      for (const std::int64_t i : {std::int64_t{4999}, std::int64_t{4097}, std::int64_t{3}}) {
        set(i, -2 * limit - 1);
        EXPECT_EQ(first_beyond(view, limit), i) << name_of(dtype) << " " << limit;
      }
    }
  }
}

TEST(finite, a_checkpoint_with_a_weight_that_is_none_is_refused_by_its_tensor) {
  const Config config = small_config("MixtralForCausalLM");
  std::vector<OwnedTensor> tensors = small_tensors(config);
  OwnedTensor& broken = tensors.at(7);
  std::memcpy(broken.bytes.data() + 12, &kNone, sizeof(kNone));
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "model.safetensors";
  write_tensors(file, tensors);
  Checkpoint checkpoint(folder.path(), config);
  std::string said;
  for (const ParameterShape& parameter : parameters(config))
    said += message_of<Error>([&] { checkpoint.weight(parameter.name); });
  EXPECT_TRUE(has(said, fmt::format("{}: tensor {}: element 3 of ", file.string(), broken.name)))
      << said;
  EXPECT_TRUE(has(said, "expected finite weights")) << said;
}

}  // namespace
}  // namespace moe
