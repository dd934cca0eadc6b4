// What is read of this machine, process and build is at least possible.
#include "harness/machine.h"

#include <sched.h>
#include <gtest/gtest.h>

#include <limits>
#include <thread>
#include <nlohmann/json.hpp>

#include "harness/build_info.h"
#include "harness/clock.h"
#include "harness/error.h"
#include "harness/json_text.h"
#include "harness/memory.h"
#include "harness/outcome.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

TEST(machine, is_the_same_machine_when_asked_again) {
  const Environment first = this_machine(), again = this_machine();
  EXPECT_EQ(first.digest(), again.digest());
  EXPECT_FALSE(first.cpu.empty());
  EXPECT_GE(first.cores, 1);
  EXPECT_GT(first.memory_bytes, std::int64_t{1} << 28U);
  EXPECT_TRUE(nlohmann::json::parse(first.facts_json).is_object());
  Environment other = first;
  other.cores += 1;
  EXPECT_NE(other.digest(), first.digest());
}

TEST(memory, grows_with_what_is_touched) {
  reset_peak_resident();
  const std::int64_t before = peak_resident_bytes();
  std::vector<char> block(std::size_t{64} << 20U, 'x');
  EXPECT_GT(peak_resident_bytes(), before + (std::int64_t{32} << 20U));
  EXPECT_GT(available_bytes(), 0);
  EXPECT_LE(available_bytes(), usable_bytes());
  EXPECT_EQ(block.back(), 'x');
}

TEST(memory, is_told_in_three_digits) {
  EXPECT_EQ(text_of_bytes(0), "0 B");
  EXPECT_EQ(text_of_bytes(999), "999 B");
  EXPECT_EQ(text_of_bytes(1000), "1.00 kB");
  EXPECT_EQ(text_of_bytes(9'994), "9.99 kB");
  EXPECT_EQ(text_of_bytes(9'995), "10.0 kB");
  EXPECT_EQ(text_of_bytes(99'950), "100 kB");
  EXPECT_EQ(text_of_bytes(999'499'999), "999 MB");
  EXPECT_EQ(text_of_bytes(999'500'000), "1.00 GB");
  EXPECT_EQ(text_of_bytes(8'589'934'592), "8.59 GB");
  EXPECT_EQ(text_of_bytes(std::numeric_limits<std::int64_t>::max()), "9.22 EB");
  EXPECT_EQ(text_of_bytes(-4096), "-4.10 kB");
}

TEST(load_average, is_a_number_or_nothing) {
  const TemporaryFolder root;
  EXPECT_FALSE(load_average(root.path()));
  for (const char* nonsense : {"", "\n", "busy 1 2\n"}) {
    root.write("proc/loadavg", nonsense);
    EXPECT_FALSE(load_average(root.path())) << nonsense;
  }
  root.write("proc/loadavg", "1.25 0.50 0.10 2/300 4711\n");
  EXPECT_EQ(load_average(root.path()), 1.25);
}

// The load is that of the whole machine: a process that may use one processor of it judges it
// alike.
TEST(load_average, is_held_against_the_processors_of_the_whole_machine) {
  const std::int64_t processors = online_processors();
  const double half = 0.5 * static_cast<double>(processors);
  std::thread held([&] {
    cpu_set_t set;
    ASSERT_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
    int first = 0;
    while (!CPU_ISSET(first, &set)) ++first;
    CPU_ZERO(&set);
    CPU_SET(first, &set);
    ASSERT_EQ(sched_setaffinity(0, sizeof(set), &set), 0);
    EXPECT_EQ(this_machine().cores, 1);
    EXPECT_EQ(online_processors(), processors);
    EXPECT_FALSE(is_busy(half));
    EXPECT_TRUE(is_busy(half + 0.01));
  });
  held.join();
}

TEST(build_info, is_filled_in) {
  for (const std::string_view part :
       {build_info().version, build_info().commit, build_info().compiler, build_info().flags}) {
    EXPECT_FALSE(part.empty());
    EXPECT_NE(build_line().find(part), std::string::npos) << build_line();
  }
}

TEST(build_info, tells_two_programs_of_one_commit_apart) {
  EXPECT_EQ(build_id().size(), 40U) << "the linker's SHA-1";
  EXPECT_NE(build_line().find(build_id().substr(0, 16)), std::string::npos) << build_line();
}

TEST(build_info, says_what_makes_a_program_slower_than_the_machine) {
  for (const char* fast : {"Release -O3 -DNDEBUG", "RelWithDebInfo -O2 -g -DNDEBUG",
                           "Release -O0 -march=native -Ofast -DNDEBUG"})
    EXPECT_EQ(why_slow(fast), "") << fast;
  for (const char* plain : {"", "Debug -g", "Release -O3 -DNDEBUG -O0", "MinSizeRel -Os -DNDEBUG"})
    EXPECT_EQ(why_slow(plain), "not optimised") << plain;
  EXPECT_EQ(why_slow("Release -O3"), "checks its assertions");
  EXPECT_EQ(why_slow("Release -O3 -DNDEBUG -fsanitize=address"), "checks itself with sanitizers");
}

TEST(outcome, names_go_both_ways) {
  for (const Outcome outcome : {Outcome::ok, Outcome::wrong, Outcome::skipped,
                                Outcome::out_of_memory, Outcome::timed_out, Outcome::failed})
    EXPECT_EQ(outcome_of(name_of(outcome)), outcome);
  EXPECT_THROW(outcome_of("fine"), Error);
}

TEST(clock, goes_forward_and_says_when) {
  const double first = steady_seconds();
  EXPECT_LE(first, steady_seconds());
  const std::string now = utc_now();
  ASSERT_EQ(now.size(), std::string_view("2026-01-31T23:59:59.123Z").size()) << now;
  EXPECT_EQ(now.back(), 'Z');
  EXPECT_EQ(now[10], 'T');
}

TEST(json_text, that_nests_without_end_or_is_none_is_refused_by_its_place) {
  EXPECT_EQ(read_json("[[1]]", "a.json").dump(), "[[1]]");
  for (const std::string& text : {std::string(100'000, '['), std::string("{"), std::string("")}) {
    try {
      read_json(text, "a.json");
      FAIL() << text.substr(0, 20);
    } catch (const Error& error) {
      EXPECT_NE(std::string_view(error.what()).find("a.json"), std::string_view::npos);
    }
  }
}

}  // namespace
}  // namespace moe
