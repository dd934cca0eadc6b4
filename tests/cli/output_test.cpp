// What the program writes, to standard output and to files: all of it, or a word that it is not.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/cli/program.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

/// What a shell ends with, in this folder.
int shell(const std::filesystem::path& folder, const std::string& command) {
  const std::string all = "cd " + folder.string() + " && " + command;
  // NOLINTNEXTLINE(concurrency-mt-unsafe,bugprone-command-processor): a test's own
  return WEXITSTATUS(std::system(all.c_str()));
}

/// A store with one run of a mixture whose name is all digits.
class Output : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::copy_file(write_tiny_config(folder_.path()), folder_.path() / "7.json");
    const Ran ran = moebench({"run", "world", "memory", "--target", "synthetic:7.json", "--limit",
                              "1", "--db", "a.sqlite"},
                             folder_.path());
    ASSERT_EQ(ran.code, 0) << ran.err;
  }

  Ran run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--db", "a.sqlite"});
    return moebench(arguments, folder_.path());
  }

  /// Runs with standard output on a full disk; the exit code, what was said in err.txt.
  int run_into_full(const std::string& arguments) const {
    return shell(folder_.path(),
                 MOE_BINARY_DIR "/moebench " + arguments + " > /dev/full 2> err.txt");
  }

  const TemporaryFolder folder_;
};

TEST_F(Output, that_does_not_arrive_is_an_error) {
  for (const char* verb : {"list suites", "--help", "run --help", "export samples --db a.sqlite",
                           "report run --db a.sqlite", "sql 'SELECT 1' --db a.sqlite"}) {
    EXPECT_EQ(run_into_full(verb), 1) << verb;
    const std::string said = text_of(folder_.path() / "err.txt");
    // Why is not known any more where a write before the last one failed.
    EXPECT_NE(said.find("standard output could not be written: "), std::string::npos)
        << verb << ": " << said;
    EXPECT_EQ(said.find("defect"), std::string::npos) << said;
  }
}

TEST_F(Output, of_an_export_that_fails_leaves_the_file_as_it_was) {
  folder_.write("good.jsonl", "good\n");
  const auto export_run = [&](const std::string& number, const std::string& out) {
    return run({"export", "samples", "--run", number, "--out", out});
  };
  EXPECT_EQ(export_run("99", "good.jsonl").code, 2);
  EXPECT_EQ(text_of(folder_.path() / "good.jsonl"), "good\n");
  EXPECT_EQ(export_run("1", "/dev/full").code, 2);
  EXPECT_EQ(export_run("1", "no/such/folder.jsonl").code, 2);
  std::filesystem::create_symlink("good.jsonl", folder_.path() / "link.jsonl");
  EXPECT_EQ(export_run("1", "link.jsonl").code, 0);
  EXPECT_TRUE(text_of(folder_.path() / "good.jsonl").starts_with("{\"kind\":\"run\""));
  EXPECT_TRUE(std::filesystem::is_symlink(folder_.path() / "link.jsonl"));
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
    EXPECT_EQ(entry.path().string().find(".part-"), std::string::npos) << entry.path();
}

TEST_F(Output, to_nobody_ends_nothing) {
  for (const char* closed : {">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", ">/dev/full 2>/dev/full"}) {
    const auto run = [&](const std::string& arguments) {
      return shell(folder_.path(), MOE_BINARY_DIR "/moebench " + arguments + " " + closed +
                                       (std::string_view(closed) == "2>&-" ? " >out.txt" : ""));
    };
    const int expected = std::string_view(closed) == "2>&-" ? 0 : 1;
    EXPECT_EQ(run("list suites"), expected) << closed;
    EXPECT_EQ(run("sql 'SELECT 1' --db a.sqlite"), expected) << closed;
    EXPECT_EQ(run("dance"), 2) << closed;
  }
}

TEST_F(Output, to_a_reader_of_errors_who_has_gone_ends_nothing) {
  const std::string command =
      "( { sleep 0.3; " MOE_BINARY_DIR
      "/moebench run memory --target synthetic:7.json --db b.sqlite >out.txt; echo $? >code.txt; } "
      "2>&1 1>&3 | true ) 3>&1";
  shell(folder_.path(), command);
  EXPECT_EQ(text_of(folder_.path() / "code.txt"), "0\n");
  EXPECT_NE(text_of(folder_.path() / "out.txt").find("cases are ok"), std::string::npos);
}

TEST_F(Output, over_a_store_is_refused) {
  const std::string before = text_of(folder_.path() / "a.sqlite");
  for (const auto& verb : {std::vector<std::string>{"report", "run", "--format", "md"},
                           std::vector<std::string>{"export", "samples", "--run", "1"}}) {
    std::vector<std::string> arguments = verb;
    arguments.insert(arguments.end(), {"--out", "a.sqlite"});
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.code, 2);
    EXPECT_NE(ran.err.find("a.sqlite: is an SQLite database"), std::string::npos) << ran.err;
    EXPECT_EQ(text_of(folder_.path() / "a.sqlite"), before);
  }
}

TEST_F(Output, of_a_target_by_another_spelling_is_of_the_same) {
  std::filesystem::create_directory_symlink(".", folder_.path() / "here");
  for (const char* spelling : {"7", "synthetic:7.json", "synthetic:here/7.json", "#1"}) {
    const Ran ran = run({"compare", spelling, "#1"});
    EXPECT_EQ(ran.code, 0) << spelling << ": " << ran.err;
  }
  EXPECT_EQ(run({"compare", "synthetic:demo-dense", "#1"}).code, 2) << "never measured";
}

TEST_F(Output, of_a_report_is_asked_for_in_any_order) {
  const Ran plain = run({"report", "run", "--run", "1", "--parts", "0", "--format", "csv"});
  ASSERT_EQ(plain.code, 0) << plain.err;
  const std::vector<std::vector<std::string>> same = {
      {"report", "--format", "csv", "run", "--run", "1", "--parts", "0"},
      {"report", "--run", "1", "--parts=0", "-f", "csv", "run"},
      {"report", "-fcsv", "--parts", "0", "run", "--run=1"}};
  for (const auto& arguments : same) {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.out, plain.out);
  }
}

TEST_F(Output, of_a_report_on_a_target_whose_name_is_a_number) {
  const Ran ran = run({"report", "--format", "html", "pair", "--moe", "7", "--dense", "7"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  folder_.write("mine.md",
                "---\ntitle: Mine\nsummary: mine\nparameter name: a target\nknown name: SELECT "
                "name FROM target\n---\n```sql table Named\n-- else: none\nSELECT typeof(:name) AS "
                "kind\n```\n");
  const Ran mine = run({"report", "mine.md", "--name", "7"});
  EXPECT_EQ(mine.code, 0) << mine.err;
  EXPECT_NE(mine.out.find("text"), std::string::npos) << mine.out;
}

}  // namespace
}  // namespace moe
