// kill -9 at any moment: the file stays whole, and at most the last second is lost.
#include <signal.h>
#include <unistd.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <thread>

#include "harness/clock.h"
#include "results/recorder.h"
#include "tests/results/plans.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

using testing::cell;
using testing::document_of;
using testing::in_child;
using testing::plan_of;
using testing::wait_for;

/// Records documents for ever; how many were sent, and when, is written down beside the store.
void write_for_ever(const std::filesystem::path& file, const std::filesystem::path& sent) {
  Store store(file);
  Recorder run(store, plan_of());
  const std::int64_t launch = run.begin_launch("t0", 0);
  std::ofstream notes(sent, std::ios::binary);
  for (std::int64_t i = static_cast<std::int64_t>(run.done("c0").size());; ++i) {
    run.record(launch, document_of("c0", i, 0));
    notes << i << " " << fmt::format("{}", steady_seconds()) << '\n' << std::flush;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
}

/// How many documents had been sent a second before the last one was.
std::int64_t a_second_before_the_end(const std::filesystem::path& sent) {
  std::ifstream in(sent);
  std::vector<std::pair<std::int64_t, double>> notes;
  for (std::string line; std::getline(in, line) && !in.eof();) {
    std::istringstream words(line);
    auto& [i, at] = notes.emplace_back();
    words >> i >> at;
  }
  std::int64_t sure = 0;
  for (const auto& [i, at] : notes) {
    if (at < notes.back().second - 1) sure = i + 1;
  }
  return sure;
}

TEST(kill, leaves_a_whole_file_and_loses_less_than_a_second) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "a.sqlite";
  const auto sent = folder.path() / "sent.txt";
  std::mt19937 random(7);
  std::uniform_int_distribution<int> moment_ms(1, 60);
  for (int round = 0; round < 12; ++round) {
    const pid_t child = in_child([&] { write_for_ever(file, sent); });
    const int extra_ms = round % 4 == 3 ? 1600 : 0;  // long enough for something to be sure
    std::this_thread::sleep_for(std::chrono::milliseconds(moment_ms(random) * 8 + extra_ms));
    kill(child, SIGKILL);
    ASSERT_EQ(wait_for(child), 128 + SIGKILL);
    const Store store(file);
    EXPECT_EQ(cell(store, "PRAGMA integrity_check"), "ok") << "round " << round;
    EXPECT_EQ(cell(store, "SELECT count(*) FROM pragma_foreign_key_check"), "0");
    EXPECT_LE(std::stoi(cell(store, "SELECT count(*) FROM run")), 1) << "always carried on";
    if (extra_ms > 0) {
      const std::int64_t sure = a_second_before_the_end(sent);
      EXPECT_GT(sure, 0);
      EXPECT_GE(std::stoll(cell(store, "SELECT count(*) FROM document")), sure);
    }
  }
}

}  // namespace
}  // namespace moe
