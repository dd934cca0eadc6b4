// A value that its copies share: the context of a question is the same to all its choices.
#pragma once

#include <memory>
#include <utility>

namespace moe {

template <typename T>
class Shared {
 public:
  Shared() : Shared(T()) {}
  // NOLINTNEXTLINE(google-explicit-constructor): stands for the value
  Shared(T value) : value_(std::make_shared<const T>(std::move(value))) {}

  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }
  /// Do both share one value? Of equal values that were given apart: no.
  bool is(const Shared& other) const { return value_ == other.value_; }

  friend bool operator==(const Shared& a, const T& b) { return *a == b; }
  friend bool operator==(const Shared& a, const Shared& b) { return *a == *b; }

 private:
  std::shared_ptr<const T> value_;
};

}  // namespace moe
