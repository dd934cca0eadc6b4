// Pages of a KV cache, counted: a page is free when nobody holds it.
#pragma once

#include <cstdint>
#include <vector>

#include "models/ids.h"

namespace moe {

/// A page whose contents another takes over: a branch inside a page.
struct PageCopy {
  PageId from = 0, to = 0;
};

class Pages {
 public:
  explicit Pages(std::int64_t pages);  // Error on fewer than none

  std::int64_t free() const { return static_cast<std::int64_t>(free_.size()); }
  /// A page held once. Error where none is free: the caller plans so that this cannot be.
  PageId take();
  /// Both throw Error on a page that nobody holds.
  void hold(PageId);
  void release(PageId);

 private:
  std::int32_t& holders_of(PageId);

  std::vector<PageId> free_;
  std::vector<std::int32_t> holders_;
};

}  // namespace moe
