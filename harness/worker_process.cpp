#include "harness/worker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/readable_pipe.hpp>
#include <boost/asio/writable_pipe.hpp>
#include <boost/asio/write.hpp>
#include <boost/process/v2/process.hpp>
#include <boost/process/v2/stdio.hpp>
#include <chrono>
#include <memory>

#include "harness/clock.h"
#include "harness/error.h"
#include "harness/memory.h"

namespace moe {
namespace {

namespace asio = boost::asio;
namespace process = boost::process::v2;
using Failure = boost::system::error_code;

constexpr std::size_t kLongestLine = std::size_t{64}
                                     << 20U;  // bytes; a longer line is no event of ours
constexpr std::chrono::milliseconds kTick{50};
constexpr double kGrace_s = 2;  // between asking and killing

/// What the child does before it becomes the worker: a process group of its own, an end with its
/// parent, and the first place in the queue when memory runs out. Only calls that are safe after
/// fork.
struct ChildSetup {
  template <typename Launcher>
  Failure on_exec_setup(Launcher&, const process::filesystem::path&, const char* const*&) const {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file >= 0) {
      [[maybe_unused]] const auto written =
          write(file, "1000", 4);  // not permitted: the kernel chooses as it would
      close(file);
    }
    return {};
  }
};

/// Cuts a stream into lines.
class Lines {
 public:
  explicit Lines(std::function<void(std::string)> line) : line_(std::move(line)) {}

  void add(std::string_view bytes) {
    pending_.append(bytes);
    std::size_t begin = 0;
    for (std::size_t end = pending_.find('\n'); end != std::string::npos;
         end = pending_.find('\n', begin)) {
      line_(pending_.substr(begin, end - begin));
      begin = end + 1;
    }
    pending_.erase(0, begin);
    require(pending_.size() <= kLongestLine, "the worker wrote a line of more than {} bytes",
            kLongestLine);
  }

  void finish() {
    if (!pending_.empty()) line_(std::exchange(pending_, {}));
  }

 private:
  std::function<void(std::string)> line_;
  std::string pending_;
};

class Worker {
 public:
  Worker(const std::vector<std::string>& command, const Job& job, const WorkerLimits& limits,
         const WorkerListener& listener)
      : limits_(limits),
        listener_(listener),
        job_line_(to_line(job) + "\n"),
        child_(context_, command.at(0),
               std::vector<std::string>(command.begin() + 1, command.end()),
               process::process_stdio{in_, out_, err_}, ChildSetup{}) {}

  ~Worker() { kill_group(SIGKILL); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  WorkerEnd run() {
    asio::async_write(in_, asio::buffer(job_line_),
                      [](const Failure&, std::size_t) {});  // a worker that is gone shows below
    listen(out_, out_buffer_, out_lines_, out_open_);
    listen(err_, err_buffer_, err_lines_, err_open_);
    try {
      while (out_open_ || still_running()) {
        context_.restart();
        context_.run_for(kTick);
        if (listener_.tick) listener_.tick();
        if (!check_limits()) break;
      }
      drain_stderr();
    } catch (const Error& error) {
      stop(WorkerHow::bad_protocol, {Outcome::failed, error.what()});
    }
    return ending();
  }

 private:
  void listen(asio::readable_pipe& pipe, std::array<char, 1 << 16>& buffer, Lines& lines,
              bool& open) {
    pipe.async_read_some(asio::buffer(buffer), [&](const Failure& failure, std::size_t size) {
      if (size > 0) {
        lines.add({buffer.data(), size});
        heard_ = steady_seconds();
      }
      if (failure) {
        lines.finish();
        open = false;
      } else {
        listen(pipe, buffer, lines, open);
      }
    });
  }

  void on_line(const std::string& line) {
    const Event event = parse_event(line);
    if (!greeted_) {
      const Hello* hello = std::get_if<Hello>(&event);
      require(hello != nullptr, "the worker's first line is no hello: {}", line.substr(0, 120));
      require(hello->protocol == kProtocolVersion, "the worker speaks protocol {}, this program {}",
              hello->protocol, kProtocolVersion);
      greeted_ = true;
    }
    listener_.event(event);
  }

  bool still_running() {
    Failure failure;
    return child_.running(failure) && !failure;
  }

  /// False when the worker was stopped.
  bool check_limits() {
    if (limits_.interrupted != nullptr && limits_.interrupted->load()) {
      stop(WorkerHow::interrupted, {Outcome::failed, "interrupted"});
      return false;
    }
    if (steady_seconds() - heard_ > limits_.silence_s) {
      stop(WorkerHow::silent,
           {Outcome::timed_out, fmt::format("no sign of life for {:.0f} s", limits_.silence_s)});
      return false;
    }
    return still_running() || out_open_;
  }

  void stop(WorkerHow how, Verdict verdict) {
    how_ = how;
    verdict_ = std::move(verdict);
    if (how == WorkerHow::interrupted) {
      kill_group(SIGTERM);
      const double asked = steady_seconds();
      while (still_running() && steady_seconds() - asked < kGrace_s) {
        context_.restart();
        context_.run_for(kTick);
      }
    }
    kill_group(SIGKILL);
  }

  void drain_stderr() {
    const double ended = steady_seconds();
    while (err_open_ && steady_seconds() - ended < kGrace_s) {  // a grandchild may hold it open
      context_.restart();
      context_.run_for(kTick);
    }
  }

  void kill_group(int signal) {
    if (group_ > 0) kill(-group_, signal);
  }

  WorkerEnd ending() {
    kill_group(SIGKILL);
    Failure failure;
    child_.wait(failure);
    group_ = 0;
    const int status = child_.native_exit_code();
    std::string exit = "done";
    if (WIFSIGNALED(status)) {
      exit = fmt::format("killed by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
    } else if (WEXITSTATUS(status) != 0) {
      exit = fmt::format("exit code {}", WEXITSTATUS(status));
    }
    if (how_ == WorkerHow::done && exit != "done") {
      how_ = WorkerHow::died;
      const std::int64_t kills = out_of_memory_kills();
      const bool for_memory =
          WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && kills > kills_before_;
      verdict_ = for_memory ? Verdict{Outcome::out_of_memory, "killed by the kernel for memory"}
                            : Verdict{Outcome::failed, fmt::format("the worker died: {}", exit)};
    }
    return {how_, verdict_, exit};
  }

  const WorkerLimits& limits_;
  const WorkerListener& listener_;
  std::string job_line_;
  std::int64_t kills_before_ = out_of_memory_kills();
  asio::io_context context_;
  asio::writable_pipe in_{context_};
  asio::readable_pipe out_{context_}, err_{context_};
  process::process child_;
  pid_t group_ = child_.id();
  std::array<char, 1 << 16> out_buffer_{}, err_buffer_{};
  Lines out_lines_{[this](const std::string& line) { on_line(line); }};
  Lines err_lines_{[this](const std::string& line) { listener_.stderr_line(line); }};
  bool out_open_ = true, err_open_ = true, greeted_ = false;
  double heard_ = steady_seconds();
  WorkerHow how_ = WorkerHow::done;
  Verdict verdict_;
};

}  // namespace

WorkerEnd run_worker(const std::vector<std::string>& command, const Job& job,
                     const WorkerLimits& limits, const WorkerListener& listener) {
  require(!command.empty(), "no command to start a worker with");
  const auto worker = std::make_unique<Worker>(command, job, limits, listener);
  return worker->run();
}

}  // namespace moe
