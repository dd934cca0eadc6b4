#include "kernels/packed/target.h"

#include <hwy/highway.h>

#include "harness/error.h"

namespace moe {

std::vector<std::string> packed_targets() {
  std::vector<std::string> names;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets())
    names.emplace_back(hwy::TargetName(target));
  return names;
}

UsePackedTarget::UsePackedTarget(const std::string& name) {
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    if (name != hwy::TargetName(target)) continue;
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().DeInit();
    return;
  }
  throw Error(fmt::format("vector instructions \"{}\": this machine and build have {}", name,
                          fmt::join(packed_targets(), ", ")),
              std::source_location::current());
}

UsePackedTarget::~UsePackedTarget() {
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().DeInit();
}

}  // namespace moe
