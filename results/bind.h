// Values bound to a prepared statement in turn, for rows that come by the thousand.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cmath>

namespace moe {

/// SQLite has no NaN: what is not finite is null.
struct Real {
  double value;
};

inline void bind_one(SQLite::Statement& s, int index, const Real& real) {
  if (std::isfinite(real.value)) {
    s.bind(index, real.value);
  } else {
    s.bind(index);
  }
}

template <typename T>
void bind_one(SQLite::Statement& s, int index, const T& value) {
  s.bind(index, value);
}

/// Runs the statement with these values in place of its question marks.
template <typename... Values>
void run_with(SQLite::Statement& s, const Values&... values) {
  s.reset();
  int index = 0;
  (bind_one(s, ++index, values), ...);
  s.exec();
}

}  // namespace moe
