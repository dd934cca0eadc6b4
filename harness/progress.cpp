#include "harness/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/broken_pipe.h"

namespace moe {
namespace {

constexpr int kBar = 20;             // cells
constexpr double kRedraw_s = 0.1;    // on a terminal
constexpr double kPlainLine_s = 10;  // in a log
constexpr double kMemory_s = 30;     // of the rate: older work counts for less

std::string bar(double share) {
  const int full = std::clamp(static_cast<int>(std::lround(share * kBar)), 0, kBar);
  std::string out;
  for (int i = 0; i < kBar; ++i) out += i < full ? "█" : "░";
  return out;
}

std::string duration(double seconds) {
  const auto s = static_cast<std::int64_t>(std::ceil(seconds));
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {:02} s", s / 60, s % 60);
  return fmt::format("{} h {:02} min", s / 3600, s % 3600 / 60);
}

/// The longest beginning of UTF-8 `text` that has at most `columns` code points.
std::string shortened(const std::string& text, int columns) {
  int points = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U) continue;
    if (points++ == columns) return text.substr(0, i);
  }
  return text;
}

/// Unlike fmt::print, silent where the terminal is gone: progress is no reason to end a run.
void put(std::FILE* out, const std::string& text) {
  const BrokenPipesReported no_signal;
  std::fputs(text.c_str(), out);
  std::fflush(out);
}

}  // namespace

ProgressBar::ProgressBar(std::FILE* out, bool live, int columns, Clock clock)
    : out_(out), live_(live), columns_(columns), clock_(std::move(clock)) {}

ProgressBar::~ProgressBar() {
  clear();
}

void ProgressBar::Pace::add(std::int64_t now_done, double now_s) {
  const double spent = now_s - at_s;
  if (spent <= 0) return;  // counted with the next
  const double keep = std::exp(-spent / kMemory_s);
  sum = sum * keep + (1 - keep) * static_cast<double>(now_done - done) / spent;
  weight = weight * keep + (1 - keep);
  done = now_done;
  at_s = now_s;
}

void ProgressBar::begin_case(std::string label, std::int64_t number, std::int64_t of) {
  label_ = std::move(label);
  number_ = number;
  of_ = of;
  done_ = total_ = 0;
  pace_ = {};
  unit_.clear();
  began_s_ = clock_();
  drawn_s_ = live_ ? 0 : began_s_;
  if (live_) draw();
}

void ProgressBar::update(std::int64_t done, std::int64_t total, const std::string& unit) {
  if (!pace_.started || done < pace_.done || unit != unit_) {
    pace_ = {.started = true, .done = done, .at_s = clock_()};
  } else {
    pace_.add(done, clock_());
  }
  done_ = done;
  total_ = total;
  unit_ = unit;
  if (clock_() - drawn_s_ >= (live_ ? kRedraw_s : kPlainLine_s)) draw();
}

void ProgressBar::end_case(const std::string& outcome) {
  clear();
  put(out_, fmt::format("[{}/{}] {}: {}, {}\n", number_, of_, label_, outcome,
                        duration(clock_() - began_s_)));
}

void ProgressBar::say(const std::string& text) {
  clear();
  put(out_, text + "\n");
}

std::string ProgressBar::line() const {
  std::string out = fmt::format("[{}/{}] {}", number_, of_, label_);
  if (total_ <= 0) return out;
  const double share = static_cast<double>(done_) / static_cast<double>(total_);
  out += fmt::format("  {} {:.0f} %  {} of {} {}", bar(share), 100 * share, done_, total_, unit_);
  if (pace_.weight > 0 && pace_.rate() > 0) {
    const double left = static_cast<double>(std::max<std::int64_t>(0, total_ - done_));
    out += fmt::format(", {:.3g}/s, {} left", pace_.rate(), duration(left / pace_.rate()));
  }
  return out;
}

void ProgressBar::draw() {
  clear();
  drawn_s_ = clock_();
  if (live_) {
    put(out_, shortened(line(), columns_ - 1));
    drawn_ = true;
  } else {
    put(out_, line() + "\n");
  }
}

void ProgressBar::clear() {
  if (!drawn_) return;
  const BrokenPipesReported no_signal;
  std::fputs("\r\x1b[K", out_);  // the destructor comes here: nothing that throws
  std::fflush(out_);
  drawn_ = false;
}

ProgressBar stderr_progress() {
  winsize size{};
  const bool live =
      isatty(STDERR_FILENO) != 0 && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return {stderr, live, live ? size.ws_col : 0};
}

}  // namespace moe
