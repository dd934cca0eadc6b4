#include <benchmark/benchmark.h>

#include <cstdio>
#include <exception>

#include "harness/build_info.h"
#include "kernels/packed/packed_matrix.h"
#include "kernels/packed/target.h"

int main(int argc, char** argv) {
  try {
    moe::limit_packed_targets();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "moe_bench: %s\n", error.what());
    return 2;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::AddCustomContext("version", moe::build_line());
  benchmark::AddCustomContext("packed_target", std::string(moe::packed_target()));
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
