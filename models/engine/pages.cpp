#include "models/engine/pages.h"

#include "harness/error.h"

namespace moe {

Pages::Pages(std::int64_t pages) : holders_(static_cast<std::size_t>(pages), 0) {
  for (std::int64_t page = pages - 1; page >= 0; --page) free_.push_back(static_cast<PageId>(page));
}

PageId Pages::take() {
  require(!free_.empty(), "all {} pages of the KV cache are held", holders_.size());
  const PageId page = free_.back();
  free_.pop_back();
  holders_[static_cast<std::size_t>(page)] = 1;
  return page;
}

void Pages::hold(PageId page) {
  ++holders_[static_cast<std::size_t>(page)];
}

void Pages::release(PageId page) {
  std::int32_t& holders = holders_[static_cast<std::size_t>(page)];
  require(holders > 0, "page {} is released once too often", page);
  if (--holders == 0) free_.push_back(page);
}

}  // namespace moe
