// Questions of the generated world: nothing is read.
#include <nlohmann/json.hpp>

#include "datasets/dataset.h"
#include "datasets/world/questions.h"
#include "harness/error.h"

namespace moe {
namespace {

constexpr std::uint64_t kSeed = 1;
constexpr std::int64_t kTestQuestions = 40, kDevQuestions = 5;  // a subject

std::vector<Item> read(const std::filesystem::path&, std::string_view subject,
                       std::string_view split) {
  static const World kWorld = make_world(kSeed);
  require(split == "test" || split == "dev", "the world has splits test and dev, not \"{}\"",
          split);
  const bool dev = split == "dev";
  std::vector<Item> items;
  for (WorldQuestion& q :
       world_questions(kWorld, subject, dev ? 1 : 0, dev ? kDevQuestions : kTestQuestions)) {
    items.push_back({.index = static_cast<std::int64_t>(items.size()),
                     .question = std::move(q.question),
                     .choices = std::move(q.choices),
                     .gold = q.gold,
                     .facts_json = nlohmann::json{{"type", q.type}}.dump()});
  }
  return items;
}

}  // namespace

extern const Reader world = {.name = "world", .generated = true, .read = read};

}  // namespace moe
