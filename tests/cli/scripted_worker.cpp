// A worker without a model: answers the questions of its cases and measures, as its first argument
// says how and when it goes wrong. The second is a folder that its processes share.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <string>
#include <thread>
#include <nlohmann/json.hpp>

#include "harness/event.h"

namespace {

constexpr std::int64_t kQuestions = 6;

void say(const moe::Event& event) {
  std::puts(moe::to_line(event).c_str());
  std::fflush(stdout);
}

[[noreturn]] void hang() {
  while (true) std::this_thread::sleep_for(std::chrono::seconds(1));
}

class Worker {
 public:
  Worker(std::string mode, const std::filesystem::path& folder)
      : mode_(std::move(mode)), folder_(folder) {
    while (std::filesystem::exists(folder_ / std::to_string(number_))) ++number_;
    std::ofstream(folder_ / std::to_string(number_)) << mode_;
  }

  int work(const moe::Job& job) {
    const bool first = number_ == 0;
    say(moe::Hello{.build = "scripted"});
    if (mode_ == "killed_loading" && first) raise(SIGKILL);
    if (mode_ == "hangs_loading") hang();
    if (mode_ == "other_target") say(moe::TargetLoaded{"another", 0});
    for (const moe::CaseJob& c : job.cases) {
      std::ofstream(folder_ / "done", std::ios::app) << c.done.size() << ' ';
      say(moe::CaseStarted{c.case_key});
      if (mode_ == "words") std::fputs("the disk is slow\n", stderr);
      if (mode_ == "kills_parent_in_launch_1" && job.launch == 1 && first_launch_1()) {
        measure(c, job.launch);
        std::this_thread::sleep_for(std::chrono::milliseconds(700));  // it is written by then
        kill(getppid(), SIGKILL);
        hang();
      }
      misbehave(c, first);
      if (asks(c)) answer(c);
      if (mode_ == "killed_measuring" && first) raise(SIGKILL);
      if (times(c)) measure(c, job.launch);
      say(moe::CaseEnded{c.case_key, verdict(first)});
    }
    return 0;
  }

 private:
  static bool asks(const moe::CaseJob& c) { return c.suite_name != "decode"; }
  static bool times(const moe::CaseJob& c) { return c.suite_name != "world"; }

  bool first_launch_1() const {
    const std::filesystem::path file = folder_ / "launch_1";
    if (std::filesystem::exists(file)) return false;
    std::ofstream(file) << number_;
    return true;
  }

  moe::Verdict verdict(bool first) const {
    if (mode_ == "too_large" && first) return {moe::Outcome::out_of_memory, "too large"};
    return {};
  }

  void misbehave(const moe::CaseJob& c, bool first) const {
    if (mode_ == "killed_at_once") raise(SIGKILL);
    if (mode_ == "hangs" && first) hang();
    if (mode_ == "ends_early" && first) std::exit(0);
    if (mode_ == "other_case" && first) say(moe::Progress{"another", 1, 2, "questions"});
    if (mode_ == "bad_facts" && first)
      say(moe::Document{c.case_key, "world_a", 0, "0", "not JSON"});
    if (mode_ == "strange_facts" && first)
      say(moe::Document{c.case_key, "world_a", 99, "no number", "{\"choices\":0}"});
  }

  void answer(const moe::CaseJob& c) const {
    std::set<std::int64_t> done;
    for (const auto& d : c.done) done.insert(d.document);
    std::int64_t now = 0;
    for (std::int64_t q = 0; q < kQuestions; ++q) {
      if (done.contains(q)) continue;
      say(moe::Document{c.case_key, "world_a", q, std::to_string(q % 2),
                        R"({"choices":2,"characters":[1,2]})"});
      if (mode_ == "forgets" && q + 1 == kQuestions) continue;
      for (std::int64_t choice = 0; choice < 2; ++choice) {
        say(moe::Answer{.case_key = c.case_key,
                        .task = "world_a",
                        .document = q,
                        .choice = choice,
                        .continuation = "",
                        .generated = "",
                        .log_likelihood = -1.0 - static_cast<double>((q * 3 + choice * 2) % 5),
                        .tokens_sha256 = "",
                        .prompt_sha256 = ""});
      }
      if (mode_ == "killed_again_and_again" && ++now == 2) raise(SIGKILL);
    }
  }

  static void measure(const moe::CaseJob& c, std::int64_t launch) {
    for (const std::string scope : {"", "prefill", "decode"}) {
      for (std::int64_t i = 0; i < 3; ++i) {
        const double seconds = 0.01 * static_cast<double>(1 + launch);
        say(moe::Sample{c.case_key, "step_s", scope, i, seconds});
        say(moe::Sample{c.case_key, "step_tokens", scope, i, 10});
      }
    }
  }

  std::string mode_;
  std::filesystem::path folder_;
  int number_ = 0;  // of this process
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  std::string line;
  std::getline(std::cin, line);
  return Worker(argv[1], argv[2]).work(moe::parse_job(line));
}
