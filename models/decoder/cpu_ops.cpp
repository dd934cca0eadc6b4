// The `cpu` table: packed weights, float32 activations, kernels/ for everything. A row's bits
// depend on that row and the weights alone, whatever else is in the step.
#include <memory>
#include <utility>

#include "kernels/choice.h"
#include "kernels/embedding/embedding.h"
#include "kernels/norm/norm.h"
#include "kernels/rope/rope.h"
#include "models/decoder/cpu_attention.h"
#include "models/decoder/cpu_head.h"
#include "models/decoder/cpu_in_place.h"
#include "models/decoder/cpu_memory.h"
#include "models/decoder/cpu_mixture.h"
#include "models/decoder/cpu_step.h"
#include "models/decoder/cpu_weights.h"
#include "models/decoder/cpu_work.h"
#include "models/decoder/ops.h"
#include "models/decoder/prepared.h"

namespace moe {
namespace {

class CpuOps final : public Ops {
 public:
  CpuOps(const KeptAs& weights, std::int64_t threads)
      : format_(packed_format(weights.dtype)),
        large_format_(packed_format(weights)),
        head_format_(packed_format({weights.dtype, quantisation_of_head(weights.quantisation)})),
        work_(std::make_unique<CpuWork>(threads)) {}

  std::string_view name() const override { return "cpu"; }
  at::TensorOptions activations() const override { return at::TensorOptions(at::kFloat); }
  std::int64_t workspace_bytes() const override { return work_->bytes(); }
  std::int64_t workspace_bytes(const Config& config, const StepLoad& load) const override {
    return cpu_workspace_bytes(config, load, large_format_, work_->pool.threads());
  }

  PreparedWeight prepare_embedding(const WeightView& table_VD) const override {
    return std::make_unique<CpuTable>(table_of(table_VD, format_, work_->pool));
  }
  Tensor embedding(const Prepared& prepared, const Tensor& ids_T) const override {
    const auto& table = prepared_as<CpuTable>(prepared);
    const EmbeddingShape shape{.V = table.V, .D = table.D, .format = table.format};
    Tensor y_TD = work_->tensors.take({ids_T.size(0), table.D}, at::kFloat);
    first_that_takes("embedding", embeddings(), shape)
        .run(shape,
             {.T = ids_T.size(0),
              .id_T = ids_T.const_data_ptr<std::int64_t>(),
              .table_VD = table.rows.get(),
              .y_TD = y_TD.mutable_data_ptr<float>()},
             work_->pool);
    return y_TD;
  }

  PreparedWeight prepare_norm(const NormSpec& spec, const WeightView* weight) const override {
    auto norm = std::make_unique<CpuNorm>();
    norm->shape = {.width = spec.width,
                   .kind = spec.kind == NormKind::rms ? NormKernelKind::rms : NormKernelKind::layer,
                   .eps = spec.eps,
                   .weight = weight != nullptr};
    norm->kernel = &first_that_takes("norm", norms(), norm->shape);
    if (weight != nullptr) norm->weight = floats_of(*weight);
    return norm;
  }
  Tensor norm(const Prepared& prepared, const Tensor& x) const override {
    const auto& norm = prepared_as<CpuNorm>(prepared);
    require(x.size(-1) == norm.shape.width, "norm over {} of rows of {}", norm.shape.width,
            x.size(-1));
    const Tensor from = x.contiguous();
    Tensor y = work_->tensors.take(from.sizes(), at::kFloat);
    norm.kernel->run(norm.shape,
                     {.T = from.numel() / norm.shape.width,
                      .x_TW = from.const_data_ptr<float>(),
                      .weight_W = norm.weight.data(),
                      .y_TW = y.mutable_data_ptr<float>()},
                     work_->pool);
    return y;
  }
  Tensor clipped(Tensor x, double limit) const override {
    return cpu_clipped(std::move(x), static_cast<float>(limit), work_->pool);
  }

  PreparedWeight prepare_linear(const WeightView& weight_NK,
                                const WeightView* bias_N) const override {
    return std::make_unique<CpuLinear>(linear_of(weight_NK, bias_N, large_format_, work_->pool));
  }
  Tensor linear(const Prepared& linear, const Tensor& x_TK) const override {
    return prepared_as<CpuLinear>(linear).run(x_TK, *work_);
  }
  Tensor in_heads(Tensor x_TN, std::int64_t width) const override {
    return cpu_in_heads(std::move(x_TN), width);
  }

  Tensor residual(const Tensor& x_TD, const Tensor& added_TD) const override {
    return cpu_sum(x_TD, added_TD, *work_);
  }

