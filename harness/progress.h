// Progress of a run as text: a bar on a terminal, plain lines elsewhere. It writes where it is told
// to, and is for one thread.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "harness/clock.h"

namespace moe {

class ProgressBar {
 public:
  /// `live`: `out` is a terminal of `columns` columns. A log gets a line a case and one every 10 s.
  ProgressBar(std::FILE* out, bool live, int columns, Clock clock = steady_seconds);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void begin_case(std::string label, std::int64_t number, std::int64_t of);
  void update(std::int64_t done, std::int64_t total, const std::string& unit);
  void end_case(const std::string& outcome);
  /// A line of text above the bar.
  void say(const std::string& text);

  /// The state as one line, with the rate of late and the time left at that rate, once two updates
  /// gave one; what a resumed case had done before does not count: "[2/7] mmlu on demo-moe ████░░░░
  /// 52 %  1,200 of 2,280 questions, 310/s, 3 s left".
  std::string line() const;

 private:
  /// Work per second since the first update of a case, a mean in which what is long ago fades.
  struct Pace {
    bool started = false;
    std::int64_t done = 0;  // when last counted
    double at_s = 0;        // then
    double sum = 0, weight = 0;
    void add(std::int64_t now_done, double now_s);
    double rate() const { return sum / weight; }
  };

  void draw();
  void clear();

  std::FILE* out_;
  bool live_;
  int columns_;
  Clock clock_;
  std::string label_, unit_;
  std::int64_t number_ = 0, of_ = 0, done_ = 0, total_ = 0;
  double began_s_ = 0, drawn_s_ = 0;
  bool drawn_ = false;
  Pace pace_;
};

/// A bar on stderr, live when that is a terminal.
ProgressBar stderr_progress();

}  // namespace moe
