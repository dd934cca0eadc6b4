#include <memory>

#include "harness/error.h"
#include "models/decoder/device.h"
#include "models/decoder/ops.h"
#include "models/decoder/prepared.h"
#include "models/decoder/tensors.h"
#include "models/decoder/torch_attention.h"
#include "models/decoder/torch_head.h"
#include "models/decoder/torch_mixture.h"
#include "models/decoder/torch_norm.h"
#include "models/decoder/torch_parameters.h"
#include "models/decoder/torch_step.h"

namespace moe {
namespace {

struct TorchWeight final : Prepared {
  Tensor weight, bias;  // undefined where there is none
  NormSpec norm;        // of a norm
  bool shared = false;  // the weight is another's, who counts it
  std::int64_t bytes() const override { return shared ? 0 : bytes_of(weight) + bytes_of(bias); }
};

struct TorchRouterWeights final : Prepared {
  TorchRouter router;
  std::int64_t bytes() const override {
    return bytes_of(router.weight_ED) + bytes_of(router.bias_E) + bytes_of(router.correction_E);
  }
};

struct TorchExpertWeights final : Prepared {
  TorchExperts experts;
  std::int64_t bytes() const override {
    return bytes_of(experts.experts) + bytes_of(experts.shared) + bytes_of(experts.shared_gate_1D);
  }
};

class TorchOps final : public Ops {
 public:
  TorchOps(const at::TensorOptions& options, TorchParameters* kept)
      : options_(options), kept_(kept) {}

  std::string_view name() const override { return "torch"; }
  at::TensorOptions activations() const override { return options_; }
  std::int64_t workspace_bytes() const override { return 0; }
  std::int64_t workspace_bytes(const Config& config, const StepLoad& load) const override {
    return least_workspace_bytes(config, dtype_of(options_), load);
  }

  PreparedWeight prepare_embedding(const WeightView& table_VD) const override {
    return keep(table_VD, nullptr);
  }
  Tensor embedding(const Prepared& table, const Tensor& ids_T) const override {
    return prepared_as<TorchWeight>(table).weight.index_select(0, ids_T);
  }

  PreparedWeight prepare_norm(const NormSpec& spec, const WeightView* weight) const override {
    auto norm = std::make_unique<TorchWeight>();
    norm->norm = spec;
    if (weight != nullptr) norm->weight = keep(*weight, options_);
    return norm;
  }
  Tensor norm(const Prepared& prepared, const Tensor& x) const override {
    const auto& norm = prepared_as<TorchWeight>(prepared);
    require(x.size(-1) == norm.norm.width, "norm over {} of rows of {}", norm.norm.width,
            x.size(-1));
    return torch_norm(norm.norm, norm.weight, x);
  }
  Tensor clipped(Tensor x, double limit) const override { return at::clamp(x, -limit, limit); }

  PreparedWeight prepare_linear(const WeightView& weight_NK,
                                const WeightView* bias_N) const override {
    return keep(weight_NK, bias_N);
  }
  Tensor linear(const Prepared& prepared, const Tensor& x_TK) const override {
    const auto& linear = prepared_as<TorchWeight>(prepared);
    return linear.bias.defined() ? at::linear(x_TK, linear.weight, linear.bias)
                                 : at::linear(x_TK, linear.weight);
  }
  Tensor in_heads(Tensor x_TN, std::int64_t width) const override {
    return x_TN.view({x_TN.size(0), -1, width});
  }

  Tensor residual(const Tensor& x_TD, const Tensor& added_TD) const override {
    return x_TD + added_TD;
  }

  /// The last step's memory is left alone: gradients may still need it.
  PreparedStep begin_step(const StepStart& start, PreparedStep) const override {
    return std::make_unique<TorchStep>(start, options_);
  }
  Tensor asked(const TableStep& step, const Tensor& x_TD) const override {
    return x_TD.index_select(0, step.asked_R);
  }

  Tensor rope(const TableStep& step, const RopeSpec& spec, const Tensor& x_THd) const override {
    const std::int64_t dims = spec.dims, half = dims / 2;
    const auto& [cos, sin] = begun_as<TorchStep>(step).turn(spec);
    const Tensor a = x_THd.narrow(-1, 0, half), b = x_THd.narrow(-1, half, half);
    const Tensor rest = x_THd.narrow(-1, dims, x_THd.size(-1) - dims);
    return at::cat({a * cos - b * sin, b * cos + a * sin, rest}, -1);
  }

