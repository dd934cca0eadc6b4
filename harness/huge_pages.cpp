#include "harness/huge_pages.h"

#include <sys/mman.h>

namespace moe {

void prefer_huge_pages(void* memory, std::int64_t bytes) {
  const auto begin = reinterpret_cast<std::intptr_t>(memory);
  const std::intptr_t first = (begin + kHugePage - 1) / kHugePage * kHugePage;
  const std::intptr_t last = (begin + bytes) / kHugePage * kHugePage;
  if (first >= last) return;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): rounding an address has no other way
  madvise(reinterpret_cast<void*>(first), static_cast<std::size_t>(last - first), MADV_HUGEPAGE);
}

}  // namespace moe