  PreparedStep begin_step(const StepStart& start, PreparedStep last) const override {
    if (dynamic_cast<CpuStep*>(last.get()) == nullptr) last = std::make_unique<CpuStep>();
    work_->begin_step();
    static_cast<CpuStep&>(*last).begin(start, *work_);
    return last;
  }
  Tensor asked(const TableStep& step, const Tensor& x_TD) const override {
    return begun_as<CpuStep>(step).asked(x_TD, work_->tensors);
  }

  Tensor rope(const TableStep& step, const RopeSpec& spec, const Tensor& x_THd) const override {
    const auto& begun = begun_as<CpuStep>(step);
    const CpuTurn& turn = begun.turn(spec);
    const Tensor x = x_THd.contiguous();
    require(x.size(0) == begun.rows() && spec.dims <= x.size(2),
            "rope over {} dims of {} rows of width {} in a step of {}", spec.dims, x.size(0),
            x.size(2), begun.rows());
    const RopeShape shape{.heads = x.size(1), .width = x.size(2), .dims = spec.dims};
    Tensor y = work_->tensors.take(x.sizes(), at::kFloat);
    first_that_takes("rope", ropes(), shape)
        .run(shape,
             {.T = x.size(0),
              .x_THd = x.const_data_ptr<float>(),
              .cos_Th = turn.cos_Th.data(),
              .sin_Th = turn.sin_Th.data(),
              .y_THd = y.mutable_data_ptr<float>()},
             work_->pool);
    return y;
  }

  PreparedWeight prepare_sinks(const WeightView& logit_H) const override {
    auto sinks = std::make_unique<CpuFloats>();
    sinks->values = floats_of(logit_H);
    return sinks;
  }
  Tensor attention(const TableStep& step, const AttentionArgs& args) const override {
    return cpu_attention(begun_as<CpuStep>(step), args, *work_);
  }

  PreparedWeight prepare_router(const FeedForwardSpec& spec,
                                const RouterViews& views) const override {
    return std::make_unique<CpuRouter>(cpu_router(spec, views, format_, work_->pool));
  }
  Routing router(const Prepared& router, const FeedForwardSpec& spec, const Tensor& x_TD,
                 const RouterControl& control) const override {
    return cpu_route(prepared_as<CpuRouter>(router), spec, x_TD, control, *work_);
  }
  void count(const Routing& routing, const Tensor& load_E) const override {
    cpu_count(routing, load_E);
  }

  PreparedWeight prepare_experts(const FeedForwardSpec& spec,
                                 const ExpertViews& views) const override {
    return std::make_unique<CpuExperts>(
        cpu_experts(spec, views, large_format_, format_, work_->pool));
  }
  Tensor experts(const Prepared& experts, const Tensor& x_TD,
                 const Routing& routing) const override {
    return cpu_mixture(prepared_as<CpuExperts>(experts), x_TD, routing, *work_);
  }
  Tensor dense(const Prepared& mlp, const Tensor& x_TD) const override {
    return cpu_mlp(prepared_as<CpuExperts>(mlp).experts, x_TD, *work_);
  }

  PreparedWeight prepare_head(const WeightView& weight_VD) const override {
    auto head = std::make_unique<CpuHead>();
    head->shape = {.V = weight_VD.shape.at(0), .D = weight_VD.shape.at(1), .format = head_format_};
    head->gather = &first_that_takes("log_softmax_gather", log_softmax_gathers(), head->shape);
    head->linear = linear_of(weight_VD, nullptr, head_format_, work_->pool);
    require(head->linear.kernel == head->gather->linear,
            "log_softmax_gather {} reads weights of linear {}, and linear {} packed them",
            head->gather->name, head->gather->linear->name, head->linear.kernel->name);
    return head;
  }
  /// A table of rows and packed panels are two things, so a tied head is kept as any other.
  PreparedWeight prepare_tied_head(const WeightView& table_VD, const Prepared&) const override {
    return prepare_head(table_VD);
  }
  Tensor head(const Prepared& head, const Tensor& hidden_RD) const override {
    return prepared_as<CpuHead>(head).linear.run(hidden_RD, *work_);
  }
  HeadScores head_scores(const Prepared& head, const Tensor& hidden_RD,
                         const HeadTargets& targets) const override {
    return cpu_head_scores(prepared_as<CpuHead>(head), hidden_RD, targets, *work_);
  }

 private:
  PackedFormat format_, large_format_, head_format_;
  std::unique_ptr<CpuWork> work_;
};

}  // namespace

std::unique_ptr<Ops> cpu_ops(const KeptAs& weights, std::int64_t threads) {
  return std::make_unique<CpuOps>(weights, threads);
}

}  // namespace moe
