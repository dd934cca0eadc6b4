// What `check` says of an implementation on a GPU, with a module whose device memory is a store of
// copies on the host.
#include "kernels/topk_router/difference.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "harness/error.h"

namespace moe {
namespace {

int g_runs = 0;

const TopkRouter& reference() {
  return *topk_routers()[0];
}

bool supports(const TopkRouterShape& shape) {
  return reference().supports(shape);
}

void run_rightly(const TopkRouterShape& shape, const TopkRouterArgs& args, void* stream) {
  ++g_runs;
  reference().run(shape, args, stream);
}

void run_with_another_weight(const TopkRouterShape& shape, const TopkRouterArgs& args,
                             void* stream) {
  reference().run(shape, args, stream);
  args.weight_TK[3] += 0.25F;
}

void run_with_no_number(const TopkRouterShape& shape, const TopkRouterArgs& args, void* stream) {
  reference().run(shape, args, stream);
  args.weight_TK[0] = std::nanf("");
}

void run_with_another_expert(const TopkRouterShape& shape, const TopkRouterArgs& args,
                             void* stream) {
  reference().run(shape, args, stream);
  std::swap(args.expert_TK[0], args.expert_TK[1]);
}

void do_nothing(const TopkRouterShape&, const TopkRouterArgs&, void*) {}

CudaApi host_as_device() {
  return {.version = kCudaModuleVersion,
          .device_count = [] { return 1; },
          .allocate = [](std::size_t bytes) { return std::malloc(bytes); },
          .release = [](void* memory) { std::free(memory); },
          .to_device = [](void* to, const void* from, std::size_t n) { std::memcpy(to, from, n); },
          .to_host = [](void* to, const void* from, std::size_t n) { std::memcpy(to, from, n); },
          .synchronise = [] {},
          .topk_routers = {}};
}

double difference(decltype(TopkRouter::run) run) {
  const CudaApi cuda = host_as_device();
  return topk_router_difference({"other", /*on_gpu=*/true, supports, run}, &cuda);
}

TEST(topk_router_difference, of_one_on_the_gpu_is_what_it_computed) {
  g_runs = 0;
  EXPECT_EQ(difference(run_rightly), 0);
  EXPECT_GT(g_runs, 0);
  EXPECT_NEAR(difference(run_with_another_weight), 0.25, 1e-6);
  for (const auto run : {run_with_another_expert, run_with_no_number, do_nothing})
    EXPECT_TRUE(std::isinf(difference(run)));
}

TEST(topk_router_difference, of_those_on_the_cpu_is_small) {
  for (const TopkRouter* router : topk_routers())
    EXPECT_LE(topk_router_difference(*router, nullptr), 1e-6) << router->name;
}

TEST(topk_router_difference, of_one_on_the_gpu_wants_the_module) {
  EXPECT_THROW(topk_router_difference({"other", true, supports, run_rightly}, nullptr), Error);
}

}  // namespace
}  // namespace moe
