// A checkpoint that comes with the program is found beside it, and in its sources.
#include "models/placement.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "models/bundled.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

/// With a $MOEBENCH_MODELS of the test's own.
class Bundled : public testing::Test {
 protected:
  Bundled() {
    if (const char* before = std::getenv("MOEBENCH_MODELS")) before_ = before;
    setenv("MOEBENCH_MODELS", (folder_.path() / "models").c_str(), 1);
  }
  ~Bundled() override {
    if (before_) {
      setenv("MOEBENCH_MODELS", before_->c_str(), 1);
    } else {
      unsetenv("MOEBENCH_MODELS");
    }
  }

  Target placed(std::map<std::string, std::string> keys = {}) const {
    Target target{.what = "card-of-it", .keys = std::move(keys), .name = {}, .directory = {}};
    place(target, cards_);
    return target;
  }

  TemporaryFolder folder_;
  std::optional<std::string> before_;
  std::vector<Card> cards_ = {read_card("card-of-it", "bundled = 'a-test-made-this'")};
};

TEST_F(Bundled, is_a_directory_under_its_cards_name) {
  folder_.write("models/a-test-made-this/config.json",
                required(bundled_config("demo-moe"), "no config demo-moe").dump());
  const Target target = placed();
  EXPECT_EQ(target.kind, TargetKind::directory);
  EXPECT_EQ(target.name, "card-of-it");
  EXPECT_EQ(target.directory, folder_.path() / "models/a-test-made-this");
  const Target named = resolve_target(target.directory.string());
  EXPECT_EQ(identity_of(target, "w"), identity_of(named, "w")) << "what it is, not where";
}

TEST_F(Bundled, has_no_revision) {
  const std::string message = message_of<Error>([&] { placed({{"revision", "main"}}); });
  EXPECT_NE(message.find("revision=main: what comes with the program has none"), std::string::npos)
      << message;
}

TEST_F(Bundled, that_is_nowhere_says_where_it_was_looked_for) {
  const std::string message = message_of<Error>([&] { placed(); });
  EXPECT_TRUE(message.starts_with("target card-of-it: ")) << message;
  for (const fs::path& place : bundled_places(fs::read_symlink("/proc/self/exe").parent_path())) {
    EXPECT_NE(message.find((place / "a-test-made-this").string()), std::string::npos) << message;
  }
}

TEST_F(Bundled, is_looked_for_in_the_variable_beside_the_program_and_in_the_sources) {
  const std::vector<fs::path> places = bundled_places("/opt/moebench/bin");
  EXPECT_EQ(places,
            (std::vector<fs::path>{folder_.path() / "models", "/opt/moebench/share/moebench/models",
                                   fs::path(MOE_SOURCE_DIR) / "models/bundled"}));
  setenv("MOEBENCH_MODELS", "", 1);
  EXPECT_EQ(bundled_places("/bin").size(), 2U);
}

TEST_F(Bundled, is_the_first_that_is_found) {
  const fs::path a = folder_.path() / "a", b = folder_.path() / "b", c = folder_.path() / "c";
  folder_.write("a/x/README.md", "no checkpoint");
  folder_.write("b/x/config.json", "{}");
  folder_.write("c/x/config.json", "{}");
  EXPECT_EQ(find_bundled("x", std::vector{a, b, c}), b / "x");
  EXPECT_EQ(find_bundled("x", std::vector{c, b}), c / "x");
  EXPECT_THROW(find_bundled("x", std::vector{a}), Error);
}

}  // namespace
}  // namespace moe
