// A worker that behaves as its first argument says: what a parent must survive.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>

#include "harness/event.h"

namespace {

using namespace std::chrono_literals;

void say(const moe::Event& event) {
  std::puts(moe::to_line(event).c_str());
  std::fflush(stdout);
}

[[noreturn]] void sleep_for_ever() {
  while (true) std::this_thread::sleep_for(1s);
}

/// A process of the worker's own that holds its standard output open for a minute.
void leave_a_child() {
  const pid_t child = fork();
  if (child == 0) {
    std::this_thread::sleep_for(60s);
    _exit(0);
  }
  std::fprintf(stderr, "%d\n", static_cast<int>(child));
}

void greet(const std::string& mode) {
  if (mode == "no_hello") return;
  say(moe::Hello{.protocol = mode == "other_protocol" ? 999 : moe::kProtocolVersion,
                 .build = "fake"});
}

int behave(const std::string& mode, const moe::Job& job) {
  if (mode == "echo") say(moe::LogLine{"info", job.target});
  if (mode == "spins") {
    const char* count = std::getenv("GOMP_SPINCOUNT");
    say(moe::LogLine{"info", count == nullptr ? "" : count});
  }
  if (mode == "exit_3") return 3;
  if (mode == "segfault") {
    signal(SIGSEGV, SIG_DFL);  // a sanitizer would explain it and exit
    raise(SIGSEGV);
  }
  if (mode == "killed") raise(SIGKILL);
  if (mode == "garbage") std::puts("{\"event\": \"never heard of\"}");
  if (mode == "no_json") std::puts("Segmentation fault (not really)");
  if (mode == "unfinished_line") std::fputs("{\"event\":", stdout);
  if (mode == "child") leave_a_child();
  if (mode == "child_and_death") {
    leave_a_child();
    raise(SIGKILL);
  }
  if (mode == "huge_line") {
    const std::string megabyte(1U << 20U, 'x');
    for (int i = 0; i < 80; ++i) std::fputs(megabyte.c_str(), stdout);
    std::fflush(stdout);
    sleep_for_ever();
  }
  if (mode == "hang" || mode == "stubborn") sleep_for_ever();
  if (mode == "chatty") {
    for (int i = 0;; ++i) {
      std::fprintf(stderr, "still alive %d\n", i);
      std::this_thread::sleep_for(20ms);
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "deaf") {  // never reads its job
    close(STDIN_FILENO);
    greet(mode);
    return 0;
  }
  std::string line;
  if (mode == "patient" || mode == "talkative") {
    greet(mode);
    while (std::getline(std::cin, line)) {
      say(moe::LogLine{"info", moe::parse_job(line).target});
      say(moe::JobEnded{});
      if (mode == "talkative") say(moe::Progress{"", 1, 2, "bytes"});
    }
    return 0;
  }
  if (mode == "hasty") {  // says that it has done what it has not read
    greet(mode);
    say(moe::JobEnded{});
    sleep_for_ever();
  }
  std::getline(std::cin, line);
  if (mode == "stubborn") signal(SIGTERM, SIG_IGN);  // before it can be asked to end
  greet(mode);
  const int code = behave(mode, moe::parse_job(line));
  std::fflush(stdout);
  return code;
}
