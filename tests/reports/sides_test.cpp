// What a word on the command line of compare means.
#include <gtest/gtest.h>

#include <string>

#include "harness/error.h"
#include "reports/compare.h"
#include "tests/reports/fixture.h"

namespace moe::testing {
namespace {

class Sides : public ::testing::Test {
 protected:
  void SetUp() override { fill(temporary_.store()); }
  TemporaryStore temporary_;
};

TEST_F(Sides, takes_a_target_by_number_or_spec) {
  const Store& store = temporary_.store();
  EXPECT_EQ(find_side(store, "#2").label, kDense);
  EXPECT_EQ(find_side(store, "synthetic:small-dense").id, 2);
  EXPECT_EQ(find_side(store, "3").label, kHostile) << "there is no run 3";
  EXPECT_TRUE(find_side(store, "2").is_run);
}

TEST_F(Sides, with_a_name_that_several_targets_have_lists_them) {
  const Store& store = temporary_.store();
  store.query(
      "INSERT INTO target SELECT 9, 'z', name, 'elsewhere/small', family, dtype, numerics, experts,"
      " experts_per_token, parameters_total, parameters_active, weight_bytes, facts FROM target "
      "WHERE id = 2");
  try {
    find_side(store, kDense);
    FAIL() << "no error";
  } catch (const Error& error) {
    for (const char* part : {"#2 (synthetic:small-dense)", "#9 (elsewhere/small)"})
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
  EXPECT_EQ(find_side(store, "elsewhere/small").label, std::string(kDense) + " #9");
}

TEST_F(Sides, of_something_unknown_says_what_there_is) {
  try {
    find_side(temporary_.store(), "typo");
    FAIL() << "no error";
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("typo"), std::string::npos);
    EXPECT_NE(message.find(kDense), std::string::npos);
    EXPECT_NE(message.find("2 runs"), std::string::npos);
  }
}

}  // namespace
}  // namespace moe::testing
