#include "models/engine/pages.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "harness/error.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

TEST(pages, are_all_different_until_one_is_released) {
  Pages pages(3);
  const PageId a = pages.take(), b = pages.take(), c = pages.take();
  EXPECT_EQ((std::set{a, b, c}).size(), 3U);
  EXPECT_EQ(pages.free(), 0);
  pages.release(b);
  EXPECT_EQ(pages.take(), b);
}

TEST(pages, stay_as_long_as_anybody_holds_them) {
  Pages pages(1);
  const PageId page = pages.take();
  pages.hold(page);
  pages.release(page);
  EXPECT_EQ(pages.free(), 0);
  pages.release(page);
  EXPECT_EQ(pages.free(), 1);
}

TEST(pages, taking_one_too_many_names_how_many_there_are) {
  Pages pages(2);
  pages.take();
  pages.take();
  const std::string message = message_of<Error>([&] { pages.take(); });
  EXPECT_NE(message.find('2'), std::string::npos) << message;
}

TEST(pages, releasing_or_holding_a_free_page_is_an_error) {
  Pages pages(2);
  const PageId page = pages.take();
  pages.release(page);
  EXPECT_THROW(pages.release(page), Error);
  EXPECT_THROW(pages.hold(page), Error);
  EXPECT_THROW(pages.release(7), Error);
  EXPECT_THROW(pages.hold(-1), Error);
}

TEST(pages, count_as_a_plain_map_of_holders_does) {
  std::mt19937_64 random(3);
  Pages pages(9);
  std::map<PageId, int> holders;
  for (int round = 0; round < 3000; ++round) {
    const auto choice = random() % 3;
    if (choice == 0 && holders.size() < 9) {
      EXPECT_TRUE(holders.emplace(pages.take(), 1).second);
    } else if (!holders.empty()) {
      auto one = std::next(holders.begin(), static_cast<std::ptrdiff_t>(random() % holders.size()));
      if (choice == 1) {
        pages.hold(one->first);
        ++one->second;
      } else {
        pages.release(one->first);
        if (--one->second == 0) holders.erase(one);
      }
    }
    ASSERT_EQ(pages.free(), 9 - static_cast<std::int64_t>(holders.size()));
  }
}

}  // namespace
}  // namespace moe
