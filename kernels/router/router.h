// Routing: for every token, the K experts with the best scores, and their weights.
//
//   T tokens   E experts   K experts chosen per token
//
// This comment is the contract. Every implementation is tested against router_reference.cpp, which
// says the same in the plainest code we could write.
//
//   score     softmax of logits_TE over E, or the sigmoid of each; softmax_of_chosen: the logit.
//   expert_TK the K largest of score + correction_E, in descending order; equal ones go to the
//             lower id, so that every implementation routes alike.
//             Groups are runs of E / groups experts. Only those of the `groups_kept` best groups
//             may be chosen: a group is as good as its best expert, or as its two best together
//             (it has two, then), with the correction; equal groups go to the lower one.
//             Removed experts may not be chosen; scores and groups are those of all experts.
//             Where fewer than K may be chosen, the others follow by id.
//             Or what forced_TK says, in its order: ids of experts, one of which may come twice.
//   weight_TK score of the chosen, without the correction, divided by the sum of the K when
//             `renormalise`, to which 1e-20 is added for sigmoids; times routed_scale.
//             softmax_of_chosen, and a softmax that is renormalised, which is the same: the softmax
//             over the K chosen logits.
//
//   Logits are compared, not scores, of which many may be 0 or 1: they are in the same order. Where
//   compares_scores(), score + correction is, in float64. NaN is compared like -infinity.
//   Every token gets K different experts, whatever its logits are: where logits are compared,
//   -infinity is an expert with weight 0, chosen after all others that may be. A NaN, wherever in a
//   token's logits, makes all its weights NaN; so does a +infinity, or nothing but -infinity, among
//   the logits of its softmax.
//   exp(x) may be off by 2^-22 (1 + |x|) of itself; what else makes a weight is rounded to float32
//   or finer (RouterCase::bounds). A token's bits depend on its own logits alone: not on T, on
//   other tokens, or on the number of threads. What may not be chosen and was not changes none of
//   them. 1 <= K <= E; 1 <= groups_kept <= groups, which divides E; T may be 0.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace moe {

class ThreadPool;

enum class RouterScore : std::uint8_t { softmax, sigmoid, softmax_of_chosen };
enum class RouterGroupScore : std::uint8_t { best, best_two };

struct RouterShape {
  std::int64_t T = 0, E = 0, K = 0;
  std::int64_t groups = 1, groups_kept = 1;
  RouterGroupScore group_score = RouterGroupScore::best;
  RouterScore score = RouterScore::softmax;
  bool renormalise = false;
  bool corrected = false, removes = false, forced = false;  // what is read of RouterArgs
  double routed_scale = 1;
};

struct RouterArgs {
  const float* logits_TE = nullptr;
  const float* correction_E = nullptr;      // where `corrected`
  const std::uint8_t* removed_E = nullptr;  // where `removes`: not 0 for the removed
  const std::int32_t* forced_TK = nullptr;  // where `forced`
  float* weight_TK = nullptr;               // out
  std::int32_t* expert_TK = nullptr;        // out
};

/// What an implementation runs on.
struct RouterLaunch {
  ThreadPool* pool = nullptr;  // on the CPU, where it is needed
  void* stream = nullptr;      // on the GPU; null: the default one
};

struct Router {
  std::string_view name;
  bool on_gpu;  // are the pointers device pointers?
  bool (*supports)(const RouterShape&);
  void (*run)(const RouterShape&, const RouterArgs&, const RouterLaunch&);
};

/// All implementations in this build, the reference first.
std::span<const Router* const> routers();

/// Does the choice compare corrected scores, not logits? Where there is a correction, or groups are
/// compared by a sum.
bool compares_scores(const RouterShape&);

/// Bytes an ideal implementation moves; the suites divide time by it.
std::int64_t router_bytes(const RouterShape&);

}  // namespace moe
