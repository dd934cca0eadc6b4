// What `check` says of an implementation on a GPU, with a module whose device memory is a store of
// copies on the host.
#include "kernels/router/difference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>

#include "harness/error.h"

namespace moe {
namespace {

int g_runs = 0;

const Router& reference() {
  return *routers()[0];
}

bool supports(const RouterShape& shape) {
  return reference().supports(shape);
}

void run_rightly(const RouterShape& shape, const RouterArgs& args, const RouterLaunch& launch) {
  ++g_runs;
  reference().run(shape, args, launch);
}

void run_with_another_weight(const RouterShape& shape, const RouterArgs& args,
                             const RouterLaunch& launch) {
  reference().run(shape, args, launch);
  args.weight_TK[3] += 1e-2F;
}

void run_with_no_number(const RouterShape& shape, const RouterArgs& args,
                        const RouterLaunch& launch) {
  reference().run(shape, args, launch);
  args.weight_TK[0] = std::nanf("");
}

void run_with_another_expert(const RouterShape& shape, const RouterArgs& args,
                             const RouterLaunch& launch) {
  reference().run(shape, args, launch);
  std::swap(args.expert_TK[0], args.expert_TK[1]);
}

void do_nothing(const RouterShape&, const RouterArgs&, const RouterLaunch&) {}

void copy(void* to, const void* from, std::size_t bytes) {
  std::copy_n(static_cast<const std::byte*>(from), bytes, static_cast<std::byte*>(to));
}

CudaApi host_as_device() {
  return {.version = kCudaModuleVersion,
          .device_count = [] { return 1; },
          .allocate = [](std::size_t bytes) { return std::malloc(bytes); },
          .release = [](void* memory) { std::free(memory); },
          .to_device = copy,
          .to_host = copy,
          .synchronise = [] {},
          .routers = {}};
}

double difference(decltype(Router::run) run) {
  const CudaApi cuda = host_as_device();
  return router_difference({"other", /*on_gpu=*/true, supports, run}, &cuda);
}

TEST(router_difference, of_one_on_the_gpu_is_what_it_computed) {
  g_runs = 0;
  EXPECT_EQ(difference(run_rightly), 0);
  EXPECT_GT(g_runs, 0);
  EXPECT_GT(difference(run_with_another_weight), 1e3);
  for (const auto run : {run_with_another_expert, run_with_no_number, do_nothing})
    EXPECT_TRUE(std::isinf(difference(run)));
}

TEST(router_difference, of_those_on_the_cpu_is_small) {
  for (const Router* router : routers())
    EXPECT_LE(router_difference(*router, nullptr), 1) << router->name;
}

TEST(router_difference, of_one_on_the_gpu_wants_the_module) {
  EXPECT_THROW(router_difference({"other", true, supports, run_rightly}, nullptr), Error);
}

}  // namespace
}  // namespace moe
