#include "models/library.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

TEST(card, names_a_repository_or_what_comes_with_the_program) {
  const Card fetched = read_card("a", "repository = 'org/name'\nrevision = 'main'");
  EXPECT_EQ(fetched.name + " " + fetched.repository + " " + fetched.revision, "a org/name main");
  EXPECT_EQ(fetched.bundled, "");
  const Card bundled = read_card("b", "bundled = 'tiny'");
  EXPECT_EQ(bundled.name + " " + bundled.bundled, "b tiny");
  EXPECT_EQ(bundled.repository + bundled.revision, "");
}

TEST(card, that_names_none_or_both_or_half_of_one_is_refused) {
  const auto refusal = [](std::string_view toml) {
    return message_of<Error>([&] { read_card("a", toml); });
  };
  constexpr const char* kRefused[][2] = {
      {"", "found none"},
      {"revision = 'main'", "found none"},
      {"repository = 'org/name'\nrevision = 'main'\nbundled = 'tiny'", "found both"},
      {"repository = 'org/name'", "key \"revision\" is missing"},
      {"bundled = 'tiny'\nrevision = 'main'", "key \"revision\": "},
      {"bundled = '../tiny'", "expected the name of a folder"},
      {"bundled = ''", "expected the name of a folder"},
      {"bundled = 7", "key \"bundled\""},
      {"bundled = ", "line 1"}};
  for (const auto& [toml, said] : kRefused) {
    const std::string message = refusal(toml);
    EXPECT_TRUE(message.starts_with("a.toml")) << message;
    EXPECT_NE(message.find(said), std::string::npos) << message;
  }
}

TEST(cards, each_has_one_place) {
  for (const Card& card : cards()) {
    EXPECT_EQ(card.repository.find('/') != std::string::npos, card.bundled.empty()) << card.name;
  }
}

}  // namespace
}  // namespace moe
