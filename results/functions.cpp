#include "results/functions.h"

#include <array>
#include <cmath>
#include <exception>
#include <span>
#include <string>
#include <string_view>

#include "harness/error.h"
#include "harness/statistics.h"
#include "results/differences.h"

namespace moe {
namespace {

using Arguments = std::span<sqlite3_value*>;

std::int64_t whole(sqlite3_value* value) {
  return sqlite3_value_int64(value);
}

Estimate estimate_at(Arguments arguments, std::size_t at) {
  return {sqlite3_value_double(arguments[at]), sqlite3_value_double(arguments[at + 1]),
          sqlite3_value_double(arguments[at + 2])};
}

Interval wilson(Arguments arguments) {
  return wilson_interval(whole(arguments[0]), whole(arguments[1]));
}

Interval paired(Arguments arguments) {
  return paired_share_interval(whole(arguments[0]), whole(arguments[1]), whole(arguments[2]));
}

Interval ratio(Arguments arguments) {
  const Estimate first = estimate_at(arguments, 0), second = estimate_at(arguments, 3);
  if (first.value <= 0 || second.value <= 0) return {std::nan(""), std::nan("")};  // stored as null
  return quotient_interval(first, second);
}

std::string readable(std::string_view json) {
  std::string text;
  for (const char c : json) {
    if (c == ':') {
      text += ' ';
    } else if (c == ',') {
      text += ", ";
    } else if (c != '{' && c != '}' && c != '"') {
      text += c;
    }
  }
  return text;
}

bool any_null(Arguments arguments) {
  for (sqlite3_value* value : arguments) {
    if (sqlite3_value_type(value) == SQLITE_NULL) return true;
  }
  return false;
}

/// SQLite is C: what its callee throws must not reach it.
template <typename Work>
void answer(sqlite3_context* context, Arguments arguments, const Work& work) {
  if (any_null(arguments)) return sqlite3_result_null(context);
  try {
    work();
  } catch (const std::exception& error) {
    sqlite3_result_error(context, error.what(), -1);
  }
}

template <Interval (*Of)(Arguments), double Interval::* Bound>
void interval_function(sqlite3_context* context, int count, sqlite3_value** values) {
  const Arguments arguments(values, static_cast<std::size_t>(count));
  answer(context, arguments, [&] { sqlite3_result_double(context, Of(arguments).*Bound); });
}

std::string_view text_at(Arguments arguments, std::size_t at) {
  const auto* text = static_cast<const char*>(sqlite3_value_blob(arguments[at]));
  const auto size = static_cast<std::size_t>(sqlite3_value_bytes(arguments[at]));
  return text == nullptr ? std::string_view() : std::string_view(text, size);
}

void answer_text(sqlite3_context* context, const std::string& text) {
  sqlite3_result_text(context, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

void readable_function(sqlite3_context* context, int count, sqlite3_value** values) {
  const Arguments arguments(values, static_cast<std::size_t>(count));
  answer(context, arguments, [&] { answer_text(context, readable(text_at(arguments, 0))); });
}

void differences_function(sqlite3_context* context, int count, sqlite3_value** values) {
  const Arguments arguments(values, static_cast<std::size_t>(count));
  answer(context, arguments,
         [&] { answer_text(context, differences(text_at(arguments, 0), text_at(arguments, 1))); });
}

struct Function {
  const char* name;
  int arguments;
  void (*call)(sqlite3_context*, int, sqlite3_value**);
};

constexpr std::array kFunctions = {
    Function{"wilson_low", 2, interval_function<wilson, &Interval::low>},
    Function{"wilson_high", 2, interval_function<wilson, &Interval::high>},
    Function{"paired_low", 3, interval_function<paired, &Interval::low>},
    Function{"paired_high", 3, interval_function<paired, &Interval::high>},
    Function{"ratio_low", 6, interval_function<ratio, &Interval::low>},
    Function{"ratio_high", 6, interval_function<ratio, &Interval::high>},
    Function{"readable", 1, readable_function},
    Function{"differences", 2, differences_function},
};

}  // namespace

void add_functions(sqlite3* db) {
  constexpr int kPure = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
  for (const Function& function : kFunctions) {
    const int code = sqlite3_create_function_v2(db, function.name, function.arguments, kPure,
                                                nullptr, function.call, nullptr, nullptr, nullptr);
    require(code == SQLITE_OK, "SQLite refuses the function {}: {}", function.name,
            sqlite3_errmsg(db));
  }
}

}  // namespace moe
