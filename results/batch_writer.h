// A run's rows, written in batches: events wait in memory for half a second at most, and each batch
// is one short transaction, so that several processes can write to one file.
#pragma once

#include <functional>
#include <vector>

#include "results/event_writer.h"

namespace moe {

class BatchWriter {
 public:
  /// `run` was begun, or taken over, by this process.
  BatchWriter(Store&, std::int64_t run);

  void add(TimedEvent);

  /// A write of any other kind that may wait as long.
  void add(std::function<void()> write);

  /// Writes when the oldest event has waited long enough, when many wait, or when the run's owner
  /// has given no sign of life for a while.
  void write_if_due();

  /// Everything that waits, then `work`, in one transaction. Where `work` throws, nothing is
  /// written and the rest still waits. Error where another process has taken the run over.
  void write(const std::function<void()>& work = {});

 private:
  Store& store_;
  std::int64_t run_;
  EventWriter events_;
  std::vector<std::function<void()>> waiting_;
  double oldest_s_ = 0;  // when the first of them came
  double beat_s_ = 0;    // when the last transaction was
};

}  // namespace moe
