// Axes as cases, and what a case is known by.
#include <gtest/gtest.h>

#include <set>

#include "datasets/dataset.h"
#include "harness/error.h"
#include "harness/sha256.h"
#include "suites/kind.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

TEST(points, points_are_all_combinations_of_the_axes) {
  const Suite decode = find_suite("decode");
  const auto all = points(decode, {});
  EXPECT_EQ(all.size(), 8U);
  EXPECT_EQ(std::set(all.begin(), all.end()).size(), 8U);
  EXPECT_EQ(points(find_suite("wikitext2"), {}), std::vector<Json>{Json::object()});
}

TEST(points, given_values_replace_those_of_an_axis) {
  const auto some = points(find_suite("decode"), {{"batch", {2}}, {"context", {16, 32}}});
  EXPECT_EQ(some,
            (std::vector<Json>{{{"batch", 2}, {"context", 16}}, {{"batch", 2}, {"context", 32}}}));
}

TEST(points, given_values_are_judged_as_those_of_a_file) {
  const Suite decode = find_suite("decode");
  const auto message = [&](const std::string& axis, const std::vector<Json>& values) {
    return message_of<Error>([&] { points(decode, {{axis, values}}); });
  };
  EXPECT_NE(message("lenght", {1}).find("its axes are batch, context"), std::string::npos);
  for (const Json& bad : {Json(0), Json(-1), Json(1.5), Json("one"), Json(true), Json(nullptr)})
    EXPECT_NE(message("batch", {bad}).find("batch"), std::string::npos) << bad;
  EXPECT_NE(message("batch", {}).find("batch"), std::string::npos);
  EXPECT_NE(message("batch", {4, 4}).find("more than once"), std::string::npos);
  EXPECT_THROW(points(find_suite("mmlu"), {{"shots", {-5}}}), Error);
}

TEST(points, too_many_cases_are_an_error) {
  std::vector<Json> many;
  for (int i = 1; i <= 400; ++i) many.emplace_back(i);
  EXPECT_NE(message_of<Error>([&] {
              points(find_suite("decode"), {{"batch", many}, {"context", many}});
            }).find("100000"),
            std::string::npos);
}

TEST(points, a_case_is_known_by_suite_version_target_point_and_data) {
  const Suite suite = find_suite("decode");
  Suite next = suite, other = suite;
  ++next.version;
  other.name = "mine";
  const Json point = {{"batch", 1}, {"context", 2}}, turned = {{"context", 2}, {"batch", 1}};
  const std::string key = case_key(suite, point, "target", "data");
  EXPECT_EQ(key.size(), 64U);
  EXPECT_EQ(case_key(suite, turned, "target", "data"), key);
  EXPECT_EQ(
      (std::set<std::string>{
           key, case_key(next, point, "target", "data"), case_key(other, point, "target", "data"),
           case_key(suite, {{"batch", 1}}, "target", "data"),
           case_key(suite, point, "another", "data"), case_key(suite, point, "target", "")})
          .size(),
      6U);
}

TEST(points, come_in_the_order_of_the_files_axes) {
  const std::string toml = find_suite("decode").toml;
  const std::size_t axes = toml.find("[axes]"), end = toml.find("[measure]");
  const std::string turned =
      toml.substr(0, axes) + "[axes]\ncontext = [128, 1024]\nbatch = [1, 4]\n" + toml.substr(end);
  const auto all = points(parse_suite(turned, "turned"), {});
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0], (Json{{"batch", 1}, {"context", 128}}));
  EXPECT_EQ(all[1], (Json{{"batch", 4}, {"context", 128}}));  // the last axis turns fastest
}

TEST(points, of_questions_stand_for_every_split_that_they_read) {
  const Dataset& world = find_dataset("world");
  const Suite letters = find_suite("world_letters");
  const std::string test = digest(world, "test", {}), dev = digest(world, "dev", {});
  EXPECT_EQ(data_digest(letters, {{"shots", 0}}, {}), test);
  const std::string both = data_digest(letters, {{"shots", 5}}, {});
  EXPECT_EQ(both, sha256_hex("test " + test + "\ndev " + dev + "\n"));
  EXPECT_EQ(data_digest(find_suite("sparsity"), {{"top_k", 1}}, {}), test);  // asks 0-shot
  EXPECT_EQ(data_digest(find_suite("decode"), {{"batch", 1}, {"context", 1}}, {}), "");
}

}  // namespace
}  // namespace moe
