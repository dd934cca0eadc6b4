// numerics=fast: a step of a shape that was run before takes nothing of the heap. What is counted
// is Decoder::step() with the head behind it, from its begin_step() to its last operation, all
// threads and LibTorch included; not what a caller makes of the answer, and not recorded or forced
// routing.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <memory>
#include <thread>

#include "kernels/packed/aligned.h"
#include "models/decoder/native_engine.h"
#include "tests/models/decoder/allocations.h"
#include "tests/models/decoder/device_test.h"
#include "tests/models/decoder/layer_kinds.h"
#include "tests/models/tiny_model.h"

namespace moe {
namespace {

constexpr std::int64_t kWarmUp = 2;  // steps before those that are counted
constexpr std::int64_t kSteps = 40;  // they reach into a third page
constexpr std::int64_t kTokensPerPage = 16;

/// Some sequences of different lengths on pages of their own, all pages planned.
class Batch {
 public:
  Batch(const Ops& ops, const Config& config, std::int64_t batch)
      : batch_(batch),
        pages_each_((batch + kSteps) / kTokensPerPage + 1),
        cache_(config, ops.activations(), batch * pages_each_, kTokensPerPage) {
    for (std::int64_t b = 0; b < batch; ++b) {
      ids_.push_back(some_ids(batch + kSteps, config.vocab, b));
      std::vector<PageId>& pages = pages_.emplace_back();
      for (std::int64_t p = 0; p < pages_each_; ++p)
        pages.push_back(static_cast<PageId>(p * batch + b));
    }
  }

  KvCache& cache() { return cache_; }

  /// Sequence b begins with b + 1 tokens.
  Step first() const {
    Step step;
    for (std::int64_t b = 0; b < batch_; ++b) add(step, b, 0, b + 1);
    return step;
  }
  /// `count` new tokens of each sequence behind its first ones and `done` more.
  Step after(std::int64_t done, std::int64_t count = 1) const {
    Step step;
    for (std::int64_t b = 0; b < batch_; ++b) add(step, b, b + 1 + done, count);
    return step;
  }

 private:
  void add(Step& step, std::int64_t b, std::int64_t position, std::int64_t count) const {
    const auto each = static_cast<std::size_t>(b);
    step.sequences.push_back({.new_ids = std::span(ids_[each])
                                             .subspan(static_cast<std::size_t>(position),
                                                      static_cast<std::size_t>(count)),
                              .position = position,
                              .pages = pages_[each],
                              .asked = std::span(asked_).first(static_cast<std::size_t>(count))});
  }

  std::int64_t batch_, pages_each_;
  KvCache cache_;
  std::vector<std::vector<TokenId>> ids_;
  std::vector<std::vector<PageId>> pages_;
  std::vector<std::int32_t> asked_ = first_rows(kSteps);
};

/// What steps of decoding take behind the first ones.
Allocations of_decoding(Decoder& decoder, std::int64_t batch) {
  const c10::InferenceMode inference;
  Batch sequences(decoder.ops(), decoder.config(), batch);
  run(decoder, sequences.first(), &sequences.cache());
  Allocations sum;
  for (std::int64_t done = 0; done < kSteps; ++done) {
    const Step step = sequences.after(done);
    const Allocations taken =
        allocations_of([&] { decoder.head(decoder.step(step, &sequences.cache()).hidden_RD); });
    if (done < kWarmUp) continue;
    sum.count += taken.count;
    sum.bytes += taken.bytes;
  }
  return sum;
}

/// What steps of scoring take: several tokens of each sequence, of which all are scored.
Allocations of_scoring(Decoder& decoder, std::int64_t batch) {
  const c10::InferenceMode inference;
  constexpr std::int64_t kNew = 3;
  Batch sequences(decoder.ops(), decoder.config(), batch);
  run(decoder, sequences.first(), &sequences.cache());
  std::vector<std::int64_t> row, id;
  for (std::int64_t r = 0; r < batch * kNew; ++r) {
    row.insert(row.end(), {r, r});  // two targets each
    id.insert(id.end(), {r % decoder.config().vocab, 3});
  }
  Allocations sum;
  for (std::int64_t done = 0; done + kNew <= kSteps; done += kNew) {
    const Step step = sequences.after(done, kNew);
    const Allocations taken = allocations_of([&] {
      decoder.head_scores(decoder.step(step, &sequences.cache()).hidden_RD, {.row = row, .id = id});
    });
    if (done < kWarmUp * kNew) continue;
    sum.count += taken.count;
    sum.bytes += taken.bytes;
  }
  return sum;
}

void expect_none(const Allocations& taken, std::string_view what) {
  EXPECT_EQ(taken.count, 0) << what << ": " << taken.bytes << " bytes";
}

TEST(allocations, of_vectors_tensors_and_aligned_memory_in_any_thread_are_counted) {
  EXPECT_EQ(allocations_of([] {}), Allocations());
  const auto expect = [](std::int64_t bytes, const auto& work) {
    const Allocations taken = allocations_of(work);
    EXPECT_GE(taken.count, 1);
    EXPECT_GE(taken.bytes, bytes);
  };
  expect(800, [] { const std::vector<double> some(100); });
  expect(4000, [] { const Tensor some = at::empty({1000}, at::kFloat); });
  expect(1000, [] { const AlignedBytes some = aligned_bytes(1000); });
  const Tensor some = at::empty({4, 4}, at::kFloat);
  expect(1, [&] { const Tensor view = some.view({16}); });  // its sizes alone
  expect(800, [] { std::thread([] { const std::vector<double> others(100); }).join(); });
}

TEST(allocations, of_steps_on_the_reference_table_are_counted) {
  const Config config = tiny_config();
  TinyWeights weights(config);
  const auto ops = torch_ops("cpu", DType::f32);
  Decoder decoder(config, *ops, weights);
  EXPECT_GT(of_decoding(decoder, 1).count, kSteps);
  EXPECT_GT(of_scoring(decoder, 1).count, kSteps / 3);
}

TEST(allocations, steps_of_decoding_and_scoring_take_nothing_whatever_the_layers) {
  for (const auto& [kind, config] : layer_kinds()) {
    TinyWeights weights(config);
    for (const std::int64_t threads : {1, 2}) {
      const auto ops = cpu_ops(DType::bf16, threads);
      Decoder decoder(config, *ops, weights);
      for (const std::int64_t batch : {1, 4}) {
        const std::string what = fmt::format("{}, {} threads, batch {}", kind, threads, batch);
        expect_none(of_decoding(decoder, batch), what + ", decoding");
        expect_none(of_scoring(decoder, batch), what + ", scoring");
      }
    }
  }
}

TEST(allocations, a_timed_step_takes_nothing) {
  for (const std::int64_t experts : {0, 8}) {
    const Config config = tiny_config({.experts = experts});
    TinyWeights weights(config);
    NativeEngine engine(
        config, weights, std::nullopt,
        NativeOptions{
            .device = "cpu", .fast = true, .threads = 2, .limits = {.kv_bytes = 1 << 20}});
    for (const std::int64_t batch : {1, 4}) {
      const auto loop = engine.step_loop({.batch = batch,
                                          .context = 20,
                                          .new_tokens = 1,
                                          .rounds = 3,
                                          .ids = some_ids(batch * 23, config.vocab)});
      for (std::int64_t i = 0; i < kWarmUp; ++i) loop->run();
      expect_none(allocations_of([&] {
                    for (int i = 0; i < 10; ++i) loop->run();
                  }),
                  fmt::format("{} experts, batch {}", experts, batch));
    }
  }
}

}  // namespace
}  // namespace moe
