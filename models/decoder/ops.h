// The operations a decoder is made of. A table fills them for one device and numerics; blocks call
// them and never touch a weight.
//
//   T rows of a step   D model width   V vocabulary   N, K output and input width of a linear
//   H query heads   G key/value heads   d width of a q/k head   e width of a v head
//   E experts   K experts per token   F hidden width   R asked rows
//
// `prepare_*` takes views of the weights and owns what it keeps of them: a tensor, packed panels.
// Activations are tensors of the table's activation dtype on its device.
//
// The `torch` table is functional and plain: autograd runs through it, to the weights too
// (torch_parameters.h), and it is numerics=reference on every device.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "models/checkpoint/weights.h"
#include "models/config.h"
#include "models/cost.h"
#include "models/decoder/step.h"
#include "models/decoder/torch.h"

namespace moe {

class KvCache;

/// What an operation made of its weights. Only the table that prepared it can read it.
class Prepared {
 public:
  virtual ~Prepared() = default;
  virtual std::int64_t bytes() const = 0;
};
using PreparedWeight = std::unique_ptr<const Prepared>;

struct NormSpec {
  NormKind kind = NormKind::rms;
  double eps = 0;
  std::int64_t width = 0;  // of a normalised group: D, or a head's width
};

/// What a table is told of a step before its first layer. It is checked already (step_check.h), and
/// outlives the step's last operation.
struct StepStart {
  std::span<const StepSequence> sequences;
  std::span<const LayerSpec> layers;  // all kinds of attention and rope that the step will ask for
  KvCache* cache = nullptr;           // null: each sequence attends to its own new rows only
};

/// A step as a table prepared it, once for all layers: where rows go in the cache, which sequences
/// are attended together, how positions turn, memory to work in. Only the table that made it can
/// read the rest.
class TableStep {
 public:
  virtual ~TableStep() = default;
  virtual std::int64_t bytes() const { return 0; }  // that it keeps for the next step
  Tensor id_T, asked_R;  // int64 on the device: the step's ids, and the rows that were asked for
};
using PreparedStep = std::unique_ptr<TableStep>;

/// Keys and values of this step's rows against those of their sequences.
struct AttentionArgs {
  Tensor q_THd, k_TGd, v_TGe;
  const AttentionSpec* spec = nullptr;
  std::int64_t layer = 0;
  /// Added to the scores: undefined, or [H or 1, queries or 1, keys or 1] by absolute position, so
  /// one bias serves sequences at different positions, and a step of decoding.
  Tensor additive_bias = {};  // NOLINT(readability-redundant-member-init): else g++ wants it named
  const Prepared* sinks = nullptr;  // where the spec has them
};

struct Routing {
  Tensor logits_TE, weight_TK, expert_TK;  // ids int64 or int32; equal scores go to the lower one
};

/// What is said to a router beside its input. Undefined: free.
struct RouterControl {
  Tensor force_TK;   // int64: replaces the choice and keeps the scores
  Tensor removed_E;  // bool: true for experts that are never chosen, unless forced
};

struct RouterViews {
  WeightView weight_ED;
  std::optional<WeightView> bias_E = std::nullopt,
                            correction_E = std::nullopt;  // as the spec has them
};

/// The matrices of one MLP, and what else its spec has.
struct MlpViews {
  std::optional<WeightView> gate_FD = std::nullopt;
  WeightView up_FD, down_DF;
  std::optional<WeightView> gate_bias_F = std::nullopt, up_bias_F = std::nullopt,
                            down_bias_D = std::nullopt;
};

/// All experts of a layer; a dense MLP is one.
struct ExpertViews {
  std::vector<MlpViews> experts;
  std::optional<MlpViews> shared = std::nullopt;  // an MLP beside them, of the spec's shared_hidden
  std::optional<WeightView> shared_gate_1D = std::nullopt;
};

/// Targets that hidden rows predict: target i is id `id[i]` at row `row[i]`. Rows ascend; one may
/// have several targets, or none.
struct HeadTargets {
  std::span<const std::int64_t> row, id;
  std::int64_t logit_bytes = 0;  // of logits that may be held at a time; one row always is
};

struct HeadScores {
  Tensor log_p_N;    // natural log of each target's probability, float32
  Tensor is_best_N;  // bool: the target is its row's arg-max, the first of ties
};

class Ops {
 public:
  virtual ~Ops() = default;
  virtual std::string_view name() const = 0;

