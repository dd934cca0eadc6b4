// Tests that hold for every table and device: the same case for LibTorch on the "cpu" and, where
// there is a GPU, on "cuda", and for the "fast" kernels of the CPU.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/decoder/decoder.h"

namespace moe {

class OnDevice : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override;  // skips "cuda" where there is no GPU
  const Ops& ops();       // float32 operations on the device

 private:
  std::unique_ptr<Ops> ops_;
};

/// The test's parameter as the last part of its name.
std::string device_name(const testing::TestParamInfo<std::string>&);

/// A step of one sequence without a cache, begun for layers of one kind.
class OneSequence {
 public:
  OneSequence(const Ops&, const AttentionSpec&, std::int64_t rows);
  const TableStep& step() const { return *step_; }

 private:
  PreparedStep step_;
};

/// Token ids that repeat none of their neighbours.
std::vector<TokenId> some_ids(std::int64_t count, std::int64_t vocab, std::int64_t seed = 0);

/// Float32 logits [R, V] on the host of the asked rows of a step.
Tensor run(Decoder&, const Step&, KvCache* cache = nullptr);

/// Logits of every position of one sequence, without a cache.
Tensor logits_of(Decoder&, std::span<const TokenId> ids);

/// Rows 0 .. count - 1, to be asked for.
std::vector<std::int32_t> first_rows(std::size_t count);

/// Largest |a - b|, relative to the largest |a|.
double difference(const Tensor& a, const Tensor& b);

}  // namespace moe
