#include "harness/durable_file.h"

#include <sys/resource.h>
#include <gtest/gtest.h>

#include <csignal>

#include "harness/error.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

std::ptrdiff_t entries(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

TEST(durable_file, holds_its_parts_in_turn_and_nothing_lies_beside_it) {
  const TemporaryFolder folder;
  const std::string one = "one, ", two, three = "three";
  const std::span<const std::byte> parts[] = {std::as_bytes(std::span(one)),
                                              std::as_bytes(std::span(two)),
                                              std::as_bytes(std::span(three))};
  write_durably(folder.path() / "a", parts);
  EXPECT_EQ(text_of(folder.path() / "a"), "one, three");
  write_durably(folder.path() / "a", "anew");
  EXPECT_EQ(text_of(folder.path() / "a"), "anew");
  EXPECT_EQ(entries(folder.path()), 1);
}

TEST(durable_file, a_place_that_cannot_be_written_is_named_and_stays_as_it_was) {
  const TemporaryFolder folder;
  const fs::path file = folder.write("file", "text"), under_file = file / "x",
                 absent = folder.path() / "absent/x", taken = folder.path() / "folder";
  fs::create_directories(taken / "full");
  for (const fs::path& place : {under_file, absent, taken}) {
    const std::string message = message_of<Error>([&] { write_durably(place, "anew"); });
    EXPECT_TRUE(message.starts_with(place.string() + ": cannot be written: ")) << message;
  }
  EXPECT_EQ(text_of(file), "text");
  EXPECT_EQ(entries(folder.path()), 2);
}

TEST(durable_file, of_a_full_disk_is_the_old_one) {
  const TemporaryFolder folder;
  const fs::path file = folder.write("file", "text");
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 1000, .rlim_max = before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string message =
      message_of<Error>([&] { write_durably(file, std::string(5000, 'x')); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(message, file.string() + ": cannot be written: File too large");
  EXPECT_EQ(text_of(file), "text");
  EXPECT_EQ(entries(folder.path()), 1);
}

}  // namespace
}  // namespace moe
