// The schema: made at once, never edited after a release, never older than the program's.
#include <gtest/gtest.h>

#include <array>
#include <span>

#include "harness/embedded.h"
#include "harness/error.h"
#include "harness/sha256.h"
#include "results/connection.h"
#include "tests/results/plans.h"
#include "tests/temporary_folder.h"

namespace moe {

extern const std::span<const EmbeddedFile> kMigrations;

namespace {

using testing::cell;

// A migration that has run anywhere must stay as it was: a change is a new file, and a new line
// here.
constexpr std::array<std::string_view, 3> kReleased = {
    "4276bef1907b0fed3b4fe13c5a5ea8d373e19eb77456e5586730ae084c2beb9d",
    "57c2a9a7078e5e13fdb0fa6c51637232698bd83b0bce6fce2c2baf0683455b79",
    "a805ac956064eed4d926a2c103f1204743a188b8639bdde079515b4704c7842e"};
constexpr int kNewest = kReleased.size();

TEST(migrations, are_never_edited) {
  ASSERT_EQ(kMigrations.size(), kReleased.size());
  for (std::size_t i = 0; i < kReleased.size(); ++i)
    EXPECT_EQ(sha256_hex(kMigrations[i].text), kReleased[i]) << kMigrations[i].name;
}

TEST(migrations, make_every_table_of_a_fresh_file) {
  const TemporaryFolder folder;
  const Store store(folder.path() / "a.sqlite");
  EXPECT_EQ(store.schema_version(), kNewest);
  EXPECT_EQ(cell(store, "SELECT count(*) FROM sqlite_master WHERE type = 'table'"), "19");
  EXPECT_EQ(cell(store, "PRAGMA journal_mode"), "wal");
  EXPECT_EQ(cell(store, "PRAGMA foreign_keys"), "1");
  EXPECT_EQ(cell(store,
                 "SELECT group_concat(name) FROM pragma_table_list WHERE type = 'table' AND "
                 "strict = 0 AND name NOT LIKE 'sqlite_%'"),
            "")
      << "every table is strict";
}

TEST(migrations, leave_a_file_that_is_up_to_date_alone) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "a.sqlite";
  {
    const Store store(file);
  }
  const Store again(file);
  EXPECT_EQ(again.schema_version(), kNewest);
}

TEST(migrations, bring_an_older_file_up_to_date_and_keep_what_is_in_it) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "a.sqlite";
  {
    SQLite::Database db(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    db.exec(std::string(kMigrations[0].text));
    db.exec("PRAGMA user_version = 1");
    db.exec("INSERT INTO metric VALUES (7, 'step_s', 's', 0, 0)");
  }
  const std::string message =
      message_of<Error>([&] { const Store store(file, Access::read_only); });
  EXPECT_NE(message.find("has schema 1, this program reads"), std::string::npos) << message;
  const Store store(file);
  EXPECT_EQ(store.schema_version(), kNewest);
  EXPECT_EQ(cell(store, "SELECT id || name FROM metric"), "7step_s");
  EXPECT_EQ(cell(store, "SELECT count(*) FROM training_progress"), "0");
  EXPECT_EQ(cell(store, "PRAGMA integrity_check"), "ok");
}

TEST(migrations, refuse_a_newer_file) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "a.sqlite";
  {
    Store(file).connection().db.exec("PRAGMA user_version = 7");
  }
  for (const Access access : {Access::read_only, Access::read_write}) {
    const std::string message = message_of<Error>([&] { const Store store(file, access); });
    EXPECT_NE(message.find(fmt::format("has schema 7, newer than this program's {}", kNewest)),
              std::string::npos)
        << message;
    EXPECT_NE(message.find(file.string()), std::string::npos) << message;
  }
}

TEST(migrations, refuse_a_negative_version) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "a.sqlite";
  {
    Store(file).connection().db.exec("PRAGMA user_version = -3");
  }
  EXPECT_THROW(const Store store(file), Error);
}

TEST(store, refuses_a_database_of_another_program) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "a.sqlite";
  {
    SQLite::Database db(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    db.exec("CREATE TABLE theirs (x)");
  }
  EXPECT_NE(message_of<Error>([&] { const Store store(file); }).find("of another program"),
            std::string::npos);
}

TEST(store, keeps_types_and_references) {
  const TemporaryFolder folder;
  const Store store(folder.path() / "a.sqlite");
  EXPECT_THROW(store.query("INSERT INTO metric (name, unit, higher_is_better, deterministic) "
                           "VALUES ('x', 's', 'yes', 0)"),
               Error);
  EXPECT_THROW(store.query("INSERT INTO launch (run, target, number, started_at) VALUES (9, 9, 0, "
                           "'')"),
               Error);
}

TEST(store, names_the_file_that_is_missing) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "none.sqlite";
  const std::string message =
      message_of<Error>([&] { const Store store(file, Access::read_only); });
  EXPECT_EQ(message, file.string() + ": no such store");
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(store, is_one_statement_at_a_time) {
  const TemporaryFolder folder;
  const Store store(folder.path() / "a.sqlite");
  EXPECT_THROW(store.query("SELECT 1; DELETE FROM run"), Error);
  EXPECT_THROW(store.query("SELECT :x"), Error);
}

}  // namespace
}  // namespace moe
