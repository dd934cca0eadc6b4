// What a benchmark states of its speed: rates, and their shares of what this machine can do.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>

namespace moe {

/// Of one iteration: floating-point operations, and the bytes an ideal implementation moves from
/// memory. Shares are of ceilings measured in this process with as many threads, when they are
/// first asked for; what is in a cache is read faster than memory. 0: not counted.
void state_rates(benchmark::State&, std::int64_t threads, double flops, double bytes);

}  // namespace moe
