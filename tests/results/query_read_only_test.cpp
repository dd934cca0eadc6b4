// `moebench sql`: looks at everything, changes nothing.
#include <gtest/gtest.h>

#include "harness/error.h"
#include "results/store.h"
#include "tests/results/plans.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

class ReadOnly : public ::testing::Test {
 protected:
  ReadOnly() { const Store store(file_); }
  std::string error(const std::string& sql) const {
    return message_of<Error>([&] { query_read_only(file_, sql); });
  }

  const TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "a.sqlite";
};

TEST_F(ReadOnly, reads_tables_views_and_json) {
  EXPECT_EQ(query_read_only(file_, "SELECT count(*) AS n FROM result").columns.at(0), "n");
  EXPECT_EQ(query_read_only(file_, "SELECT value FROM json_each('[4, 5]')").rows.size(), 2U);
  EXPECT_EQ(query_read_only(file_,
                            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                            "WHERE i < 5) SELECT i FROM n")
                .rows.size(),
            5U);
  EXPECT_FALSE(query_read_only(file_, "PRAGMA table_info(run)").rows.empty());
  EXPECT_FALSE(query_read_only(file_, "SELECT name FROM pragma_table_info('run')").rows.empty());
  EXPECT_FALSE(query_read_only(file_, "EXPLAIN QUERY PLAN SELECT * FROM newest").rows.empty());
}

TEST_F(ReadOnly, takes_comments_and_semicolons_around_the_statement) {
  for (const std::string sql :
       {"SELECT 1;", "SELECT 1; ;\n", "SELECT 1 -- one", "SELECT 1; -- one\n",
        "-- one\n/* two */ SELECT 1; /* three */", ";;SELECT 1", "SELECT 1; /* open"})
    EXPECT_EQ(query_read_only(file_, sql).rows.size(), 1U) << sql;
}

TEST_F(ReadOnly, refuses_several_statements_and_none) {
  EXPECT_NE(error("SELECT 1; SELECT 2")
                .find("one statement at a time; found a second one: SELECT "
                      "2"),
            std::string::npos);
  EXPECT_NE(error("SELECT 1; nonsense").find("found a second one"), std::string::npos);
  EXPECT_NE(error("").find("an empty query"), std::string::npos);
  EXPECT_NE(error(" -- nothing").find("an empty query"), std::string::npos);
}

TEST_F(ReadOnly, refuses_whatever_is_more_than_reading) {
  const std::filesystem::path other = folder_.path() / "b.sqlite";
  const int before = Store(file_).schema_version();
  for (const std::string& sql : {std::string("DELETE FROM run"),
                                 std::string("INSERT INTO log (run) VALUES (1)"),
                                 std::string("CREATE TABLE x (y)"),
                                 std::string("CREATE TEMP TABLE x (y)"),
                                 std::string("DROP VIEW newest"),
                                 "ATTACH '" + other.string() + "' AS b",
                                 std::string("DETACH main"),
                                 "VACUUM INTO '" + other.string() + "'",
                                 std::string("VACUUM"),
                                 std::string("PRAGMA user_version = 9"),
                                 std::string("PRAGMA journal_mode = DELETE"),
                                 std::string("PRAGMA query_only = OFF"),
                                 std::string("PRAGMA writable_schema = ON"),
                                 std::string("BEGIN IMMEDIATE"),
                                 std::string("REINDEX"),
                                 std::string("ANALYZE"),
                                 std::string("EXPLAIN DELETE FROM run"),
                                 std::string("WITH x AS (SELECT 1) DELETE FROM run"),
                                 std::string("INSERT INTO sqlite_master VALUES (1, 2, 3, 4, 5)"),
                                 std::string("SELECT load_extension('x')"),
                                 std::string("PRAGMA wal_checkpoint(TRUNCATE)")}) {
    const std::string message = error(sql);
    EXPECT_NE(message.find("only statements that read are allowed"), std::string::npos)
        << sql << ": " << message;
    EXPECT_NE(message.find(file_.string()), std::string::npos) << message;
  }
  EXPECT_NE(error("UPDATE sqlite_master SET sql = ''"), "");
  EXPECT_FALSE(std::filesystem::exists(other));
  EXPECT_EQ(Store(file_).schema_version(), before);
}

TEST_F(ReadOnly, shows_the_file_and_the_beginning_of_a_long_query) {
  const std::string message =
      error("SELECT x\n  FROM nowhere WHERE x IN (" + std::string(5000, '1') + ")");
  EXPECT_NE(message.find(file_.string()), std::string::npos) << message;
  EXPECT_NE(message.find("no such table: nowhere"), std::string::npos) << message;
  EXPECT_NE(message.find("SELECT x FROM nowhere"), std::string::npos) << message;
  EXPECT_LT(message.size(), 500U);
}

TEST_F(ReadOnly, names_a_file_that_is_no_database) {
  const auto text = folder_.write("notes.txt", std::string(4096, 'x'));
  const std::string message = message_of<Error>([&] { query_read_only(text, "SELECT 1"); });
  EXPECT_NE(message.find(text.string()), std::string::npos) << message;
}

}  // namespace
}  // namespace moe
