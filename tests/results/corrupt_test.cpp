// Broken files: an Error that names the file, or an answer; never a crash, never a hang.
#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "harness/clock.h"
#include "harness/error.h"
#include "results/export.h"
#include "results/recorder.h"
#include "tests/results/plans.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

using testing::answer_of;
using testing::document_of;
using testing::plan_of;

/// A whole store with one finished run of some hundred questions, as bytes.
std::string whole_store(const TemporaryFolder& folder) {
  const auto file = folder.path() / "whole.sqlite";
  {
    Store store(file);
    Recorder run(store, plan_of());
    const std::int64_t launch = run.begin_launch("t0", 0);
    for (std::int64_t i = 0; i < 300; ++i) {
      run.record(launch, document_of("c0", i, 2));
      for (std::int64_t choice = 0; choice < 2; ++choice)
        run.record(launch, answer_of("c0", i, choice));
      run.record(launch, Sample{"c0", "step_s", "", i, 0.5});
      run.write_metrics("c0", "quiz_a", i, R"({"acc":1.0})");
    }
    run.end_case("c0", {});
    run.end_launch(launch, "done");
  }
  return text_of(file);
}

void read_everything(const std::filesystem::path& file) {
  const Store store(file, Access::read_only);
  std::ostringstream out;
  export_samples(store, 1, {}, out);
}

void ask(const std::filesystem::path& file) {
  query_read_only(file, "SELECT * FROM result r JOIN newest n ON n.id = r.case_run");
  query_read_only(file, "SELECT count(*), sum(tokens) FROM routing");
}

void carry_on(const std::filesystem::path& file) {
  Store store(file);
  store.query("UPDATE run SET owner = ''");
  Recorder run(store, plan_of());
  const std::int64_t launch = run.begin_launch("t0", 1);
  run.record(launch, answer_of("c0", 1000, 0));
  run.stored("c0");
  run.done("c0");
  run.end_run();
}

/// Everything a program does with a store; how much of it went well.
int check_broken(const TemporaryFolder& folder, const std::string& bytes, int number) {
  const auto file = folder.write(fmt::format("broken{}.sqlite", number), bytes);
  const double began_s = steady_seconds();
  int went_well = 0;
  for (const auto& use : {read_everything, ask, carry_on}) {
    const std::string message = message_of<Error>([&] { use(file); });
    went_well += message.empty() ? 1 : 0;
    if (message.empty()) continue;
    EXPECT_NE(message.find(file.string()), std::string::npos) << number << ": " << message;
  }
  EXPECT_LT(steady_seconds() - began_s, 20) << number;
  return went_well;
}

TEST(broken_store, with_flipped_bits_is_an_error_or_an_answer) {
  const TemporaryFolder folder;
  const std::string whole = whole_store(folder);
  ASSERT_GT(whole.size(), 40000U);
  std::mt19937_64 random(3);
  int went_well = 0;
  for (int number = 0; number < 80; ++number) {
    std::string bytes = whole;
    const std::size_t reach = number % 2 == 0 ? bytes.size() : 4096;  // half in the first page
    const int flips = 1 << (number % 8);
    for (int i = 0; i < flips; ++i) {
      char& byte = bytes[random() % reach];
      byte = static_cast<char>(byte ^ static_cast<char>(1U << (random() % 8)));
    }
    went_well += check_broken(folder, bytes, number);
  }
  EXPECT_GT(went_well, 40) << "not every flip is seen, and the rest is to be read";
  EXPECT_LT(went_well, 200) << "and many are";
}

TEST(broken_store, cut_short_is_an_error_or_an_answer) {
  const TemporaryFolder folder;
  const std::string whole = whole_store(folder);
  std::mt19937_64 random(5);
  for (int number = 0; number < 30; ++number)
    check_broken(folder, whole.substr(0, random() % whole.size()), number);
}

TEST(broken_store, with_broken_cells_is_an_error_that_names_the_file) {
  const TemporaryFolder folder;
  whole_store(folder);
  const auto file = folder.path() / "whole.sqlite";
  {
    const Store store(file);
    store.query("PRAGMA ignore_check_constraints = ON");
    store.query("UPDATE document SET metrics = 'no json' WHERE document = 3");
  }
  std::ostringstream out;
  const std::string message =
      message_of<Error>([&] { export_samples(Store(file, Access::read_only), 1, {}, out); });
  EXPECT_NE(message.find(file.string()), std::string::npos) << message;
}

}  // namespace
}  // namespace moe
