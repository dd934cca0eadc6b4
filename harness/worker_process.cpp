#include "harness/worker_process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/writable_pipe.hpp>
#include <boost/asio/write.hpp>
#include <boost/process/v2/environment.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/process/v2/stdio.hpp>
#include <memory>

#include "harness/broken_pipe.h"
#include "harness/child.h"
#include "harness/clock.h"
#include "harness/error.h"
#include "harness/greeting.h"
#include "harness/memory.h"
#include "harness/worker_stream.h"

namespace moe {
namespace {

namespace asio = boost::asio;
namespace process = boost::process::v2;
using Failure = boost::system::error_code;

constexpr std::size_t kLongestLine = std::size_t{64} << 20U;  // bytes; no event of ours is longer
constexpr std::size_t kLongestWords = std::size_t{1} << 16U;  // bytes of a line to people
constexpr double kGrace_s = 2;                                // between asking and killing

}  // namespace

class WorkerProcess::Impl {
 public:
  Impl(const std::vector<std::string>& command, const WorkerLimits& limits,
       const WorkerListener& listener)
      : limits_(limits),
        listener_(listener),
        child_(
            context_, command.at(0), std::vector<std::string>(command.begin() + 1, command.end()),
            process::process_stdio{in_, out_.pipe, err_.pipe},
            process::process_environment(environment_of_worker()), ChildSetup{.parent = getpid()}) {
  }

