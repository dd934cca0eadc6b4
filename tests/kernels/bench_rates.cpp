#include "tests/kernels/bench_rates.h"

#include <map>

#include "kernels/ceilings/ceilings.h"

namespace moe {
namespace {

struct Ceilings {
  double read, multiply_add;
};

const Ceilings& ceilings(std::int64_t threads) {
  static std::map<std::int64_t, Ceilings> measured;
  const auto found = measured.find(threads);
  if (found != measured.end()) return found->second;
  ThreadPool pool(threads);
  return measured[threads] = {measure_read(pool, read_buffer_bytes(), 9).rate.value,
                              measure_multiply_add(pool, "f32", 9).rate.value};
}

}  // namespace

void state_rates(benchmark::State& state, std::int64_t threads, double flops, double bytes) {
  const auto rate = [](double each) {
    return benchmark::Counter(each, benchmark::Counter::kIsIterationInvariantRate);
  };
  if (flops > 0) {
    state.counters["FLOP/s"] = rate(flops);
    state.counters["of_multiply_add"] = rate(flops / ceilings(threads).multiply_add);
  }
  if (bytes > 0) {
    state.counters["bytes/s"] = rate(bytes);
    state.counters["of_read"] = rate(bytes / ceilings(threads).read);
  }
}

}  // namespace moe
