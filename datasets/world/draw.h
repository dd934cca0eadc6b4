// What one document of the corpus is about, by lot.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "datasets/world/phrases.h"
#include "datasets/world/world.h"
#include "harness/random.h"

namespace moe {

class Draw {
 public:
  /// `mentions`: of the ranks up to and including this one.
  Draw(const World& world, std::span<const std::int64_t> mentions, Random random)
      : world_(world),
        mentions_(mentions),
        random_(random),
        subject_(world.subjects[below(world.subjects.size())]) {}

  std::size_t below(std::size_t n) {
    return static_cast<std::size_t>(random_.below(static_cast<std::int64_t>(n)));
  }

  template <typename List>
  const auto& one_of(const List& list) {
    return list[below(std::size(list))];
  }

  /// The index of one of `sums`, as often as it adds to them.
  std::size_t by_weight(std::span<const std::int64_t> sums) {
    return static_cast<std::size_t>(std::ranges::upper_bound(sums, random_.below(sums.back())) -
                                    sums.begin());
  }

  const Subject& subject() const { return subject_; }
  const Entity& entity() { return subject_.entities[by_weight(mentions_)]; }

  /// One of which text may state what follows.
  const Entity& stated(bool Entity::* what) {
    while (true) {
      const Entity& e = entity();
      if (e.*what) return e;
    }
  }

  std::size_t attribute() { return below(subject_.attributes.size()); }
  std::size_t quizzed_attribute(const Entity& e) {
    while (true) {
      const std::size_t a = attribute();
      if (e.quizzed[a]) return a;
    }
  }

  const Entity& partner_of(const Entity& e) const { return subject_.entities[e.partner]; }
  Said about(const Entity& e) const { return moe::about(world_, subject_, e); }
  Said::Fact fact_of(const Entity& e, std::size_t attribute) const {
    return moe::fact_of(world_, subject_, e, attribute);
  }
  Said about_some_rule() { return about_rule(world_, subject_, below(subject_.rule.table.size())); }

 private:
  const World& world_;
  std::span<const std::int64_t> mentions_;
  Random random_;
  const Subject& subject_;
};

}  // namespace moe
