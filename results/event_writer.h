// Events as rows, through statements that are prepared once.
#pragma once

#include <functional>
#include <string>

#include "harness/event.h"
#include "results/connection.h"

namespace moe {

class EventWriter {
 public:
  explicit EventWriter(Store&);

  /// Writes one event of a launch; `case_run` gives the row of a case key.
  void write(std::int64_t run, std::int64_t launch, const Event&,
             const std::function<std::int64_t(const std::string&)>& case_run);

 private:
  SQLite::Statement sample_, document_, answer_, routing_, started_, loaded_, log_;
};

}  // namespace moe
