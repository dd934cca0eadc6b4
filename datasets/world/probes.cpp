#include "datasets/world/probes.h"

#include <fmt/format.h>

#include <algorithm>

#include "datasets/world/phrases.h"
#include "harness/error.h"
#include "harness/random.h"
#include "harness/sha256.h"

namespace moe {
namespace {

struct Place {
  const Subject* subject = nullptr;
  const Entity* entity = nullptr;
  std::size_t attribute = 0;
};

/// Whether questions of two steps may ask for an entity's attributes, as those of a partner.
std::vector<bool> asked_as_partners(const Subject& subject) {
  std::vector<bool> asked(subject.entities.size());
  for (const Entity& entity : subject.entities) {
    if (!entity.partner_stated) asked[entity.partner] = true;
  }
  return asked;
}

/// The facts of a bin that no question asks; and not those that rules start from, which have fewer
/// values.
std::vector<Place> facts_in(const World& world, const Bin& bin) {
  std::vector<Place> places;
  for (const Subject& subject : world.subjects) {
    const std::vector<bool> asked = asked_as_partners(subject);
    for (std::size_t e = bin.begin; e < bin.end; ++e) {
      const Entity& entity = subject.entities[e];
      for (std::size_t a = 0; a < subject.attributes.size(); ++a) {
        if (a != subject.rule.premise && entity.quizzed[a] && !asked[e])
          places.push_back({&subject, &entity, a});
      }
    }
  }
  return places;
}

}  // namespace

std::vector<Probe> world_probes(const World& world, std::int64_t most, std::uint64_t seed) {
  require(most >= 0, "{} probes asked for", most);
  Random random(seed);
  std::vector<Probe> probes;
  for (const Bin& bin : kBins) {
    std::vector<Place> places = facts_in(world, bin);
    random.shuffle(places);
    const std::size_t count = std::min(places.size(), static_cast<std::size_t>(most));
    for (std::size_t i = 0; i < count; ++i) {
      const auto& [subject, entity, attribute] = places[i];
      Said said = about(world, *subject, *entity);
      said.facts[0] = fact_of(world, *subject, *entity, attribute);
      probes.push_back({.prompt = filled(kProbePhrases[i % kProbePhrases.size()], said),
                        .answer = fmt::format(" {}", said.facts[0].value),
                        .type = std::string(bin.name),
                        .subject = subject->name});
    }
  }
  return probes;
}

std::string probes_digest(const std::vector<Probe>& probes) {
  Sha256 sha256;
  for (const Probe& probe : probes) sha256.update(probe.prompt + probe.answer + "\n");
  return sha256.hex();
}

}  // namespace moe
