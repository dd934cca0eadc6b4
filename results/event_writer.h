// Events as rows, through statements that are prepared once.
#pragma once

#include <optional>
#include <string>

#include "harness/event.h"
#include "results/connection.h"

namespace moe {

/// The key of the case an event is about; none for an event of the whole launch.
std::optional<std::string> case_key_of(const Event&);

/// False for what only moves a progress bar, and for the end of a case: whoever ends a case also
/// says how it went.
bool leaves_row(const Event&);

/// An event as it came: rows tell when something happened, not when it was written.
struct TimedEvent {
  std::int64_t launch = 0;
  std::int64_t case_run = 0;  // 0 where it is about no case
  std::string at;             // RFC 3339
  Event event;
};

class EventWriter {
 public:
  explicit EventWriter(Store&);

  /// Writes the row of one event. The same event again changes nothing.
  void write(std::int64_t run, const TimedEvent&);

 private:
  SQLite::Statement sample_, document_, answer_, routing_, started_, greeted_, loaded_, log_;
};

}  // namespace moe