  ~Impl() { kill_group(SIGKILL); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void listen() {
    out_.listen([this] { read_events(); });
    err_.listen([this] { read_words(); });
  }

  bool run(const Job& job) {
    const BrokenPipesReported no_signal;
    heard_ = steady_seconds();
    check_limits();  // an interrupt that came while it waited
    if (how_ != WorkerHow::done) return false;
    has_job_ = is_writing_ = true;
    line_ = to_line(job) + "\n";
    asio::async_write(in_, asio::buffer(line_), [this](const Failure&, std::size_t) {
      is_writing_ = false;  // a worker that is gone shows below
    });
    while (has_job_ && goes_on()) {
    }
    return !has_job_;
  }

  WorkerEnd end() {
    const BrokenPipesReported no_signal;
    heard_ = has_job_ ? heard_ : steady_seconds();
    if (!has_job_) in_.close();
    while (goes_on()) {
    }
    if (how_ == WorkerHow::interrupted) ask_to_end();
    kill_group(SIGKILL);  // also what the worker left behind, which may hold the pipes open
    drain(context_, out_, err_);
    return ending();
  }

 private:
  bool goes_on() {
    if (how_ != WorkerHow::done || !still_running(child_.id())) return false;
    turn(context_);
    if (listener_.tick) listener_.tick();
    check_limits();
    return true;
  }

  void read_events() {
    while (const auto line = out_.lines.next()) on_line(*line);
    if (!out_.open && out_.lines.pending() > 0) on_line(out_.lines.rest());
    if (out_.lines.pending() > kLongestLine) {
      out_.lines.rest();
      misspoke(fmt::format("the worker wrote a line of more than {} bytes", kLongestLine));
    }
  }

  void read_words() {
    const auto say = [&](const std::string& words) {
      if (listener_.stderr_line) listener_.stderr_line(words);
    };
    while (const auto line = err_.lines.next()) say(*line);
    const bool cut = !err_.open || err_.lines.pending() > kLongestWords;
    if (cut && err_.lines.pending() > 0) say(err_.lines.rest());
  }

  /// What the listener throws is not the worker's doing and passes through.
  void on_line(const std::string& line) {
    if (how_ == WorkerHow::bad_protocol) return;
    std::optional<Event> event;
    try {
      event = parse_event(line);
      if (!greeted_) check_greeting(*event);
      check_place(*event);
      if (listener_.check) listener_.check(*event);
    } catch (const Error& error) {
      misspoke(error.what());
      return;
    }
    greeted_ = true;
    if (std::holds_alternative<JobEnded>(*event)) {
      has_job_ = false;
      context_.stop();  // nothing is waited for
    }
    const bool progress = !listener_.is_progress || listener_.is_progress(*event);
    if (listener_.event) listener_.event(*event);
    if (progress) heard_ = steady_seconds();
  }

  /// A job is ended once and after it was read; without one there is nothing to tell.
  void check_place(const Event& event) const {
    if (std::holds_alternative<JobEnded>(event)) {
      require(has_job_ && !is_writing_, "the worker ended a job that it had not read");
    } else if (!std::holds_alternative<Hello>(event) && !std::holds_alternative<LogLine>(event)) {
      require(has_job_, "the worker speaks of work without a job: {}",
              to_line(event).substr(0, 120));
    }
  }

  void misspoke(const std::string& reason) {
    if (how_ == WorkerHow::done) stop(WorkerHow::bad_protocol, {Outcome::failed, reason});
  }

  void check_limits() {
    if (how_ != WorkerHow::done) return;
    if (limits_.interrupted != nullptr && limits_.interrupted->load()) {
      stop(WorkerHow::interrupted, {Outcome::failed, "interrupted"});
    } else if (steady_seconds() - heard_ > limits_.silence_s) {
      stop(WorkerHow::silent,
           {Outcome::timed_out, fmt::format("{} {:.3g} s", limits_.silence, limits_.silence_s)});
    }
  }

  void stop(WorkerHow how, Verdict verdict) {
    how_ = how;
    verdict_ = std::move(verdict);
  }

  void ask_to_end() {
    kill_group(SIGTERM);
    const double asked = steady_seconds();
    while (still_running(child_.id()) && steady_seconds() - asked < kGrace_s) turn(context_);
  }

  void kill_group(int signal) const {
    if (group_ > 0) kill(-group_, signal);
  }

  WorkerEnd ending() {
    Failure failure;
    child_.wait(failure);
    group_ = 0;
    const int status = child_.native_exit_code();
    const std::string exit =
        failure ? fmt::format("unknown: {}", failure.message()) : exit_text(status);
    if (how_ == WorkerHow::done && exit != "done") {
      const bool killed = !failure && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
      const bool for_memory = killed && out_of_memory_kills() > kills_before_;
      stop(WorkerHow::died,
           for_memory ? Verdict{Outcome::out_of_memory, "killed by the kernel for memory"}
                      : Verdict{Outcome::failed, fmt::format("the worker died: {}", exit)});
    }
    if (!greeted_) misspoke("the worker ended without a hello: is it a moebench worker?");
    return {how_, verdict_, exit};
  }

  const WorkerLimits& limits_;
  const WorkerListener& listener_;
  std::string line_;  // of the job, while it is written
  std::int64_t kills_before_ = out_of_memory_kills();
  asio::io_context context_;
  asio::writable_pipe in_{context_};
  WorkerStream out_{context_}, err_{context_};
  process::process child_;
  pid_t group_ = child_.id();
  bool greeted_ = false;
  bool has_job_ = false, is_writing_ = false;
  double heard_ = steady_seconds();  // the last progress
  WorkerHow how_ = WorkerHow::done;
  Verdict verdict_;
};

WorkerProcess::WorkerProcess(const std::vector<std::string>& command, const WorkerLimits& limits,
                             const WorkerListener& listener) {
  require(!command.empty(), "no command to start a worker with");
  let_children_be_waited_for();
  try {
    impl_ = std::make_unique<Impl>(command, limits, listener);
  } catch (const boost::system::system_error& error) {
    throw Error(fmt::format("cannot start the worker {}: {}", command.front(), error.what()),
                std::source_location::current());
  }
  impl_->listen();
}

WorkerProcess::~WorkerProcess() = default;

bool WorkerProcess::run(const Job& job) {
  return impl_->run(job);
}

WorkerEnd WorkerProcess::end() {
  return impl_->end();
}

WorkerEnd run_worker(const std::vector<std::string>& command, const Job& job,
                     const WorkerLimits& limits, const WorkerListener& listener) {
  WorkerProcess worker(command, limits, listener);
  worker.run(job);
  return worker.end();
}

}  // namespace moe
