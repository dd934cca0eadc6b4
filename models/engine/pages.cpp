#include "models/engine/pages.h"

#include "harness/error.h"

namespace moe {

Pages::Pages(std::int64_t pages) {
  require(pages >= 0, "a KV cache of {} pages", pages);
  holders_.assign(static_cast<std::size_t>(pages), 0);
  for (std::int64_t page = pages - 1; page >= 0; --page) free_.push_back(static_cast<PageId>(page));
}

PageId Pages::take() {
  require(!free_.empty(), "all {} pages of the KV cache are held", holders_.size());
  const PageId page = free_.back();
  free_.pop_back();
  holders_[static_cast<std::size_t>(page)] = 1;
  return page;
}

std::int32_t& Pages::holders_of(PageId page) {
  const auto at = static_cast<std::size_t>(page);
  require(page >= 0 && at < holders_.size() && holders_[at] > 0,
          "page {} of {} is held by nobody, so it cannot be held again or released", page,
          holders_.size());
  return holders_[at];
}

void Pages::hold(PageId page) {
  ++holders_of(page);
}

void Pages::release(PageId page) {
  if (--holders_of(page) == 0) free_.push_back(page);
}

}  // namespace moe
