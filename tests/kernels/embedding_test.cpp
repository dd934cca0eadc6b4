// Every implementation, with every set of vector instructions of this machine, on shapes chosen to
// break it.
#include "kernels/embedding/embedding.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "kernels/embedding/difference.h"
#include "kernels/packed/element.h"
#include "kernels/packed/target.h"
#include "tests/kernels/on_target.h"

namespace moe {
namespace {

using Tested = OnTarget<Embedding>;

class EveryEmbedding : public testing::TestWithParam<Tested> {
 protected:
  const Embedding& embedding = *GetParam().implementation;
  UsePackedTarget target{GetParam().target};
  ThreadPool one{1}, two{2}, five{5};
};

void expect_elements(const std::vector<float>& y_TD, const EmbeddingCase& some,
                     const std::byte* table_VD) {
  ASSERT_EQ(std::ssize(y_TD), std::ssize(some.id_T) * some.shape.D);
  for (std::size_t i = 0; i < y_TD.size(); ++i) {
    const auto [t, column] = std::div(static_cast<std::int64_t>(i), some.shape.D);
    const auto expected =
        static_cast<float>(element_of(some.shape.format,
                                      table_VD + some.id_T[static_cast<std::size_t>(t)] *
                                                     row_bytes(some.shape.format, some.shape.D),
                                      column));
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(y_TD[i])) << i;
    } else {
      ASSERT_EQ(std::bit_cast<std::uint32_t>(y_TD[i]), std::bit_cast<std::uint32_t>(expected)) << i;
    }
  }
}

TEST_P(EveryEmbedding, gives_each_element_exactly) {
  for (const PackedFormat format : kPackedFormats) {
    for (const auto& [T, V, D] : {std::tuple<int, int, int>{1, 1, 1},
                                  {0, 3, 5},
                                  {5, 2, 15},
                                  {9, 100, 17},
                                  {300, 50, 203},
                                  {3, 4, 20000}}) {
      const EmbeddingCase some({V, D, format}, T, static_cast<std::uint64_t>(T + D));
      SCOPED_TRACE(testing::Message() << T << " x " << D << " " << name_of(format));
      const std::vector<float> y_TD = some.run(embedding, two);
      expect_elements(y_TD, some, some.table_VD.data());
      EXPECT_EQ(some.run(embedding, five), y_TD);
    }
  }
}

TEST_P(EveryEmbedding, knows_all_numbers_of_16_bits) {
  for (const PackedFormat format : {PackedFormat::f16, PackedFormat::bf16}) {
    // And one more behind whole vectors.
    EmbeddingCase all({.V = 1, .D = 65536 + 1, .format = format}, 1, 0);
    for (std::uint32_t bits = 0; bits < 65537; ++bits)
      std::memcpy(all.table_VD.data() + std::size_t{2} * bits, &bits, 2);
    expect_elements(all.run(embedding, one), all, all.table_VD.data());
  }
}

TEST_P(EveryEmbedding, reads_a_table_at_any_address) {
  for (const PackedFormat format : kPackedFormats) {
    const EmbeddingCase some({.V = 7, .D = 37, .format = format}, 20, 2);
    std::vector<std::byte> moved(some.table_VD.size() + 1);
    std::memcpy(moved.data() + 1, some.table_VD.data(), some.table_VD.size());
    std::vector<float> y_TD(static_cast<std::size_t>(20 * some.shape.D));
    embedding.run(
        some.shape,
        {.T = 20, .id_T = some.id_T.data(), .table_VD = moved.data() + 1, .y_TD = y_TD.data()},
        two);
    expect_elements(y_TD, some, some.table_VD.data());
  }
}

TEST_P(EveryEmbedding, is_what_check_finds_right) {
  EXPECT_EQ(embedding_difference(embedding), 0);
}

INSTANTIATE_TEST_SUITE_P(, EveryEmbedding, testing::ValuesIn(on_all_targets(embeddings())),
                         [](const auto& tested) { return tested.param.name(); });

}  // namespace
}  // namespace moe