  PreparedWeight prepare_sinks(const WeightView& logit_H) const override {
    return keep(logit_H, nullptr);
  }
  Tensor attention(const TableStep& step, const AttentionArgs& args) const override {
    require((args.sinks != nullptr) == args.spec->sinks, "attention {} sinks, of a spec {} them",
            args.sinks != nullptr ? "with" : "without", args.spec->sinks ? "with" : "without");
    return torch_attention(
        begun_as<TorchStep>(step), args,
        args.sinks != nullptr ? prepared_as<TorchWeight>(*args.sinks).weight : Tensor());
  }

  PreparedWeight prepare_router(const FeedForwardSpec& spec,
                                const RouterViews& views) const override {
    auto prepared = std::make_unique<TorchRouterWeights>();
    TorchRouter& router = prepared->router;
    const at::ScalarType narrow = options_.dtype().toScalarType();
    const at::TensorOptions wider = options_.dtype(wide(narrow));
    const at::TensorOptions& options = spec.router_f32 ? wider : options_;
    router.weight_ED = keep(views.weight_ED, options);
    if (views.bias_E) router.bias_E = keep(*views.bias_E, options);
    if (views.correction_E) router.correction_E = keep(*views.correction_E, wider);
    return prepared;
  }
  Routing router(const Prepared& router, const FeedForwardSpec& spec, const Tensor& x_TD,
                 const RouterControl& control) const override {
    return torch_route(prepared_as<TorchRouterWeights>(router).router, spec, x_TD, control);
  }
  void count(const Routing& routing, const Tensor& load_E) const override {
    torch_count(routing, load_E);
  }

  PreparedWeight prepare_experts(const FeedForwardSpec& spec,
                                 const ExpertViews& views) const override {
    auto prepared = std::make_unique<TorchExpertWeights>();
    TorchExperts& experts = prepared->experts;
    experts.spec = spec;
    experts.experts = torch_mlps(spec, spec.hidden, views.experts, options_, kept_);
    if (views.shared) {
      experts.shared = torch_mlps(spec, spec.shared_hidden, {&*views.shared, 1}, options_, kept_);
    }
    if (views.shared_gate_1D) experts.shared_gate_1D = keep(*views.shared_gate_1D, options_);
    return prepared;
  }
  Tensor experts(const Prepared& experts, const Tensor& x_TD,
                 const Routing& routing) const override {
    return torch_mixture(prepared_as<TorchExpertWeights>(experts).experts, x_TD, routing);
  }
  Tensor dense(const Prepared& mlp, const Tensor& x_TD) const override {
    const TorchExperts& one = prepared_as<TorchExpertWeights>(mlp).experts;
    return torch_mlp(one.experts, one.spec, x_TD);
  }

  PreparedWeight prepare_head(const WeightView& weight_VD) const override {
    return keep(weight_VD, nullptr);
  }
  PreparedWeight prepare_tied_head(const WeightView&, const Prepared& embedding) const override {
    auto head = std::make_unique<TorchWeight>();
    head->weight = prepared_as<TorchWeight>(embedding).weight;
    head->shared = true;
    return head;
  }
  Tensor head(const Prepared& head, const Tensor& hidden_RD) const override {
    return torch_head(prepared_as<TorchWeight>(head).weight, hidden_RD);
  }
  HeadScores head_scores(const Prepared& head, const Tensor& hidden_RD,
                         const HeadTargets& targets) const override {
    return torch_head_scores(prepared_as<TorchWeight>(head).weight, hidden_RD, targets);
  }

 private:
  PreparedWeight keep(const WeightView& weight, const WeightView* bias) const {
    auto prepared = std::make_unique<TorchWeight>();
    prepared->weight = keep(weight, options_);
    if (bias != nullptr) prepared->bias = keep(*bias, options_);
    return prepared;
  }
  Tensor keep(const WeightView& view, const at::TensorOptions& options) const {
    Tensor whole = copied(view, options);
    if (kept_ != nullptr) {
      kept_->add(view.parameter,
                 {.whole = whole, .expert = std::nullopt, .begin = 0, .rows = whole.size(0)});
    }
    return whole;
  }

  at::TensorOptions options_;
  TorchParameters* kept_;  // null: nobody asks for the tensors
};

}  // namespace

std::unique_ptr<Ops> torch_ops(std::string_view device, DType dtype) {
  return torch_ops(device, scalar_type(dtype), nullptr);
}

std::unique_ptr<Ops> torch_ops(std::string_view device, at::ScalarType dtype,
                               TorchParameters* kept) {
  return std::make_unique<TorchOps>(at::TensorOptions(open_device(device)).dtype(dtype), kept);
}

}  // namespace moe