  virtual PreparedWeight prepare_embedding(const WeightView& table_VD) const = 0;
  virtual Tensor embedding(const Prepared&, const Tensor& ids_T) const = 0;

  virtual PreparedWeight prepare_norm(const NormSpec&, const WeightView* weight) const = 0;
  virtual Tensor norm(const Prepared&, const Tensor& x) const = 0;  // over the last `width` of x
  virtual Tensor clipped(Tensor x, double limit) const = 0;         // to +-limit; x is given away

  virtual PreparedWeight prepare_linear(const WeightView& weight_NK,
                                        const WeightView* bias_N) const = 0;
  virtual Tensor linear(const Prepared&, const Tensor& x_TK) const = 0;
  /// The same numbers as [T, N / width, width]; x is given away.
  virtual Tensor in_heads(Tensor x_TN, std::int64_t width) const = 0;

  /// x + added: what a block adds to its input.
  virtual Tensor residual(const Tensor& x_TD, const Tensor& added_TD) const = 0;

  /// Makes what the layers of a step share and uploads what they need, so that a table can run
  /// them without waiting for the device. `last` (or null) is a step of this table that is over:
  /// its memory may be used again.
  virtual PreparedStep begin_step(const StepStart&, PreparedStep last) const = 0;
  /// The rows that were asked for, [R, D].
  virtual Tensor asked(const TableStep&, const Tensor& x_TD) const = 0;

  virtual Tensor rope(const TableStep&, const RopeSpec&, const Tensor& x_THd) const = 0;
  virtual PreparedWeight prepare_sinks(const WeightView& logit_H) const = 0;
  virtual Tensor attention(const TableStep&, const AttentionArgs&) const = 0;  // [T, H * e]

  virtual PreparedWeight prepare_router(const FeedForwardSpec&, const RouterViews&) const = 0;
  /// Scores, their normalisation and the best groups are those of all experts, whatever is removed:
  /// what was never chosen changes nothing when it is.
  virtual Routing router(const Prepared&, const FeedForwardSpec&, const Tensor& x_TD,
                         const RouterControl&) const = 0;
  /// Adds how often each expert was chosen to load_E, int64 on the device.
  virtual void count(const Routing&, const Tensor& load_E) const = 0;

  virtual PreparedWeight prepare_experts(const FeedForwardSpec&, const ExpertViews&) const = 0;
  /// The chosen experts' outputs by their weights and, where there is one, the shared expert's.
  virtual Tensor experts(const Prepared&, const Tensor& x_TD, const Routing&) const = 0;
  virtual Tensor dense(const Prepared&, const Tensor& x_TD) const = 0;  // the one expert, weight 1

  virtual PreparedWeight prepare_head(const WeightView& weight_VD) const = 0;
  /// A head that is the embedding's table; shares what can be shared, its bytes counted once.
  virtual PreparedWeight prepare_tied_head(const WeightView& table_VD,
                                           const Prepared& embedding) const = 0;
  virtual Tensor head(const Prepared&,
                      const Tensor& hidden_RD) const = 0;  // logits [R, V], float32
  /// The head, its log-softmax and the targets in one, so that a table need not store logits.
  virtual HeadScores head_scores(const Prepared&, const Tensor& hidden_RD,
                                 const HeadTargets&) const = 0;

  virtual at::TensorOptions activations() const = 0;

  /// Bytes that the last steps left for the next, beside weights, cache and the prepared step's
  /// own.
  virtual std::int64_t workspace_bytes() const = 0;
  /// Bytes that steps of this load work in, beside weights and cache: what they leave, with the
  /// prepared step's own, where the table keeps it; else what they take at least.
  virtual std::int64_t workspace_bytes(const Config&, const StepLoad&) const = 0;
};

/// LibTorch's operations on `device` ("cpu", "cuda", "cuda:1") with weights and activations of
/// `dtype`. Error where LibTorch's CUDA part or a GPU is missing.
std::unique_ptr<Ops> torch_ops(std::string_view device, DType dtype);

/// The kernels of this program on `threads` threads: weights packed for this machine's vector
/// instructions, large ones quantised where they are to be, activations in float32. It is
/// numerics=fast on the CPU: the bits of a row depend on its sequence up to it and the weights
/// alone, whatever else is in the step, however the sequence was cut into steps, and on however
/// many threads. No gradients.
std::unique_ptr<Ops> cpu_ops(const KeptAs& weights, std::int64_t threads);

}  // namespace moe
