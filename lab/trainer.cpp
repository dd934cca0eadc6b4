#include "lab/trainer.h"

#include <malloc.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "harness/error.h"
#include "harness/random.h"
#include "lab/initial_weights.h"
#include "lab/losses.h"
#include "lab/schedule.h"
#include "models/checkpoint/safetensors.h"
#include "models/checkpoint/safetensors_writer.h"

namespace moe {
namespace {

constexpr std::string_view kWeight = "weight:", kFirst = "first:", kSecond = "second:";

/// glibc gives large blocks back to the kernel as they are freed, and takes them again in the next
/// operation: every one of their pages is then filled with zeros again.
void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 1 << 26);
}

/// A parameter's part of a tensor shaped like its leaf, as float32 elements in a row.
Tensor part_of(const TorchParameter& parameter, const Tensor& like_whole) {
  return parameter.of(like_whole.detach()).contiguous();
}

SavedTensor saved(std::string_view kind, const std::string& parameter, const Tensor& values) {
  return {.name = std::string(kind) + parameter,
          .format = StorageFormat::f32,
          .shape = values.sizes().vec(),
          .bytes = {static_cast<const std::byte*>(values.const_data_ptr()),
                    static_cast<std::size_t>(values.nbytes())}};
}

void fill(const Tensor& part, const WeightView& view) {
  require(view.format == StorageFormat::f32 && part.sizes() == at::IntArrayRef(view.shape),
          "float32 [{}] expected, found {} [{}]", fmt::join(part.sizes(), ", "),
          view.format == StorageFormat::f32 ? "float32" : "another format",
          fmt::join(view.shape, ", "));
  std::vector<float> values(static_cast<std::size_t>(part.numel()));
  std::memcpy(values.data(), view.bytes.data(), view.bytes.size());
  part.copy_(at::tensor(values).view_as(part));
}

}  // namespace

Trainer::Trainer(const TrainConfig& config, double learning_rate)
    : config_(config),
      learning_rate_(learning_rate),
      table_(torch_ops("cpu", at::kFloat, &parameters_)),
      ops_(std::make_unique<TrainingOps>(*table_, config.router)) {
  keep_freed_memory();
  at::set_num_threads(static_cast<int>(config.run.threads));
  InitialWeights weights(config.model, config.seed);
  decoder_ = std::make_unique<Decoder>(config.model, *ops_, weights);
  optimizer_ = std::make_unique<AdamW>(parameters_, config.optimizer);
}

/// The hidden rows of a step; losses and loads of the routers go to the report.
Tensor Trainer::forward(std::span<const TokenId> ids, StepReport& report) {
  const std::int64_t rows = config_.data.rows, tokens = config_.data.row_tokens;
  std::vector<std::int32_t> asked(static_cast<std::size_t>(tokens));
  std::iota(asked.begin(), asked.end(), 0);
  Step step{.sequences = {}, .routing = {.record = true, .count = false}};
  for (std::int64_t row = 0; row < rows; ++row) {
    step.sequences.push_back({.new_ids = ids.subspan(static_cast<std::size_t>(row * (tokens + 1)),
                                                     static_cast<std::size_t>(tokens)),
                              .asked = asked});
  }
  const StepResult result = decoder_->step(step, nullptr);
  router_loss_ = at::zeros({});
  for (const LayerRouting& routed : result.routing) {
    const Tensor balance = balance_loss(routed.logits_TE, routed.expert_TK);
    const Tensor z = router_z_loss(routed.logits_TE);
    router_loss_ = router_loss_ + config_.router.balance * balance + config_.router.z * z;
    const Tensor load_E = loads_of(routed.expert_TK, routed.logits_TE.size(1));
    const auto* load = load_E.const_data_ptr<std::int64_t>();
    report.layers.push_back({.layer = routed.layer,
                             .balance = balance.item<double>(),
                             .z = z.item<double>(),
                             .tokens_E = {load, load + load_E.numel()},
                             .dropped = ops_->dropped().at(report.layers.size())});
  }
  return result.hidden_RD;
}

