#include "datasets/world/probes.h"

#include "datasets/world/phrases.h"
#include "harness/error.h"
#include "harness/random.h"

namespace moe {
namespace {

struct Place {
  const Subject* subject = nullptr;
  const Entity* entity = nullptr;
  std::size_t attribute = 0;
};

/// The facts of a bin that no question of a suite asks (Entity::quizzed), so that what is chosen by
/// probes is not chosen by the questions; and not those that rules start from: they have fewer
/// values.
std::vector<Place> facts_in(const World& world, const Bin& bin) {
  std::vector<Place> places;
  for (const Subject& subject : world.subjects) {
    for (std::size_t e = bin.begin; e < bin.end; ++e) {
      for (std::size_t a = 0; a < subject.attributes.size(); ++a)
        if (a != subject.rule.premise && subject.entities[e].quizzed[a])
          places.push_back({&subject, &subject.entities[e], a});
    }
  }
  return places;
}

}  // namespace

std::vector<Probe> world_probes(const World& world, std::int64_t per_type, std::uint64_t seed) {
  Random random(seed);
  std::vector<Probe> probes;
  for (const Bin& bin : kBins) {
    std::vector<Place> places = facts_in(world, bin);
    require(per_type >= 0 && per_type <= std::ssize(places),
            "{} probes of {} facts asked for; there are {}", per_type, bin.name, places.size());
    random.shuffle(places);
    for (std::size_t i = 0; i < static_cast<std::size_t>(per_type); ++i) {
      const auto& [subject, entity, attribute] = places[i];
      Said said = about(world, *subject, *entity);
      said.facts[0] = fact_of(world, *subject, *entity, attribute);
      probes.push_back({.prompt = filled(kHeldOutPhrases[i % kHeldOutPhrases.size()], said),
                        .answer = fmt::format(" {}", said.facts[0].value),
                        .type = std::string(bin.name),
                        .subject = subject->name});
    }
  }
  return probes;
}

}  // namespace moe
