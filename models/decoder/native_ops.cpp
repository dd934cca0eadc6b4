#include "models/decoder/native_ops.h"

#include "harness/error.h"
#include "harness/machine.h"

namespace moe {

std::unique_ptr<Ops> native_ops(const std::string& device, const KeptAs& weights, bool fast,
                                std::int64_t threads) {
  const std::int64_t count = threads > 0 ? threads : this_machine().cores;
  // Threads of two kinds that wait for each other's work would share the processors.
  at::set_num_threads(static_cast<int>(fast ? 1 : count));
  require(fast || weights.quantisation == Quantisation::none,
          "weights={}: expected numerics=fast, which quantises, found reference",
          name_of(weights.quantisation));
  if (!fast) return torch_ops(device, weights.dtype);
  require(device == "cpu", "numerics=fast: expected device=cpu, found device={}", device);
  return cpu_ops(weights, count);
}

}  // namespace moe
