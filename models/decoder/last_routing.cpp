#include "models/decoder/last_routing.h"

#include "harness/error.h"

namespace moe {
namespace {

/// The choices of one step's sequences, whose last rows are `last_S`.
std::vector<ChosenExperts> chosen_in(const StepResult& result, std::size_t layers,
                                     const std::vector<std::int64_t>& last_S) {
  std::vector<ChosenExperts> out(last_S.size(), ChosenExperts(layers));
  const Tensor row_S = at::tensor(last_S, at::kLong);
  for (const LayerRouting& routing : result.routing) {
    const Tensor expert_SK = routing.expert_TK.index_select(0, row_S.to(routing.expert_TK.device()))
                                 .to(at::kCPU, at::kLong)
                                 .contiguous();
    const std::int64_t top_k = expert_SK.size(1);
    const std::int64_t* experts = expert_SK.const_data_ptr<std::int64_t>();
    for (ChosenExperts& chosen : out) {
      chosen[static_cast<std::size_t>(routing.layer)].assign(experts, experts + top_k);
      experts += top_k;
    }
  }
  return out;
}

}  // namespace

std::vector<ChosenExperts> route_last(Decoder& decoder,
                                      std::span<const std::span<const TokenId>> contexts,
                                      std::int64_t tokens_per_step) {
  std::vector<ChosenExperts> out;
  while (out.size() < contexts.size()) {
    Step step;
    step.routing = {.record = true, .count = false, .force_LTK = {}};
    std::vector<std::int64_t> last_S;
    std::int64_t rows = 0;
    for (const std::span<const TokenId> context : contexts.subspan(out.size())) {
      require(!context.empty(), "the routing of a context without a token");
      if (rows > 0 && rows + std::ssize(context) > tokens_per_step) break;
      rows += std::ssize(context);
      last_S.push_back(rows - 1);
      step.sequences.push_back({.new_ids = context});
    }
    const StepResult result = decoder.step(step, nullptr);
    for (ChosenExperts& chosen : chosen_in(result, decoder.config().layers.size(), last_S))
      out.push_back(std::move(chosen));
  }
  return out;
}

}  // namespace moe
