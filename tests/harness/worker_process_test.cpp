// Parents and workers that misbehave.
#include "harness/worker_process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "harness/clock.h"
#include "harness/error.h"

namespace moe {
namespace {

struct Heard {
  WorkerEnd end;
  std::vector<Event> events;
  std::vector<std::string> words;
  double took_s = 0;
};

Heard hear(const std::string& mode, const WorkerLimits& limits = {.silence_s = 20},
           const Job& job = {}) {
  Heard heard;
  const double began = steady_seconds();
  heard.end =
      run_worker({MOE_FAKE_WORKER, mode}, job, limits,
                 {.event = [&](const Event& event) { heard.events.push_back(event); },
                  .stderr_line = [&](const std::string& line) { heard.words.push_back(line); },
                  .tick = {}});
  heard.took_s = steady_seconds() - began;
  return heard;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

bool is_running(pid_t process) {
  std::ifstream in("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  std::getline(in, line);
  return !line.empty() && line.find(") Z ") == std::string::npos;
}

/// Whether it is gone within a few seconds.
bool ends(pid_t process) {
  for (int i = 0; i < 200 && is_running(process); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return !is_running(process);
}

TEST(worker, that_does_its_work_is_done) {
  const Heard heard = hear("good");
  EXPECT_EQ(heard.end.how, WorkerHow::done);
  EXPECT_EQ(heard.end.exit, "done");
  ASSERT_EQ(heard.events.size(), 1U);
  EXPECT_EQ(std::get<Hello>(heard.events[0]).build, "fake");
}

TEST(worker, gets_its_job_whole) {
  const std::string target(200'000, 't');  // more than a pipe holds
  const Heard heard =
      hear("echo", {.silence_s = 20}, Job{.target = target, .data_root = {}, .cases = {}});
  ASSERT_EQ(heard.events.size(), 2U);
  EXPECT_EQ(std::get<LogLine>(heard.events[1]).text, target);
}

TEST(worker, that_exits_with_a_code_died_of_it) {
  const Heard heard = hear("exit_3");
  EXPECT_EQ(heard.end.how, WorkerHow::died);
  EXPECT_EQ(heard.end.verdict.outcome, Outcome::failed);
  EXPECT_TRUE(has(heard.end.verdict.reason, "exit code 3")) << heard.end.verdict.reason;
}

TEST(worker, that_is_killed_died_of_the_signal) {
  for (const auto& [mode, words] :
       {std::pair("segfault", "signal 11"), std::pair("killed", "signal 9")}) {
    const Heard heard = hear(mode);
    EXPECT_EQ(heard.end.how, WorkerHow::died);
    EXPECT_TRUE(has(heard.end.exit, words)) << heard.end.exit;
    EXPECT_TRUE(has(heard.end.verdict.reason, words)) << heard.end.verdict.reason;
  }
}

TEST(worker, that_hangs_is_killed_after_its_silence) {
  const Heard heard = hear("hang", {.silence_s = 0.3});
  EXPECT_EQ(heard.end.how, WorkerHow::silent);
  EXPECT_EQ(heard.end.verdict.outcome, Outcome::timed_out);
  EXPECT_GE(heard.took_s, 0.3);
  EXPECT_LT(heard.took_s, 10);
}

TEST(worker, that_only_talks_to_people_is_silent) {
  const Heard heard = hear("chatty", {.silence_s = 0.4});
  EXPECT_EQ(heard.end.how, WorkerHow::silent);
  ASSERT_FALSE(heard.words.empty());
  EXPECT_EQ(heard.words[0], "still alive 0");
}

TEST(worker, that_speaks_wrongly_is_stopped_and_quoted) {
  for (const auto& [mode, words] :
       {std::pair("garbage", "never heard of"), std::pair("no_json", "not really"),
        std::pair("unfinished_line", "event"), std::pair("other_protocol", "999"),
        std::pair("no_hello", "hello"), std::pair("huge_line", "bytes")}) {
    const Heard heard = hear(mode);
    EXPECT_EQ(heard.end.how, WorkerHow::bad_protocol) << mode;
    EXPECT_EQ(heard.end.verdict.outcome, Outcome::failed) << mode;
    EXPECT_TRUE(has(heard.end.verdict.reason, words)) << mode << ": " << heard.end.verdict.reason;
    EXPECT_LT(heard.took_s, 15) << mode;
  }
}

TEST(worker, with_a_child_that_holds_its_output_is_not_waited_for) {
  for (const char* mode : {"child", "child_and_death"}) {
    const Heard heard = hear(mode);
    EXPECT_EQ(heard.end.how, mode == std::string("child") ? WorkerHow::done : WorkerHow::died)
        << mode;
    EXPECT_LT(heard.took_s, 10) << mode;
    ASSERT_EQ(heard.words.size(), 1U) << mode;
    EXPECT_TRUE(ends(std::stoi(heard.words[0]))) << mode << ": the child is left";
  }
}

TEST(worker, that_never_reads_its_job_is_no_end_of_the_parent) {
  const Heard heard =
      hear("deaf", {.silence_s = 20},
           Job{.target = std::string(1'000'000, 't'), .data_root = {}, .cases = {}});
  EXPECT_EQ(heard.end.how, WorkerHow::done);
}

TEST(worker, is_asked_to_end_and_then_killed_when_the_run_is_interrupted) {
  for (const char* mode : {"hang", "stubborn"}) {
    std::atomic<bool> interrupted{false};
    const double began = steady_seconds();
    const WorkerEnd end = run_worker(
        {MOE_FAKE_WORKER, mode}, {}, {.silence_s = 20, .interrupted = &interrupted},
        {.event = [&](const Event&) { interrupted = true; }, .stderr_line = {}, .tick = {}});
    EXPECT_EQ(end.how, WorkerHow::interrupted) << mode;
    EXPECT_TRUE(has(end.exit, mode == std::string("hang") ? "signal 15" : "signal 9")) << end.exit;
    EXPECT_LT(steady_seconds() - began, 10) << mode;
  }
}

Job job_of(const std::string& target) {
  return {.target = target, .data_root = {}, .cases = {}};
}

TEST(worker, that_waits_does_one_job_after_another) {
  WorkerLimits limits{.silence_s = 20};
  std::string first_heard, second_heard;
  const auto into = [](std::string& heard) {
    return WorkerListener{.event =
                              [&heard](const Event& event) {
                                if (const auto* log = std::get_if<LogLine>(&event))
                                  heard += log->text + " ";
                              },
                          .stderr_line = {},
                          .tick = {}};
  };
  const WorkerListener to_first = into(first_heard), to_second = into(second_heard);
  WorkerProcess first({MOE_FAKE_WORKER, "patient"}, limits, to_first);
  WorkerProcess second({MOE_FAKE_WORKER, "patient"}, limits, to_second);
  for (const char* job : {"a", "b", "c"}) {  // by turns, and each waits longer than a job may
    EXPECT_TRUE(first.run(job_of(job)));
    EXPECT_TRUE(second.run(job_of(std::string(job) + job)));
    limits.silence_s = 2;
    std::this_thread::sleep_for(std::chrono::milliseconds(2200));
  }
  EXPECT_EQ(first_heard, "a b c ");
  EXPECT_EQ(second_heard, "aa bb cc ");
  EXPECT_EQ(first.end().how, WorkerHow::done);
  EXPECT_EQ(second.end().exit, "done");
}

TEST(worker, that_died_while_it_waited_takes_no_job) {
  std::string process;
  const WorkerLimits limits{.silence_s = 20};
  const WorkerListener listener{
      .event = {}, .stderr_line = [&](const std::string& line) { process = line; }, .tick = {}};
  WorkerProcess worker(
      {"/bin/sh", "-c", std::string("echo $$ >&2; exec \"") + MOE_FAKE_WORKER + "\" patient"},
      limits, listener);
  ASSERT_TRUE(worker.run(job_of("a")));
  kill(std::stoi(process), SIGKILL);
  EXPECT_FALSE(worker.run(job_of("b")));
  const WorkerEnd end = worker.end();
  EXPECT_EQ(end.how, WorkerHow::died);
  EXPECT_TRUE(has(end.exit, "signal 9")) << end.exit;
}

TEST(worker, that_waits_takes_no_job_once_the_run_is_interrupted) {
  std::atomic<bool> interrupted{false};
  std::string heard;
  const WorkerLimits limits{.silence_s = 20, .interrupted = &interrupted};
  const WorkerListener listener{.event =
                                    [&](const Event& event) {
                                      if (const auto* log = std::get_if<LogLine>(&event))
                                        heard += log->text;
                                    },
                                .stderr_line = {},
                                .tick = {}};
  WorkerProcess worker({MOE_FAKE_WORKER, "patient"}, limits, listener);
  EXPECT_TRUE(worker.run(job_of("a")));
  interrupted = true;
  EXPECT_FALSE(worker.run(job_of("b")));
  EXPECT_EQ(worker.end().how, WorkerHow::interrupted);
  EXPECT_EQ(heard, "a");
}

TEST(worker, that_speaks_without_a_job_misspeaks) {
  const WorkerLimits limits{.silence_s = 20};
  const WorkerListener listener;
  WorkerProcess worker({MOE_FAKE_WORKER, "talkative"}, limits, listener);
  EXPECT_TRUE(worker.run(job_of("a")));
  const WorkerEnd end = worker.end();
  EXPECT_EQ(end.how, WorkerHow::bad_protocol);
  EXPECT_TRUE(has(end.verdict.reason, "without a job")) << end.verdict.reason;
}

TEST(worker, that_ends_a_job_it_has_not_read_misspeaks) {
  const WorkerLimits limits{.silence_s = 20};
  const WorkerListener listener;
  WorkerProcess worker({MOE_FAKE_WORKER, "hasty"}, limits, listener);
  EXPECT_FALSE(worker.run(job_of(std::string(1'000'000, 't'))));
  EXPECT_EQ(worker.end().how, WorkerHow::bad_protocol);
}

TEST(worker, is_stopped_by_what_the_listener_throws) {
  const double began = steady_seconds();
  EXPECT_THROW(run_worker({MOE_FAKE_WORKER, "hang"}, {}, {.silence_s = 20},
                          {.event = [](const Event&) { throw std::domain_error("disk full"); },
                           .stderr_line = {},
                           .tick = {}}),
               std::domain_error);
  EXPECT_LT(steady_seconds() - began, 10);
}

TEST(worker, whose_program_is_not_there_is_an_error_that_names_it) {
  try {
    run_worker({"/nowhere/moebench", "worker"}, {}, {}, {});
    FAIL() << "it started";
  } catch (const Error& error) {
    EXPECT_TRUE(has(error.what(), "/nowhere/moebench")) << error.what();
  }
  EXPECT_THROW(run_worker({}, {}, {}, {}), Error);
}

TEST(worker, ends_with_the_process_that_started_it) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t parent = fork();
  ASSERT_GE(parent, 0);
  if (parent == 0) {
    run_worker({"/bin/sh", "-c", std::string("echo $$ >&2; exec \"") + MOE_FAKE_WORKER + "\" hang"},
               {}, {.silence_s = 60},
               {.event = {},
                .stderr_line =
                    [&](const std::string& line) {
                      const pid_t worker = std::stoi(line);
                      [[maybe_unused]] const auto written =
                          write(pipe_ends[1], &worker, sizeof(worker));
                    },
                .tick = {}});
    _exit(0);
  }
  close(pipe_ends[1]);  // so that a failure of the child is an end of what it writes
  pid_t worker = 0;
  ASSERT_EQ(read(pipe_ends[0], &worker, sizeof(worker)), static_cast<ssize_t>(sizeof(worker)));
  EXPECT_TRUE(is_running(worker));
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  EXPECT_TRUE(ends(worker));
  close(pipe_ends[0]);
}

}  // namespace
}  // namespace moe
