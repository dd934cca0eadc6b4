// Where every weight lies in a panel, and that rows which are made give what rows that lie there
// do.
#include "kernels/packed/packing.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <vector>

#include "harness/error.h"
#include "kernels/packed/aligned.h"
#include "kernels/packed/element.h"
#include "kernels/packed/quantised.h"
#include "kernels/packed/quantised_panel.h"
#include "kernels/packed/random_elements.h"
#include "kernels/packed/target.h"

namespace moe {
namespace {

struct Matrix {
  PackedShape shape;
  std::vector<std::byte> rows;

  const std::byte* data() const { return rows.data() + 1; }  // aligned to nothing
};

Matrix random_matrix(PackedFormat format, std::int64_t N, std::int64_t K) {
  std::mt19937 random(static_cast<std::mt19937::result_type>(N + K));
  Matrix matrix{.shape = {.N = N, .K = K, .format = format}, .rows = {std::byte{}}};
  const std::vector<std::byte> rows = random_rows(format, N, K, random);
  matrix.rows.insert(matrix.rows.end(), rows.begin(), rows.end());
  return matrix;
}

std::vector<std::byte> packed(const PackedShape& shape, const StoredRows& from) {
  const AlignedBytes bytes = aligned_bytes(shape.bytes());
  std::memset(bytes.get(), 0xee,
              static_cast<std::size_t>(shape.bytes()));  // what is not written shows
  ThreadPool pool(3);
  const PackJob job = {.shape = shape, .from = from, .packed = bytes.get()};
  pack({&job, 1}, pool);
  return {bytes.get(), bytes.get() + shape.bytes()};
}

/// A weight's bits as an element of a panel: where packed_matrix.h and quantised_panel.h say.
std::uint32_t bits_in_panel(const PackedShape& shape, const std::byte* panel, std::int64_t j,
                            std::int64_t k) {
  const std::int64_t width = panel_width();
  if (shape.format == PackedFormat::f32) return element_at<std::uint32_t>(panel, k * width + j);
  if (!is_quantised(shape.format)) {
    const bool bf16 = shape.format == PackedFormat::bf16;
    const std::int64_t place = !bf16 ? j : j < width / 2 ? 2 * j : 2 * (j - width / 2) + 1;
    return element_at<std::uint16_t>(panel, k * width + place);
  }
  const std::int64_t block = k / kQuantisedBlock, in_block = k % kQuantisedBlock;
  panel += block * width * panel_block_bytes(shape.format, kQuantisedBlock) +
           width * panel_scale_bytes(shape.format);
  if (shape.format == PackedFormat::int8)
    return element_at<std::uint8_t>(panel, in_block * width + j);
  const auto eight = element_at<std::uint32_t>(panel, in_block / 8 * width + j);
  return eight >> 4 * panel_nibble(shape.format, in_block % 8) & 15U;
}

std::uint32_t bits_in_row(const PackedShape& shape, const std::byte* row, std::int64_t k) {
  if (shape.format == PackedFormat::f32) return element_at<std::uint32_t>(row, k);
  if (!is_quantised(shape.format)) return element_at<std::uint16_t>(row, k);
  row +=
      k / kQuantisedBlock * block_bytes(shape.format, kQuantisedBlock) + scale_bytes(shape.format);
  return code_at(shape.format, row, k % kQuantisedBlock);
}

TEST(packing, puts_every_weight_where_panels_have_it_and_zeros_beyond) {
  for (const std::string& target : packed_targets()) {
    const UsePackedTarget use(target);
    for (const PackedFormat format : kPackedFormats) {
      for (const std::int64_t N : {1, 31, 32, 100}) {
        for (const std::int64_t K : {1, 7, 32, 45, 64, 131}) {
          const auto [shape, rows] = random_matrix(format, N, K);
          const std::vector<std::byte> panels = packed(shape, rows.data() + 1);
          for (std::int64_t n = 0; n < shape.panels() * panel_width(); ++n) {
            const std::byte* panel = panels.data() + n / panel_width() * shape.panel_bytes();
            const std::byte* row = rows.data() + 1 + n * row_bytes(format, K);
            for (std::int64_t k = 0; k < K; ++k) {
              ASSERT_EQ(bits_in_panel(shape, panel, n % panel_width(), k),
                        n < N ? bits_in_row(shape, row, k) : 0)
                  << name_of(format) << ' ' << target << ' ' << N << 'x' << K << ' ' << n << ' '
                  << k;
            }
          }
        }
      }
    }
  }
}

/// Makes rows of a matrix that lies there, and counts them.
class CountingMaker final : public RowMaker {
 public:
  explicit CountingMaker(const Matrix& matrix) : matrix_(matrix) {}

  const std::byte* rows(std::int64_t begin, std::int64_t end, std::byte* room) const override {
    const std::int64_t row = row_bytes(matrix_.shape.format, matrix_.shape.K);
    std::memcpy(room, matrix_.data() + begin * row, static_cast<std::size_t>((end - begin) * row));
    made += end - begin;
    most = std::max(most.load(), end - begin);
    return room;
  }
  void soon(std::int64_t begin, std::int64_t end) const override { announced += end - begin; }
  void done(std::int64_t begin, std::int64_t end) const override { let_go += end - begin; }

  mutable std::atomic<std::int64_t> made = 0, most = 0, announced = 0, let_go = 0;

 private:
  const Matrix& matrix_;
};

TEST(packing, asks_a_maker_for_each_row_once_and_for_no_more_than_a_panel_at_a_time) {
  for (const PackedFormat format : {PackedFormat::bf16, PackedFormat::int4}) {
    // More tasks than makers are told of ahead: of 2^19 weights each.
    const Matrix matrix = random_matrix(format, 45 * 128 + 3, 4096);
    const CountingMaker maker(matrix);
    EXPECT_EQ(packed(matrix.shape, &maker), packed(matrix.shape, matrix.data())) << name_of(format);
    for (const auto* count : {&maker.made, &maker.announced, &maker.let_go})
      EXPECT_EQ(count->load(), matrix.shape.N);
    EXPECT_EQ(maker.most, panel_width());
  }
}

TEST(packing, takes_several_matrices_and_passes_an_error_on) {
  const Matrix one = random_matrix(PackedFormat::bf16, 40, 33),
               other = random_matrix(PackedFormat::int4, 7, 64);
  const AlignedBytes bytes = aligned_bytes(aligned_size(one.shape.bytes()) + other.shape.bytes());
  std::byte* behind = bytes.get() + aligned_size(one.shape.bytes());
  const PackJob jobs[] = {{one.shape, one.data(), bytes.get()},
                          {other.shape, other.data(), behind}};
  ThreadPool pool(2);
  pack(jobs, pool);
  EXPECT_EQ(std::vector(bytes.get(), bytes.get() + one.shape.bytes()),
            packed(one.shape, one.data()));
  EXPECT_EQ(std::vector(behind, behind + other.shape.bytes()), packed(other.shape, other.data()));
  struct Failing final : RowMaker {
    const std::byte* rows(std::int64_t, std::int64_t, std::byte*) const override {
      throw Error("no rows", std::source_location::current());
    }
  };
  const Failing failing;
  EXPECT_THROW(packed(one.shape, &failing), Error);
}

}  // namespace
}  // namespace moe
