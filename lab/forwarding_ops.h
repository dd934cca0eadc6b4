// A table of operations that hands everything on to another one: to change one operation, derive
// from it.
#pragma once

#include <utility>

#include "models/decoder/ops.h"

namespace moe {

class ForwardingOps : public Ops {
 public:
  explicit ForwardingOps(const Ops& inner) : inner_(inner) {}

  std::string_view name() const override { return inner_.name(); }
  PreparedWeight prepare_embedding(const WeightView& table_VD) const override {
    return inner_.prepare_embedding(table_VD);
  }
  Tensor embedding(const Prepared& table, const Tensor& ids_T) const override {
    return inner_.embedding(table, ids_T);
  }
  PreparedWeight prepare_norm(const NormSpec& spec, const WeightView* weight) const override {
    return inner_.prepare_norm(spec, weight);
  }
  Tensor norm(const Prepared& norm, const Tensor& x) const override { return inner_.norm(norm, x); }
  Tensor clipped(Tensor x, double limit) const override {
    return inner_.clipped(std::move(x), limit);
  }
  Tensor residual(const Tensor& x_TD, const Tensor& added_TD) const override {
    return inner_.residual(x_TD, added_TD);
  }
  PreparedWeight prepare_linear(const WeightView& weight_NK,
                                const WeightView* bias_N) const override {
    return inner_.prepare_linear(weight_NK, bias_N);
  }
  Tensor linear(const Prepared& linear, const Tensor& x_TK) const override {
    return inner_.linear(linear, x_TK);
  }
  Tensor in_heads(Tensor x_TN, std::int64_t width) const override {
    return inner_.in_heads(std::move(x_TN), width);
  }
  PreparedStep begin_step(const StepStart& start, PreparedStep last) const override {
    return inner_.begin_step(start, std::move(last));
  }
  Tensor asked(const TableStep& step, const Tensor& x_TD) const override {
    return inner_.asked(step, x_TD);
  }
  Tensor rope(const TableStep& step, const RopeSpec& spec, const Tensor& x_THd) const override {
    return inner_.rope(step, spec, x_THd);
  }
  PreparedWeight prepare_sinks(const WeightView& logit_H) const override {
    return inner_.prepare_sinks(logit_H);
  }
  Tensor attention(const TableStep& step, const AttentionArgs& args) const override {
    return inner_.attention(step, args);
  }
  PreparedWeight prepare_router(const FeedForwardSpec& spec,
                                const RouterViews& views) const override {
    return inner_.prepare_router(spec, views);
  }
  Routing router(const Prepared& router, const FeedForwardSpec& spec, const Tensor& x_TD,
                 const RouterControl& control) const override {
    return inner_.router(router, spec, x_TD, control);
  }
  void count(const Routing& routing, const Tensor& load_E) const override {
    inner_.count(routing, load_E);
  }
  PreparedWeight prepare_experts(const FeedForwardSpec& spec,
                                 const ExpertViews& views) const override {
    return inner_.prepare_experts(spec, views);
  }
  Tensor experts(const Prepared& experts, const Tensor& x_TD,
                 const Routing& routing) const override {
    return inner_.experts(experts, x_TD, routing);
  }
  Tensor dense(const Prepared& mlp, const Tensor& x_TD) const override {
    return inner_.dense(mlp, x_TD);
  }
  PreparedWeight prepare_head(const WeightView& weight_VD) const override {
    return inner_.prepare_head(weight_VD);
  }
  PreparedWeight prepare_tied_head(const WeightView& table_VD,
                                   const Prepared& embedding) const override {
    return inner_.prepare_tied_head(table_VD, embedding);
  }
  Tensor head(const Prepared& head, const Tensor& hidden_RD) const override {
    return inner_.head(head, hidden_RD);
  }
  HeadScores head_scores(const Prepared& head, const Tensor& hidden_RD,
                         const HeadTargets& targets) const override {
    return inner_.head_scores(head, hidden_RD, targets);
  }
  at::TensorOptions activations() const override { return inner_.activations(); }
  std::int64_t workspace_bytes() const override { return inner_.workspace_bytes(); }
  std::int64_t workspace_bytes(const Config& config, const StepLoad& load) const override {
    return inner_.workspace_bytes(config, load);
  }

 protected:
  const Ops& inner() const { return inner_; }

 private:
  const Ops& inner_;
};

}  // namespace moe
