#include "kernels/packed/target.h"

#include <hwy/highway.h>

#include "harness/error.h"
#include "harness/machine.h"

namespace moe {
namespace {

std::int64_t target_named(const std::string& name) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    if (name == hwy::TargetName(target)) return target;
  }
  throw Error(
      fmt::format(
          "MOEBENCH_INSTRUCTIONS: vector instructions \"{}\": this machine and build have {}", name,
          fmt::join(packed_targets(), ", ")),
      std::source_location::current());
}

}  // namespace

std::vector<std::string> packed_targets() {
  std::vector<std::string> names;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets())
    names.emplace_back(hwy::TargetName(target));
  // Asked for them, Highway chooses the best of the machine's, disabled or not. The next kernel
  // chooses anew.
  hwy::GetChosenTarget().DeInit();
  return names;
}

void limit_packed_targets() {
  const std::string best = instructions_limit();
  if (best.empty()) return;
  // Highway numbers targets from the best on.
  hwy::DisableTargets(target_named(best) - 1);
  hwy::GetChosenTarget().DeInit();
}

UsePackedTarget::UsePackedTarget(const std::string& name) {
  hwy::SetSupportedTargetsForTest(target_named(name));
  hwy::GetChosenTarget().DeInit();
}

UsePackedTarget::~UsePackedTarget() {
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().DeInit();
}

}  // namespace moe
