// Questions of the generated world: nothing is read.
#include <nlohmann/json.hpp>

#include "datasets/dataset.h"
#include "datasets/world/questions.h"
#include "harness/error.h"

namespace moe {
namespace {

constexpr std::int64_t kTestQuestions = 180, kDevQuestions = 5;  // a subject

std::vector<WorldQuestion> questions(const World& world, std::string_view subject,
                                     std::string_view split) {
  if (split == "test") return world_questions(world, subject, 0, kTestQuestions);
  if (split == "dev") return world_questions(world, subject, 1, kDevQuestions);
  require(split == "paraphrase", "the world has splits test, dev and paraphrase, not \"{}\"",
          split);
  return world_paraphrases(world, subject, kTestQuestions);
}

std::vector<Item> read(const Dataset&, const std::filesystem::path&, std::string_view subject,
                       std::string_view split) {
  static const World kWorld = make_world(kWorldSeed);
  std::vector<Item> items;
  for (WorldQuestion& q : questions(kWorld, subject, split)) {
    items.push_back(
        {.index = static_cast<std::int64_t>(items.size()),
         .question = std::move(q.question),
         .choices = std::move(q.choices),
         .gold = q.gold,
         .facts_json = nlohmann::json{{"type", q.type}, {"attribute", q.attribute}}.dump()});
  }
  return items;
}

}  // namespace

extern const Reader world = {.name = "world", .generated = true, .read = read};

}  // namespace moe
