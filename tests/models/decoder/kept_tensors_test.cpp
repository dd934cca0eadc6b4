// Memory that serves one operation after the other, and what may be changed in its place.
#include "models/decoder/kept_tensors.h"

#include <gtest/gtest.h>

#include "harness/error.h"
#include "models/decoder/cpu_in_place.h"
#include "models/decoder/cpu_work.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

constexpr std::int64_t kFloat = sizeof(float);

TEST(kept_tensors, serve_again_once_nobody_holds_them_or_a_view_of_them) {
  KeptTensors kept;
  Tensor first = kept.take({4, 3}, at::kFloat);
  const void* memory = first.data_ptr();
  EXPECT_NE(kept.take({4, 3}, at::kFloat).data_ptr(), memory) << "the first is held";
  Tensor view = first.view({12});
  first.reset();
  EXPECT_NE(kept.take({4, 3}, at::kFloat).data_ptr(), memory) << "a view of it is held";
  EXPECT_EQ(kept.bytes(), 24 * kFloat);
  view.reset();
  const Tensor again = kept.take({2, 3}, at::kFloat);  // fewer rows are in it too
  EXPECT_EQ(again.data_ptr(), memory);
  EXPECT_EQ(again.sizes(), (at::IntArrayRef{2, 3}));
  EXPECT_NE(kept.take({2, 4}, at::kFloat).data_ptr(), memory) << "of another width";
}

TEST(kept_tensors, grow_where_more_rows_are_asked_for) {
  KeptTensors kept;
  kept.take({4, 3}, at::kFloat).fill_(1);
  const Tensor more = kept.take({9, 3}, at::kFloat);
  EXPECT_EQ(more.sizes(), (at::IntArrayRef{9, 3}));
  EXPECT_EQ(kept.bytes(), 27 * kFloat) << "instead of the four rows";
}

TEST(kept_tensors, let_go_of_what_a_step_has_little_use_for) {
  KeptTensors kept;
  kept.take({100, 2}, at::kFloat);
  kept.begin_step();
  EXPECT_EQ(kept.bytes(), 200 * kFloat) << "the step before used all";
  kept.take({25, 2}, at::kFloat);
  kept.begin_step();
  EXPECT_EQ(kept.bytes(), 200 * kFloat) << "a quarter";
  kept.take({24, 2}, at::kFloat);
  kept.begin_step();
  EXPECT_EQ(kept.bytes(), 0);
}

TEST(kept_memory, is_none_after_it_could_not_be_had) {
  KeptMemory memory;
  ASSERT_NE(memory.bytes(64), nullptr);
  EXPECT_TRUE(message_of<Error>([&] {
                memory.bytes(std::int64_t{1} << 60);
              }).starts_with("out of memory: "));
  EXPECT_EQ(memory.size(), 0);
  std::byte* again = memory.bytes(32);  // less than was there before
  ASSERT_NE(again, nullptr);
  again[31] = std::byte{1};
  EXPECT_EQ(memory.size(), 32);
}

TEST(changed_in_its_place, is_only_what_nobody_else_holds) {
  const auto made = [] { return at::zeros({2, 6}, at::kFloat); };
  EXPECT_EQ(cpu_in_heads(made(), 3).sizes(), (at::IntArrayRef{2, 2, 3}));
  ThreadPool pool(1);
  Tensor held = made();
  const Tensor and_again = held;
  EXPECT_TRUE(message_of<Error>([&] {
                cpu_clipped(held, 1, pool);
              }).find("nobody else holds, found 3") != std::string::npos);
  const Tensor whole = made();
  EXPECT_TRUE(message_of<Error>([&] {
                cpu_in_heads(whole.narrow(0, 0, 1), 3);
              }).find("2 tensors on its memory") != std::string::npos);
  EXPECT_TRUE(message_of<Error>([&] { cpu_in_heads(made().t(), 2); }).find("contiguous") !=
              std::string::npos);
}

}  // namespace
}  // namespace moe
