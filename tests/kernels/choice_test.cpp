// What numerics=fast runs: the first choice that takes a shape, never the definition.
#include "kernels/choice.h"

#include <gtest/gtest.h>

#include <array>

#include "kernels/norm/norm.h"

namespace moe {
namespace {

constexpr Router kDefinition = {.name = "definition",
                                .on_gpu = false,
                                .supports = [](const RouterShape&) { return true; },
                                .run = nullptr};
constexpr Router kSmall = {.name = "small",
                           .on_gpu = false,
                           .supports = [](const RouterShape& shape) { return shape.E <= 8; },
                           .run = nullptr};
constexpr Router kMiddle = {.name = "middle",
                            .on_gpu = false,
                            .supports = [](const RouterShape& shape) { return shape.E <= 64; },
                            .run = nullptr};
constexpr std::array kAll = {&kDefinition, &kSmall, &kMiddle};

TEST(choice, is_the_first_behind_the_definition_that_takes_the_shape) {
  const std::span<const Router* const> all = kAll;
  EXPECT_EQ(choices(all).front(), &kSmall);
  EXPECT_EQ(&first_that_takes("router", all, RouterShape{.E = 8}), &kSmall);
  EXPECT_EQ(&first_that_takes("router", all, RouterShape{.E = 64}), &kMiddle);
  EXPECT_EQ(&first_that_takes("norm", norms(), NormShape{}), choices(norms()).front())
      << "takes every shape";
}

TEST(choice, names_the_shape_that_none_takes) {
  try {
    first_that_takes("router", std::span<const Router* const>(kAll), RouterShape{.E = 65, .K = 6});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "numerics=fast: expected an implementation of router that takes 65 experts, 6 a "
                 "token, found 2 and none does; try numerics=reference");
  }
}

TEST(shape_text, names_what_differs_from_model_to_model) {
  EXPECT_EQ(text_of(AttentionShape{.H = 32, .G = 8, .d = 128, .e = 64}),
            "32 query heads with 8 of keys, 128 and 64 wide");
  EXPECT_EQ(text_of(ExpertGemmShape{
                .E = 64, .K = 8, .D = 2048, .F = 1024, .mlp = {}, .format = PackedFormat::bf16}),
            "64 experts of 2048 x 1024, 8 a token, bf16");
  EXPECT_EQ(text_of(LinearShape{.N = 512, .K = 2048, .format = PackedFormat::int8, .bias = false}),
            "512 outputs of 2048, int8");
  EXPECT_EQ(text_of(LogSoftmaxGatherShape{.V = 50304, .D = 2048}),
            "a vocabulary of 50304, 2048 wide, f32");
}

}  // namespace
}  // namespace moe