/// The mean loss of the rows; its gradient is left at `hidden_RD` and at the head's weights. Rows
/// in turn, as many as have their logits in a core's cache: never all of them.
double Trainer::head_loss(const Tensor& hidden_RD, const Tensor& target_R) {
  constexpr std::int64_t kLogits = std::int64_t{1} << 18U;
  const std::int64_t rows = hidden_RD.size(0);
  const std::int64_t block = std::max<std::int64_t>(1, kLogits / config_.model.vocab);
  double sum = 0;
  for (std::int64_t begin = 0; begin < rows; begin += block) {
    const std::int64_t count = std::min(block, rows - begin);
    const Tensor logits_RV = decoder_->head(hidden_RD.narrow(0, begin, count));
    const Tensor loss = at::cross_entropy_loss(logits_RV, target_R.narrow(0, begin, count), {},
                                               at::Reduction::Sum) /
                        static_cast<double>(rows);
    loss.backward();
    sum += loss.item<double>();
  }
  return sum;
}

StepReport Trainer::step(std::span<const TokenId> ids) {
  const std::int64_t rows = config_.data.rows, tokens = config_.data.row_tokens;
  require(std::ssize(ids) == rows * (tokens + 1), "{} ids for {} rows of {} + 1 tokens", ids.size(),
          rows, tokens);
  const std::int64_t number = steps() + 1;
  StepReport report;
  report.learning_rate = learning_rate_at(config_, learning_rate_, number);
  ops_->begin_step(splitmix64(static_cast<std::uint64_t>(config_.seed)) +
                   static_cast<std::uint64_t>(number) * 0x10001U);
  const Tensor hidden_RD = forward(ids, report);
  ops_->end_step();
  const Tensor ids_BT = at::tensor(std::vector<std::int64_t>(ids.begin(), ids.end()), at::kLong)
                            .view({rows, tokens + 1});
  const Tensor target_R = ids_BT.narrow(1, 1, tokens).reshape(-1);
  const Tensor leaf_RD = hidden_RD.detach().requires_grad_(true);
  report.loss = head_loss(leaf_RD, target_R);
  ((hidden_RD * leaf_RD.grad()).sum() + router_loss_).backward();
  router_loss_ = Tensor();
  report.gradient_norm = optimizer_->step(report.learning_rate);
  return report;
}

std::vector<float> Trainer::values(std::string_view parameter) const {
  const TorchParameter& kept = parameters_.at(parameter);
  const Tensor values = part_of(kept, kept.whole);
  const auto* data = values.const_data_ptr<float>();
  return {data, data + values.numel()};
}

void Trainer::save(const std::filesystem::path& file) const {
  std::vector<Tensor> alive;  // until it is written
  std::vector<SavedTensor> tensors;
  for (const auto& [name, parameter] : parameters_.by_name()) {
    for (const auto& [kind, whole] : {std::pair(kWeight, parameter.whole),
                                      std::pair(kFirst, optimizer_->first_of(parameter.whole)),
                                      std::pair(kSecond, optimizer_->second_of(parameter.whole))}) {
      tensors.push_back(saved(kind, name, alive.emplace_back(part_of(parameter, whole))));
    }
  }
  write_safetensors(file, tensors, {});
}

void Trainer::restore(const std::filesystem::path& path, std::int64_t steps) {
  const Safetensors file(path);
  require(file.tensors().size() == 3 * parameters_.by_name().size(),
          "{}: {} tensors, expected those of a training of this model: {}", path.string(),
          file.tensors().size(), 3 * parameters_.by_name().size());
  for (const auto& [name, parameter] : parameters_.by_name()) {
    for (const auto& [kind, whole] : {std::pair(kWeight, parameter.whole),
                                      std::pair(kFirst, optimizer_->first_of(parameter.whole)),
                                      std::pair(kSecond, optimizer_->second_of(parameter.whole))}) {
      const std::string tensor = std::string(kind) + name;
      try {
        fill(parameter.of(whole.detach()), file.view(tensor));
      } catch (const Error& error) {
        throw error.while_doing(fmt::format("{}: {}", path.string(), tensor));
      }
    }
  }
  optimizer_->set_steps(steps);
}

}  // namespace moe
